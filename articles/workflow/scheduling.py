"""Publishing at a time: a signed revision, exactly that one, or nothing."""

import logging
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.moves import WrongState, move, record

from .. import notices, permissions
from ..models import Page, Review, Schedule
from .publishing import missing_for_publication, publish

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
FARTHEST = timedelta(days=366)
Status = Schedule.Status


def schedule(review: Review, *, at: datetime, by, notice: str = "") -> Schedule:
    """Publish this signed revision at `at` (aware). The gate is asked now, so that nobody is surprised, and again then."""
    if not permissions.can_publish(by):
        raise PermissionDenied(_("Only an editor may publish."))
    if not timezone.now() < at <= timezone.now() + FARTHEST:
        raise ValidationError(_("Choose a time in the future, at most a year ahead."))
    with transaction.atomic():
        page = Page.objects.select_for_update().select_related("live_publication").get(pk=review.page_id)
        if page.live_publication and page.live_publication.review_id == review.pk:
            raise WrongState(_("This revision is public already."))
        if missing := missing_for_publication(review, notice=notice):
            raise WrongState(" ".join(missing))
        try:
            with transaction.atomic():
                planned = Schedule.objects.create(
                    page=review.page, review=review, revision=review.revision, content_hash=review.content_hash,
                    at=at, next_try_at=at, notice=notice, created_by=by,
                )  # fmt: skip
        except IntegrityError as error:
            raise WrongState(_("Something is planned for this page already. Cancel that first.")) from error
        record(planned, by=by, verb="schedule.made", page=review.page_id, hash=review.content_hash, due=at)
    return planned


def cancel(planned: Schedule, *, by, version: int) -> None:
    """Take a planned publication back before its time."""
    if not permissions.can_publish(by):
        raise PermissionDenied(_("Only an editor may publish."))
    planned.version = version
    move(planned, Status.CANCELLED, by=by, verb="schedule.cancelled")


def publish_due() -> list[Schedule]:
    """Everything whose time has come, the earliest first; each on its own, so that one bad item stops no other.

    Safe to run late, twice and by several workers: a row is taken by compare-and-swap, and a row whose worker died is
    taken again when its lease has run out.
    """
    due = Schedule.objects.filter(status__in=[Status.PENDING, Status.RUNNING], next_try_at__lte=timezone.now())
    done = []
    for planned in due.order_by("at", "pk").select_related("created_by"):
        try:
            if _take(planned):
                _run(planned)
                done.append(planned)
        except Exception:
            log.exception("The planned publication %s could not be handled; it is tried again.", planned.pk)
    return done


def _take(planned: Schedule) -> bool:
    """Whether it is ours now, with a lease."""
    now = timezone.now()
    same = Schedule.objects.filter(pk=planned.pk, status=planned.status, version=planned.version, next_try_at__lte=now)
    taken = same.update(
        status=Status.RUNNING, version=F("version") + 1, attempts=F("attempts") + 1, next_try_at=now + LEASE
    )
    planned.refresh_from_db()
    return bool(taken)


def _run(planned: Schedule) -> None:
    try:
        _publish(planned)
    except (WrongState, PermissionDenied, ValidationError) as refused:
        _end(planned, Status.REFUSED, "; ".join(getattr(refused, "messages", [str(refused)])))
    except Exception as error:
        log.exception("The planned publication %s failed.", planned.pk)
        if planned.attempts > len(RETRY_AFTER):
            _end(planned, Status.FAILED, type(error).__name__)
        else:
            _try_again(planned, type(error).__name__)


def _publish(planned: Schedule) -> None:
    with transaction.atomic():
        page = Page.objects.select_for_update().get(pk=planned.page_id)
        # Withdrawing or cancelling may have ended it while we waited for the lock.
        planned.refresh_from_db()
        if planned.status != Status.RUNNING:
            return
        review = Review.objects.select_related("page", "revision", "policy", "leans_on").get(pk=planned.review_id)
        live = page.live_publication
        if live is not None and live.review_id == review.pk:
            publication = live  # done by hand, or by a worker that died before it could say so
        else:
            publication = publish(review, by=planned.created_by, notice=planned.notice)
        move(planned, Status.DONE, by=planned.created_by, verb="schedule.done", publication=publication, why="")


def _end(planned: Schedule, status: str, why: str) -> None:
    with transaction.atomic():
        planned.refresh_from_db()
        if planned.status != Status.RUNNING:
            return
        notices.not_published(planned, why)
        move(planned, status, by=planned.created_by, verb=f"schedule.{status}", why=why[:500])


def _try_again(planned: Schedule, why: str) -> None:
    later = timezone.now() + RETRY_AFTER[planned.attempts - 1]
    Schedule.objects.filter(pk=planned.pk, status=Status.RUNNING, version=planned.version).update(
        status=Status.PENDING, version=F("version") + 1, next_try_at=later, why=why[:500]
    )
