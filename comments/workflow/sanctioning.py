"""What moderators may do about a member: warn, read first, read-only, ban; always told, with a reason, and liftable."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mail
from accounts.models import OutboxMail, PolicyClause, User
from accounts.roles import Role, holds
from audit.moves import WrongState, record

from .. import permissions, refusals
from ..models import Comment, Conversation, Decision, Sanction
from ..standing import all_standing, is_always_held, silence, standing, until_in_words, why_banned

Kind = Sanction.Kind
Status = Comment.Status
__all__ = ["all_standing", "impose", "is_always_held", "lift", "silence", "standing", "until_in_words", "why_banned"]

LONGEST_MESSAGE = 1000
REASONS_TO_LIFT = {
    "time": gettext_lazy("It has lasted long enough"),
    "mistake": gettext_lazy("It was a mistake"),
    "second_look": gettext_lazy("A second look changed what it followed from"),
    "other": gettext_lazy("Another reason"),
}
OVERTURNED = "second_look"
UNDONE = "undone"


def impose(
    user: User,
    *,
    by: User,
    kind: str,
    reason: str,
    message: str,
    until: datetime | None = None,
    conversation: Conversation | None = None,
    clause: PolicyClause | None = None,
    decision: Decision | None = None,
) -> Sanction:
    """Sanction a member and tell her. `until` None: until it is lifted. `decision`: what it follows from, and falls with.

    A ban leaves what already waits in the queue where it is; `batches.start` decides about it in one go.
    """
    _may_impose(user, by)
    _is_complete(user, kind, reason, message, until, decision)
    with transaction.atomic():
        # The member's own posts wait for this row, so nothing slips through beside the ban.
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if row.erased_at is not None:
            raise WrongState(_("This account was erased. There is nobody left to tell."))
        if kind != Kind.WARNING and _stands_already(row, kind, until, conversation):
            raise WrongState(_("This already stands against the member, for as long or longer. Nothing was changed."))
        made = Sanction.objects.create(
            user=row, kind=kind, reason=reason, message=message.strip(), until=None if kind == Kind.WARNING else until,
            by=by, conversation=conversation, clause=clause, decision=decision,
        )  # fmt: skip
        _tell("sanction", made)
        record(made, by=by, verb=f"member.{kind}", user=row.pk, reason=reason, until=made.until)
    return made


def lift(sanction: Sanction, *, by: User, reason: str) -> None:
    """End a sanction before its time and tell the member. Whoever imposed it may, and so may every other moderator."""
    if not permissions.is_moderator(by) or by.pk == sanction.user_id:
        raise PermissionDenied(_("Only a moderator may lift this, and nobody their own."))
    if reason not in REASONS_TO_LIFT:
        raise ValidationError({"reason": _("Choose why you lift it.")})
    with transaction.atomic():
        row = Sanction.objects.select_for_update(no_key=True).get(pk=sanction.pk)
        if row.lifted_at is not None:
            raise WrongState(_("This was already lifted."))
        _lift(row, by, reason)
    sanction.refresh_from_db()


def follow_the_decision(comment: Comment, decision: Decision) -> None:
    """What followed from a decision falls when that is overturned, and stands again when the overturning is taken back.

    The caller's transaction holds the comment, and not yet the audit chain: sanctions come before that.
    """
    by = decision.decided_by
    if decision.undoes_id is not None:
        falling = _locked(Sanction.objects.filter(decision=decision.undoes_id))
        _stand_again(comment, decision.undoes, by)
        _fall(falling, by, UNDONE)
    elif decision.source == Decision.Source.MODERATOR and _brings_back(decision):
        _fall(_locked(Sanction.objects.filter(decision__comment=comment)), by, OVERTURNED)


def _may_impose(user: User, by: User) -> None:
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may do this."))
    if user.pk == by.pk:
        raise PermissionDenied(_("You cannot sanction yourself."))
    if user.is_machine or holds(user, Role.MODERATOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("A colleague’s role is taken back first, by an administrator."))


def _is_complete(user: User, kind: str, reason: str, message: str, until, decision: Decision | None) -> None:
    if kind not in Kind.values:
        raise ValidationError({"kind": _("Choose what you want to do.")})
    if reason not in refusals.USUAL_WORDS:
        raise ValidationError({"reason": _("Choose a reason.")})
    if not message.strip():
        raise ValidationError({"message": _("Write what the member will read.")})
    if len(message.strip()) > LONGEST_MESSAGE:
        raise ValidationError({"message": _("Write at most {n} characters.").format(n=LONGEST_MESSAGE)})
    if until is not None and until <= timezone.now():
        raise ValidationError({"until": _("Choose a date that is still to come.")})
    if decision is not None and (decision.author_id != user.pk or decision.source != Decision.Source.MODERATOR):
        raise ValidationError({"decision": _("Choose a decision about a comment of this member.")})


def _stands_already(user: User, kind: str, until: datetime | None, conversation: Conversation | None) -> bool:
    same = all_standing(user).filter(kind=kind, conversation=conversation)
    return same.filter(Q(until=None) if until is None else Q(until=None) | Q(until__gte=until)).exists()


def _brings_back(decision: Decision) -> bool:
    return decision.to_status == Status.LIVE and decision.from_status in (
        Status.REJECTED, Status.SPAM, Status.HIDDEN,
    )  # fmt: skip


def _locked(sanctions: QuerySet[Sanction]) -> list[Sanction]:
    return list(sanctions.filter(lifted_at=None).select_for_update(no_key=True, of=("self",)).order_by("pk"))


def _fall(sanctions: list[Sanction], by: User, reason: str) -> None:
    for row in sanctions:
        _lift(row, by, reason)


def _lift(row: Sanction, by: User, reason: str) -> None:
    row.lifted_at, row.lifted_by = timezone.now(), by
    Sanction.objects.filter(pk=row.pk, lifted_at=None).update(lifted_at=row.lifted_at, lifted_by=by)
    _tell("sanction_lifted", row, not_before=timezone.now() + permissions.SETTLED)
    record(row, by=by, verb="member.lifted", user=row.user_id, reason=reason)


def _stand_again(comment: Comment, undone: Decision, by: User) -> None:
    """A lifted sanction stays lifted; what takes its place says the same. Nobody was told of the lifting yet."""
    since = undone.at - timedelta(seconds=2)
    for old in Sanction.objects.filter(decision__comment=comment, lifted_at__gte=since, lifted_by=by).order_by("pk"):
        OutboxMail.objects.filter(key=f"sanction_lifted-{old.pk}", status=OutboxMail.Status.WAITING).delete()
        again = Sanction.objects.create(
            user_id=old.user_id, kind=old.kind, reason=old.reason, message=old.message, until=old.until, by=by,
            conversation_id=old.conversation_id, clause_id=old.clause_id, decision_id=old.decision_id,
        )  # fmt: skip
        record(again, by=by, verb="member.stands_again", user=old.user_id, sanction=old.pk)


def _tell(template: str, sanction: Sanction, *, not_before: datetime | None = None) -> None:
    user = sanction.user
    if user.is_active and not user.erased_at:
        mail.send(
            f"comments/{template}", user.email, {"sanction": sanction}, not_before=not_before,
            key=f"{template}-{sanction.pk}",
        )  # fmt: skip
