"""Compare the stored counts of conversations with their comments; exit 1 where they differ."""

from django.core.management.base import BaseCommand, CommandError

from comments import counting


class Command(BaseCommand):
    help = "Reports conversations whose count differs from their comments. With --repair, sets them right."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--repair", action="store_true", help="set the counts that differ")

    def handle(self, *args, repair: bool, **options) -> None:
        drifts = counting.drifts()
        for drift in drifts:
            self.stdout.write(f"{drift.page}: {drift}")
            if repair:
                counting.repair(drift)
        if drifts and not repair:
            raise CommandError(f"{len(drifts)} counts differ. Run it again with --repair to set them right.")
        self.stdout.write(f"{len(drifts)} counts repaired." if drifts else "All counts are right.")
