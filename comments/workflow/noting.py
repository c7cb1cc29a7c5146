"""What moderators say to each other about a comment. Its author never reads it."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.moves import record

from .. import permissions
from ..models import Comment, TeamNote

LONGEST = 1000


@transaction.atomic
def note(comment: Comment, *, by: User, text: str) -> TeamNote:
    """Leave a word for whoever opens this comment next."""
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may write notes for the team."))
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise ValidationError({"text": _("Write your note, in at most 1,000 characters.")})
    made = TeamNote.objects.create(comment=comment, by=by, text=words)
    record(made, by=by, verb="comment.noted", comment=comment.pk)
    return made
