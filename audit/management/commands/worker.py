"""Run background jobs, mail and periodic work."""

import logging

from django.core.management.base import BaseCommand

from audit.worker import Worker


class Command(BaseCommand):
    help = "Runs background jobs and periodic work until told to stop; with --batch until nothing is left."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--batch", action="store_true", help="do what is due now, then exit (for a timer such as cron)"
        )
        parser.add_argument(
            "--interval",
            type=float,
            default=1.0,
            help="seconds between two looks at an empty queue (default 1)",
        )

    def handle(self, *, batch: bool, interval: float, **options) -> None:
        # It reports every look at the queue otherwise.
        logging.getLogger("django_tasks_db").setLevel(logging.WARNING)
        worker = Worker(batch=batch, interval=max(interval, 0.05))
        with worker.signals():
            worker.work()
