"""Learn anew what spam looks like, from what moderators decided."""

from django.core.management.base import BaseCommand

from comments.screening import learnt


class Command(BaseCommand):
    help = "Learns from moderators' decisions which words stand in spam; the worker does it every night."

    def handle(self, *args, **options) -> None:
        made = learnt.train()
        self.stdout.write(f"{made.spam} spam, {made.other} other comments, {len(made.words)} words.")
        if min(made.spam, made.other) < learnt.LEAST:
            self.stdout.write(f"Nothing is marked before there are {learnt.LEAST} of each.")
