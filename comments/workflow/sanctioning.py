"""What moderators may do about a member: warn, read first, read-only, ban; always told, with a reason, and liftable."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import PolicyClause, User
from accounts.roles import Role, holds
from audit.moves import WrongState, record

from .. import permissions
from ..models import Conversation, Decision, Sanction

Kind = Sanction.Kind
# These keep a member from writing; a ban keeps her from reporting, following and reacting as well.
SILENCING = (Kind.READ_ONLY, Kind.BAN)


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
    if not permissions.is_moderator(by):
        raise PermissionDenied(_("Only a moderator may do this."))
    if user.pk == by.pk:
        raise PermissionDenied(_("You cannot sanction yourself."))
    if holds(user, Role.MODERATOR, Role.ADMINISTRATOR):
        raise PermissionDenied(_("A colleague’s role is taken back first, by an administrator."))
    if kind not in Kind.values:
        raise ValidationError({"kind": _("Choose what you want to do.")})
    if reason not in Decision.Reason.values:
        raise ValidationError({"reason": _("Choose a reason.")})
    if not message.strip():
        raise ValidationError({"message": _("Write what the member will read.")})
    if until is not None and until <= timezone.now():
        raise ValidationError({"until": _("Choose a date that is still to come.")})
    with transaction.atomic():
        # The member's own posts wait for this row, so nothing slips through beside the ban.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        made = Sanction.objects.create(
            user=user, kind=kind, reason=reason, message=message.strip()[:1000], until=until, by=by,
            conversation=conversation, clause=clause, decision=decision,
        )  # fmt: skip
        record(made, by=by, verb=f"member.{kind}", user=user.pk, reason=reason, until=until)
        _tell(made)
    return made


def lift(sanction: Sanction, *, by: User, reason: str) -> None:
    """End a sanction before its time. Whoever imposed it may, and so may every other moderator."""
    if not permissions.is_moderator(by) or by.pk == sanction.user_id:
        raise PermissionDenied(_("Only a moderator may lift this, and nobody their own."))
    with transaction.atomic():
        row = Sanction.objects.select_for_update(no_key=True).get(pk=sanction.pk)
        if row.lifted_at is not None:
            raise WrongState(_("This was already lifted."))
        Sanction.objects.filter(pk=row.pk).update(lifted_at=timezone.now(), lifted_by=by)
        record(row, by=by, verb="member.lifted", user=row.user_id, reason=reason)
    sanction.refresh_from_db()


def standing(user: User, conversation: Conversation | None = None) -> QuerySet[Sanction]:
    """What holds against a member now, everywhere or in this conversation; warnings left out."""
    scope = Q(conversation=None) if conversation is None else Q(conversation=None) | Q(conversation=conversation)
    now = timezone.now()
    return Sanction.objects.filter(scope, Q(until=None) | Q(until__gt=now), user=user, lifted_at=None).exclude(
        kind=Kind.WARNING
    )


def silence(user: User, conversation: Conversation | None = None) -> Sanction | None:
    """The sanction that keeps her from writing, the longest first."""
    found = list(standing(user, conversation).filter(kind__in=SILENCING))
    return max(found, key=lambda one: (one.until is None, one.until or one.created_at), default=None)


def is_always_held(user: User, conversation: Conversation | None = None) -> bool:
    return standing(user, conversation).filter(kind=Kind.ALWAYS_HOLD).exists()


def _tell(sanction: Sanction) -> None:
    user = sanction.user
    if user.is_active and not user.erased_at:
        mail.send("comments/sanction", user.email, {"sanction": sanction}, key=f"sanction-{sanction.pk}")
