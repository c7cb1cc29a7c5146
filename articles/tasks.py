"""Periodic work: what calls pages back, planned publications, reminders and digests, old addresses that go."""

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from audit.worker import every

from . import digests
from .models import Page, ReviewTrigger
from .workflow import calling_back, scheduling

HOUR = 60 * 60
DAY = 24 * HOUR


@every(30)
def publish_scheduled() -> None:
    """What was planned for a time that has come."""
    scheduling.publish_due()


@every(HOUR)
def flag_reviews() -> int:
    """Call back what is overdue, and what a lapsed or revoked credential stands behind; how many pages are overdue now.

    Each cause calls a page back once, and what has done so already costs nothing more.
    """
    machine = User.objects.machine()
    for credential in calling_back.credentials_to_flag():
        calling_back.credential_lapsed(credential, by=machine)
    due = "live_publication__next_review_due"
    overdue = Page.objects.live().filter(**{f"{due}__lt": timezone.localdate()}).order_by("pk")
    told = ReviewTrigger.objects.filter(
        page=OuterRef("pk"), source_kind=ReviewTrigger.Source.DATE, due_on=OuterRef(due)
    )
    late = overdue.filter(~Exists(told)).select_related("live_publication").defer("live_publication__artefact")
    for page in list(late):
        calling_back.open_trigger(
            page,
            source_kind=ReviewTrigger.Source.DATE,
            source_id=page.live_publication.next_review_due.isoformat(),
            severity=ReviewTrigger.Severity.REVIEW,
            due_on=page.live_publication.next_review_due,
            by=machine,
        )
    return overdue.count()


@every(DAY)
def forget_reporters() -> int:
    """Addresses of readers who reported an error are kept only as long as an answer may take; how many went."""
    return calling_back.forget_addresses()


@every(HOUR)
def remind() -> None:
    digests.remind()


@every(HOUR)
def send_digests() -> None:
    digests.send_digests()
