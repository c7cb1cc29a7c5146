"""Background work on django-tasks-db: retries, jobs of dead workers, and ticks that run once for all workers.

A job runs at least once: a worker may die after its work and before its mark. So jobs must be repeatable.
"""

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, TaskResultStatus
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from .models import Tick

log = logging.getLogger(__name__)

# Wait before the second and the third try; a job that fails after those has failed.
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=10))
ATTEMPTS = len(RETRY_AFTER) + 1
# No job of ours takes minutes: one that is still running after this long has lost its worker.
LOST_AFTER = timedelta(minutes=10)
JOBS_IN_A_ROW = 50
# A batch is run by a timer, usually once a minute: what falls due before the next run is done now.
BATCH_LOOKS_AHEAD = timedelta(seconds=60)

_ticks: dict[str, tuple[timedelta, Callable[[], object]]] = {}


def every(seconds: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function without arguments as periodic work. It must be safe to run twice, and late."""

    def register(work: Callable[[], object]) -> Callable[[], object]:
        _ticks[f"{work.__module__}.{work.__qualname__}"] = (timedelta(seconds=seconds), work)
        return work

    return register


def run_ticks(*, ahead: timedelta = timedelta(0)) -> list[str]:
    """Do the periodic work that is due and nobody else has taken; the names of what was done here."""
    due_by = timezone.now() + ahead
    dates = dict(Tick.objects.filter(name__in=_ticks).values_list("name", "next_at"))
    return [name for name in _ticks if _take(name, dates.get(name), due_by) and _ran(name)]


def _take(name: str, next_at, due_by) -> bool:
    period, _work = _ticks[name]
    then = timezone.now() + period
    if next_at is None:
        _row, is_mine = Tick.objects.get_or_create(name=name, defaults={"next_at": then})
        return is_mine
    # Only one of several workers sees the date it read still standing.
    return next_at <= due_by and bool(Tick.objects.filter(name=name, next_at=next_at).update(next_at=then))


def _ran(name: str) -> bool:
    try:
        _ticks[name][1]()
    except Exception:
        log.exception("The periodic work %s failed; it runs again in its next turn.", name)
    return True


def reap(*, lost_after: timedelta = LOST_AFTER) -> int:
    """Give jobs of dead workers back to the queue, or fail those that took three workers with them."""
    lost = DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - lost_after)
    return sum(_give_back(job) for job in lost)


def _give_back(job: DBTaskResult) -> bool:
    same = DBTaskResult.objects.filter(pk=job.pk, status=TaskResultStatus.RUNNING, started_at=job.started_at)
    if len(job.worker_ids) < ATTEMPTS:
        log.warning("The worker of job %s is gone; the job is ready again.", job.pk)
        return bool(same.update(status=TaskResultStatus.READY, started_at=None, run_after=timezone.now()))
    log.error("Job %s lost %s workers and is given up.", job.pk, len(job.worker_ids))
    said = f"{len(job.worker_ids)} workers died while they ran this job."
    return bool(same.update(status=TaskResultStatus.FAILED, finished_at=timezone.now(), traceback=said))


def retry_later(sender, task_result, **kwargs) -> None:
    """Receiver of task_finished: a failed job is ready again after a while, until its tries are used up."""
    tries = len(task_result.worker_ids)
    if task_result.status != TaskResultStatus.FAILED or tries >= ATTEMPTS:
        return
    DBTaskResult.objects.filter(pk=task_result.id, status=TaskResultStatus.FAILED).update(
        status=TaskResultStatus.READY, finished_at=None, run_after=timezone.now() + RETRY_AFTER[tries - 1]
    )


class Worker(db_worker.Worker):
    """The queue's worker, which between jobs also looks after lost jobs and ticks."""

    def __init__(self, *, batch: bool = False, interval: float = 1) -> None:
        super().__init__(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=interval,
            # For the queue's own loop: return when the queue is empty.
            batch=True,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=JOBS_IN_A_ROW,
            worker_id=get_random_string(32),
        )
        self.drains = batch

    def work(self) -> None:
        """Until told to stop, or with `batch` until nothing is left to do."""
        # Once: a tick that runs every ten seconds is always due within the next minute.
        ahead = BATCH_LOOKS_AHEAD if self.drains else timedelta(0)
        while self.running:
            close_old_connections()
            try:
                did_something = self.turn(ahead)
            except (OperationalError, InterfaceError):
                if self.drains:
                    raise
                log.exception("The database does not answer; trying again.")
                did_something = False
            ahead = timedelta(0)
            if self.drains and not did_something:
                return
            if self.running and not did_something:
                time.sleep(self.interval)

    def turn(self, ahead: timedelta = timedelta(0)) -> bool:
        """Lost jobs, ticks, then up to fifty jobs. Whether there was anything to do."""
        did_something = bool(reap()) | bool(run_ticks(ahead=ahead))
        self._run_tasks = 0
        # The queue's loop takes a write lock before it looks; an idle worker should not.
        if self.running and DBTaskResult.objects.ready().filter(backend_name=self.backend_name).exists():
            self.run()
        return did_something or self._run_tasks > 0

    def shutdown(self, signum: int, frame) -> None:
        """The first signal lets the work at hand finish; after a second one the job is tried again later."""
        if not self.running:
            sys.exit(1)
        log.warning("Told to stop; the work at hand is finished first.")
        self.running = False

    @contextmanager
    def signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop the worker, as long as the block lasts."""
        before = {number: signal.signal(number, self.shutdown) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
