"""Periodic work: pages whose review date has passed come back for review, and old addresses of readers go."""

from django.utils import timezone

from accounts.models import User
from audit.worker import every

from .models import Page, ReviewTrigger
from .workflow import calling_back

HOUR = 60 * 60
DAY = 24 * HOUR


@every(HOUR)
def flag_reviews() -> int:
    """Open one trigger for each live publication whose next review is overdue; how many pages are overdue now."""
    today = timezone.localdate()
    overdue = Page.objects.live().filter(live_publication__next_review_due__lt=today).order_by("pk")
    for page in overdue.select_related("live_publication").iterator(chunk_size=200):
        calling_back.open_trigger(
            page,
            source_kind=ReviewTrigger.Source.DATE,
            source_id=page.live_publication.next_review_due.isoformat(),
            severity=ReviewTrigger.Severity.REVIEW,
            due_on=page.live_publication.next_review_due,
            by=User.objects.machine(),
        )
    return overdue.count()


@every(DAY)
def forget_reporters() -> int:
    """Addresses of readers who reported an error are kept only as long as an answer may take; how many went."""
    return calling_back.forget_addresses()
