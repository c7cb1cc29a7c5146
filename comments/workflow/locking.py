"""Close one thread of a conversation while the rest goes on."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles import freshness
from articles.models import Page
from audit.moves import WrongState, record

from .. import permissions
from ..models import Comment, TeamNote

CLOSED = gettext_lazy("A moderator closed this thread. You can still read it.")


def is_locked(comment: Comment) -> bool:
    """Whether the thread in which a comment stands is closed."""
    return Comment.objects.filter(pk=comment.root_id or comment.pk, locked_at__isnull=False).exists()


def lock(root: Comment, *, by: User, note: str = "") -> None:
    """Nothing new is answered below this root; what is there stays and can be read."""
    _set(root, by=by, locked=True, note=note)


def unlock(root: Comment, *, by: User, note: str = "") -> None:
    _set(root, by=by, locked=False, note=note)


def _set(root: Comment, *, by: User, locked: bool, note: str) -> None:
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may close a thread."))
    with transaction.atomic():
        page = Page.objects.select_for_update(no_key=True).get(pk=root.conversation_id)
        row = Comment.objects.select_for_update(no_key=True).get(pk=root.root_id or root.pk)
        if (row.locked_at is not None) == locked:
            raise WrongState(_("This was already done."))
        Comment.objects.filter(pk=row.pk).update(locked_at=timezone.now() if locked else None)
        freshness.bump(page)
        if note.strip():
            TeamNote.objects.create(comment=row, by=by, text=note.strip()[:1000])
        record(row, by=by, verb="thread.locked" if locked else "thread.unlocked")
