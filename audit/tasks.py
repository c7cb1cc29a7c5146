"""Periodic work of the queue itself."""

from datetime import timedelta

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from .worker import every

KEPT_FOR = timedelta(days=14)


@every(24 * 3600)
def forget_finished_jobs() -> None:
    """A job's arguments and traceback are of use for a while, not for ever."""
    DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - KEPT_FOR).delete()
