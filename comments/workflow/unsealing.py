"""Opening what was taken out of a comment before it was published. Each time is on the record, with its reason."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.moves import WrongState, record

from .. import permissions
from ..models import CommentRevision, TeamNote


@transaction.atomic
def unseal(revision: CommentRevision, *, by: User, reason: str) -> str:
    """The sealed words, for this one reading: the seal stays. Why they were read stands among the notes of the team."""
    if why_not := permissions.why_not_decide(by, revision.comment):
        raise PermissionDenied(why_not)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why you need to read it.")})
    row = CommentRevision.objects.get(pk=revision.pk)
    if row.sealed_at is None or not row.text:
        raise WrongState(_("There is nothing sealed here any more."))
    TeamNote.objects.create(comment_id=row.comment_id, by=by, text=reason.strip()[:1000])
    record(row, by=by, verb="comment.unsealed", comment=row.comment_id, revision=row.pk)
    return row.text
