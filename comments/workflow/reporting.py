"""What readers report, and what becomes of it."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.moves import WrongState

from .. import permissions, queue
from ..models import Comment, QueueItem, Report
from .posting import TooFast

Lane = QueueItem.Lane

MOST_REPORTS = 10
WINDOW = timedelta(minutes=10)

LANES = {Report.Reason.WORRIED: Lane.CRISIS, Report.Reason.PRIVACY: Lane.PRIVACY}


def report(comment: Comment, *, by: User, reason: str, text: str = "") -> Report:
    """A member tells us that something is wrong. The same member's second report of the same comment changes nothing."""
    if reason not in Report.Reason.values:
        raise ValidationError({"reason": _("Choose what is wrong.")})
    if not by.is_authenticated or comment.author_id == by.pk:
        raise PermissionDenied(_("You cannot report your own comment. You can delete it."))
    with transaction.atomic():
        row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
        earlier = row.reports.filter(reporter=by, closed_at=None).first()
        if earlier is not None:
            return earlier
        if not permissions.can_report(by, row):
            raise WrongState(_("This comment is no longer public. A moderator has already looked at it."))
        if Report.objects.filter(reporter=by, created_at__gt=timezone.now() - WINDOW).count() >= MOST_REPORTS:
            raise TooFast(_("You have sent many reports in a short time. Wait a few minutes, then go on."))
        made = Report.objects.create(
            comment=row, revision_id=row.current_id, reporter=by, reason=reason, text=text.strip()[:1000]
        )
        queue.enqueue(row, LANES.get(Report.Reason(reason), Lane.REPORTED), [f"report_{reason}"])
    return made
