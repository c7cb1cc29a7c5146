"""A moderator asks the medical team, and somebody there answers. The answer informs; it decides nothing."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.moves import WrongState, record

from .. import permissions, queue
from ..models import Comment, MedicalQuestion, QueueItem


@transaction.atomic
def ask(comment: Comment, *, by: User, question: str) -> MedicalQuestion:
    """Put a question about a comment to the medical team. The comment waits for the answer, at most a day."""
    if why_not := permissions.why_not_decide(by, comment):
        raise PermissionDenied(why_not)
    words = question.strip()[:1000]
    if not words:
        raise ValidationError({"question": _("Write what you want to know.")})
    row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    if row.status in (Comment.Status.WITHDRAWN, Comment.Status.ERASED):
        raise WrongState(_("The member took this comment back, so there is nothing to ask about."))
    if row.medical_questions.filter(answered_at=None).exists():
        raise WrongState(_("The medical team was already asked about this comment and has not answered yet."))
    asked = MedicalQuestion.objects.create(comment=row, asked_by=by, question=words)
    item = row.queue_items.filter(closed_at=None).first()
    # Somebody in danger does not wait for a medical answer.
    if item is not None and item.lane != QueueItem.Lane.CRISIS:
        queue.put_aside(row)
    record(asked, by=by, verb="comment.question_asked", comment=row.pk)
    return asked


@transaction.atomic
def answer(asked: MedicalQuestion, *, by: User, text: str) -> MedicalQuestion:
    """Somebody of the medical team answers, and the comment waits for a moderator again."""
    if why_not := permissions.why_not_answer(by, asked.comment):
        raise PermissionDenied(why_not)
    words = text.strip()
    if not words or len(words) > 2000:
        raise ValidationError({"text": _("Write your answer, in at most 2,000 characters.")})
    comment = Comment.objects.select_for_update(no_key=True).get(pk=asked.comment_id)
    row = MedicalQuestion.objects.select_for_update(no_key=True).get(pk=asked.pk)
    if row.answered_at is not None:
        raise WrongState(_("Somebody answered this question already. Your answer was not saved."))
    row.answer, row.answered_by, row.answered_at = words, by, timezone.now()
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    item = comment.queue_items.filter(closed_at=None).first()
    if item is not None:
        queue.enqueue(comment, item.lane, ["medical_answer"])
    record(row, by=by, verb="comment.question_answered", comment=comment.pk)
    return row


def open_questions():
    """What waits for the medical team, oldest first."""
    rows = MedicalQuestion.objects.filter(answered_at=None).order_by("pk")
    return rows.select_related("asked_by", "comment__author", "comment__current", "comment__parent__current")
