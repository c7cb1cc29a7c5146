"""What readers report, with or without an account, and what becomes of it."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.models import User
from articles.models import Page
from audit.moves import WrongState

from .. import queue, weights
from ..models import Comment, QueueItem, Report
from . import crisis, deciding, sanctioning
from .posting import Suspended, TooFast

Lane = QueueItem.Lane
Reason = Report.Reason

MOST_REPORTS = 10
WINDOW = timedelta(minutes=10)
A_DAY = 24 * 3600
# Of somebody without an account: from one connection, from it about one comment, and about one comment from all of them.
STRANGERS_A_DAY, STRANGERS_ON_A_COMMENT, OPEN_ON_A_COMMENT = 10, 3, 30
LONGEST_TEXT = 1000
# A banned member may still tell us of these: the law says so of the one, and somebody may be in danger in the other.
ALWAYS_HEARD = (Reason.ILLEGAL, Reason.WORRIED)

LANES = {
    Reason.WORRIED: Lane.CRISIS,
    Reason.ILLEGAL: Lane.LEGAL,
    Reason.PRIVACY: Lane.PRIVACY,
    Reason.UNDER_16: Lane.PRIVACY,
}
# Whatever was answered before: somebody may know more than the words say, and a notice about the law has its own answer.
ALWAYS_READ = (Reason.WORRIED, Reason.ILLEGAL)


def report(comment: Comment, *, by: User | None, reason: str, text: str = "", client: str = "") -> Report:
    """A reader tells us that something is wrong with the words that stand there now.

    Without an account `by` is None and `client` names the connection. The same member's second report of the same
    words changes nothing; whoever wrote them learns of none.
    """
    if reason not in Reason.values:
        raise ValidationError({"reason": _("Choose what is wrong.")})
    if by is not None and (not by.is_authenticated or comment.author_id == by.pk):
        raise PermissionDenied(_("You cannot report your own comment. You can delete it."))
    if by is None:
        _refuse_many_from(client, comment)
    with transaction.atomic():
        # The page comes first because hiding needs it.
        Page.objects.select_for_update(no_key=True).get(pk=comment.conversation_id)
        row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
        earlier = _earlier(row, by)
        if earlier is not None:
            return earlier
        if row.status != Comment.Status.LIVE:
            raise WrongState(_("This comment is no longer public, so there is nothing left to report."))
        if by is not None and reason not in ALWAYS_HEARD and (words := sanctioning.why_banned(by, row.conversation)):
            raise Suspended(words)
        _refuse_many(row, by)
        if _was_answered(row, reason):
            return _answer_as_before(row, by, reason, text)
        weight = weights.of(by, row, client=client)
        made = Report.objects.create(
            comment=row, revision_id=row.current_id, reporter=by, reason=reason, text=text.strip()[:LONGEST_TEXT],
            weight=weight.value, by_newcomer=weight.by_newcomer,
        )  # fmt: skip
        queue.enqueue(row, _lane(reason, by), [f"report_{reason}"])
        if weights.hides(row, made):
            deciding.hide_by_reports(row, version=row.version)
    return made


def _was_answered(comment: Comment, reason: str) -> bool:
    """A moderator was asked the same about the same words, and they stayed."""
    kept = comment.reports.filter(revision=comment.current_id, reason=reason, outcome=Report.Outcome.KEPT)
    return reason not in ALWAYS_READ and kept.exists()


def _answer_as_before(comment: Comment, by: User | None, reason: str, text: str) -> Report:
    """Nobody is asked twice: the answer is there already, and the receipt shows it."""
    return Report.objects.create(
        comment=comment, revision_id=comment.current_id, reporter=by, reason=reason, text=text.strip()[:LONGEST_TEXT],
        weight=weights.NOTHING, by_newcomer=by is None, closed_at=timezone.now(), outcome=Report.Outcome.KEPT,
    )  # fmt: skip


def _lane(reason: str, by: User | None) -> str:
    if reason == Reason.WORRIED and not crisis.is_believed(by):
        return Lane.REPORTED
    return LANES.get(Reason(reason), Lane.REPORTED)


def _earlier(comment: Comment, by: User | None) -> Report | None:
    """What this member said about the same words, as long as it waits or these words were found to be in order."""
    if by is None:
        return None
    still_stands = Q(closed_at=None) | Q(outcome=Report.Outcome.KEPT)
    return comment.reports.filter(still_stands, reporter=by, revision=comment.current_id).order_by("-pk").first()


def _refuse_many(comment: Comment, by: User | None) -> None:
    if by is not None:
        if Report.objects.filter(reporter=by, created_at__gt=timezone.now() - WINDOW).count() >= MOST_REPORTS:
            raise TooFast(_("You have sent many reports in a short time. Wait a few minutes, then go on."))
    elif comment.reports.filter(reporter=None, closed_at=None)[:OPEN_ON_A_COMMENT].count() >= OPEN_ON_A_COMMENT:
        raise TooFast(_("Many readers have reported this comment already. A moderator will look at it."))


def _refuse_many_from(client: str, comment: Comment) -> None:
    # Both are counted, whatever the first says.
    here = limits.spend(f"report.{comment.pk}", client, limit=STRANGERS_ON_A_COMMENT, seconds=A_DAY)
    if not limits.spend("report", client, limit=STRANGERS_A_DAY, seconds=A_DAY):
        raise TooFast(_("Many reports came from your connection today. You can send more tomorrow."))
    if not here:
        raise TooFast(
            _("This comment was reported from your connection several times today. A moderator will look at it.")
        )
