"""Small things members do while they read: say that a comment helped, note how far they have read."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.moves import WrongState

from .. import permissions
from ..models import Comment, Conversation, Helpful, ReadMark
from . import sanctioning


def find_helpful(comment: Comment, *, by: User, helpful: bool) -> int:
    """Say, or take back, that a comment helped; as often as pressed, it counts once. Returns the count that now stands.

    It leaves the page's version alone: readers who are not signed in see the new number with the page's next change, and
    a popular comment does not empty the page cache.
    """
    if not by.is_authenticated or comment.author_id == by.pk:
        raise PermissionDenied(_("You cannot mark your own comment as helpful."))
    with transaction.atomic():
        row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
        if not permissions.can_find_helpful(by, row):
            raise WrongState(_("This comment is no longer public."))
        if helpful and (words := sanctioning.why_banned(by, row.conversation)):
            raise WrongState(words)
        if helpful:
            _said, is_new = Helpful.objects.get_or_create(comment=row, user=by)
            step = int(is_new)
        else:
            step = -Helpful.objects.filter(comment=row, user=by).delete()[0]
        if step:
            Comment.objects.filter(pk=row.pk).update(helpful_count=F("helpful_count") + step)
    return row.helpful_count + step


def mark_read(conversation: Conversation, *, by: User, until: datetime) -> None:
    """She has read everything published until then. It never goes back: an old page in another tab changes nothing."""
    until = min(until, timezone.now())
    mark, is_new = ReadMark.objects.get_or_create(user=by, conversation=conversation, defaults={"seen_at": until})
    if not is_new:
        ReadMark.objects.filter(pk=mark.pk, seen_at__lt=until).update(seen_at=until)
