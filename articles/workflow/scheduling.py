"""Publishing at a time: a signed revision, exactly that one, or nothing."""

import logging
from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from audit.moves import WrongState, move, record

from .. import notices, permissions, vouching
from ..models import Page, Publication, Review, Schedule
from . import publishing
from .publishing import publish

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
ATTEMPTS = len(RETRY_AFTER) + 1
FARTHEST = timedelta(days=366)
Status = Schedule.Status
WAITING = (Status.PENDING, Status.RUNNING)


def schedule(review: Review, *, at: datetime, by, notice: str = "", old_address: bool = False) -> Schedule:
    """Publish this signed revision at `at` (aware). The gate is asked now, so that nobody is surprised, and again then."""
    if not permissions.can_publish(by):
        raise PermissionDenied(_("Only an editor may publish."))
    _check_time(at)
    with transaction.atomic():
        page = publishing.lock(review)
        review.refresh_from_db()
        _may_wait(page, review, at)
        if missing := publishing.unconfirmed(review, notice=notice, old_address=old_address):
            raise WrongState(" ".join(missing))
        if publishing.needs_notice(review):
            notice = publishing.public_line(notice, _("Write a notice of at most 500 characters."))
        else:
            notice = ""
        planned = Schedule.objects.create(
            page=page, review=review, revision=review.revision, content_hash=review.content_hash,
            at=at, next_try_at=at, notice=notice, created_by=by,
        )  # fmt: skip
        record(planned, by=by, verb="schedule.made", page=page.pk, hash=review.content_hash, due=at)
    return planned


def moment(day: date, clock: time) -> datetime:
    """That wall-clock time in the site's zone. ValidationError where the clocks skip it or show it twice."""
    zone, naive = timezone.get_default_timezone(), datetime.combine(day, clock)
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    said = {"date": formats.date_format(day, "j F Y"), "time": formats.time_format(clock, "H:i")}
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive:
        raise ValidationError(
            _("On {date} the clocks go back, and {time} comes twice. Choose another hour.").format(**said)
        )
    raise ValidationError(
        _("On {date} the clocks go forward, and {time} is left out. Choose another hour.").format(**said)
    )


def cancel(planned: Schedule, *, by, version: int) -> None:
    """Take a planned publication back before its time."""
    if not permissions.can_publish(by):
        raise PermissionDenied(_("Only an editor may publish."))
    if planned.status != Status.PENDING:
        raise WrongState(_("This is not waiting any more: {status}.").format(status=planned.get_status_display()))
    planned.version = version
    move(planned, Status.CANCELLED, by=by, verb="schedule.cancelled")


def publish_due() -> list[Schedule]:
    """Everything whose time has come, the earliest first; each on its own, so that one bad item stops no other.

    Safe to run late, twice and by several workers: a row is taken by compare-and-swap, and a row whose worker died is
    taken again when its lease has run out.
    """
    due = Schedule.objects.filter(status__in=WAITING, next_try_at__lte=timezone.now())
    done = []
    for planned in due.order_by("at", "pk"):
        try:
            if _take(planned):
                _run(planned)
                done.append(planned)
        except Exception:
            log.exception("The planned publication %s could not be handled; it is tried again.", planned.pk)
    return done


def _check_time(at: datetime) -> None:
    if timezone.is_naive(at):
        raise ValidationError(_("This time does not say in which time zone it is."))
    if not timezone.now() < at <= timezone.now() + FARTHEST:
        raise ValidationError(_("Choose a time in the future, at most a year ahead."))


def _may_wait(page: Page, review: Review, at: datetime) -> None:
    if page.live_publication and page.live_publication.review_id == review.pk:
        raise WrongState(_("This revision is public already."))
    if missing := publishing.missing_for_publication(review):
        raise WrongState(" ".join(missing))
    if page.schedules.filter(status__in=WAITING).exists():
        raise WrongState(_("Something is planned for this page already. Cancel that first."))
    if (last := vouching.stands_until(review)) and last <= at:
        day = formats.date_format(timezone.localtime(last), "j F Y")
        raise ValidationError(_("A signature runs out on {date}, before that time.").format(date=day))


def _take(planned: Schedule) -> bool:
    """Whether it is ours now, with a lease. `planned.version` is the proof: whoever takes it later has another."""
    now = timezone.now()
    same = Schedule.objects.filter(pk=planned.pk, status=planned.status, version=planned.version, next_try_at__lte=now)
    taken = same.update(
        status=Status.RUNNING, version=F("version") + 1, attempts=F("attempts") + 1, next_try_at=now + LEASE
    )
    planned.refresh_from_db()
    return bool(taken)


def _run(planned: Schedule) -> None:
    if planned.attempts > ATTEMPTS:
        return _end(planned, Status.FAILED, _("Whatever tried to publish this did not come to an end."))
    try:
        return _publish(planned)
    except (WrongState, PermissionDenied, ValidationError) as refused:
        return _end(planned, Status.REFUSED, " ".join(getattr(refused, "messages", [str(refused)])))
    except Exception as error:
        log.exception("The planned publication %s failed.", planned.pk)
        if planned.attempts >= ATTEMPTS:
            return _end(planned, Status.FAILED, type(error).__name__)
        return _try_again(planned, type(error).__name__)


def _publish(planned: Schedule) -> None:
    with transaction.atomic():
        # Found anew: what the batch read first may be hours old by now.
        review = Review.objects.select_related("page", "revision", "policy", "leans_on").get(pk=planned.review_id)
        page = publishing.lock(review)
        ours = _still_ours(planned)
        if ours is None:
            return
        publication = _published_meanwhile(page, ours) or _publish_now(page, review, ours)
        move(ours, Status.DONE, by=ours.created_by, verb="schedule.done", publication=publication, why="")


def _still_ours(planned: Schedule) -> Schedule | None:
    """The locked row; None where it was refused or taken by another worker while we waited for the page."""
    same = Schedule.objects.filter(pk=planned.pk, status=Status.RUNNING, version=planned.version)
    return same.select_for_update().first()


def _published_meanwhile(page: Page, planned: Schedule) -> Publication | None:
    """What was planned has happened by hand, or by a worker that died before it could say so; perhaps it was even
    replaced since. It does not happen twice."""
    since = page.publications.filter(review=planned.review_id, published_at__gt=planned.created_at)
    return since.order_by("number").first()


def _publish_now(page: Page, review: Review, planned: Schedule) -> Publication:
    if not permissions.can_publish(planned.created_by):
        raise PermissionDenied(_("Whoever planned this is not an editor any more. Another editor can publish it."))
    # A return to an earlier revision was seen and confirmed by somebody, or it does not happen.
    if publishing.is_rollback(review) and page.publications.filter(published_at__gt=planned.created_at).exists():
        raise WrongState(_("Another revision was published after this was planned."))
    return publish(review, by=planned.created_by, notice=planned.notice, old_address=True)


def _end(planned: Schedule, status: str, why: str) -> None:
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=planned.page_id)
        if ours := _still_ours(planned):
            why = why[:500]
            notices.not_published(ours, why)
            move(ours, status, by=ours.created_by, verb=f"schedule.{status}", why=why)


def _try_again(planned: Schedule, why: str) -> None:
    later = timezone.now() + RETRY_AFTER[planned.attempts - 1]
    Schedule.objects.filter(pk=planned.pk, status=Status.RUNNING, version=planned.version).update(
        status=Status.PENDING, version=F("version") + 1, next_try_at=later, why=why[:500]
    )
