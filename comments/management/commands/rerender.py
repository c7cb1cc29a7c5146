"""Drop stored HTML of comments that today's renderer would write otherwise, so that it is made anew from the words."""

from django.core.management.base import BaseCommand

from comments.workflow import rerendering


class Command(BaseCommand):
    help = "After an update of bleach or of the way comments are rendered: no old HTML is shown any longer."

    def handle(self, *args, **options) -> None:
        self.stdout.write(f"{rerendering.drop_stale()} comments are rendered anew from their words.")
