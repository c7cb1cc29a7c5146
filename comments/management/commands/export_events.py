"""Write the side effects that were handed over in a month as a table, with what the sponsors acknowledged."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from comments import side_effects, tables


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser) -> None:
        parser.add_argument("--month", help="like 2026-11; without it, this month")

    def handle(self, *args, month: str | None, **options) -> None:
        try:
            first = side_effects.month_named(month or f"{timezone.localdate():%Y-%m}")
        except ValueError as error:
            raise CommandError(f"{month} is no month. Write it like 2026-11.") from error
        rows = (side_effects.row_of(event) for event in side_effects.of_month(first))
        self.stdout.write(tables.as_csv(side_effects.HEADER, rows), ending="")
