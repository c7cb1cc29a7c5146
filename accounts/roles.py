"""Roles: the only question asked is `holds`; grants and revocations are on the record."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.moves import WrongState, record

from .models.people import Role, RoleGrant, User
from .signals import role_revoked

__all__ = ["Role", "grant", "holds", "revoke"]


def holds(user, *roles: str) -> bool:
    """Whether `user` holds any of `roles` right now. Being a superuser is no medical licence and counts for nothing."""
    return bool(getattr(user, "is_authenticated", False)) and not user.role_codes.isdisjoint(roles)


def grant(user: User, role: str, *, by: User, until=None) -> RoleGrant:
    """Give `role` to `user`. Only an administrator may, never to themselves."""
    _may_administer(by, user)
    with transaction.atomic():
        # A grant that has run out makes room for a new one.
        RoleGrant.objects.filter(user=user, role=role, revoked_at=None, valid_until__lte=timezone.now()).update(
            revoked_at=timezone.now(), revoked_by=by
        )
        given = RoleGrant.objects.create(user=user, role=role, granted_by=by, valid_until=until)
        record(given, by=by, verb="role.granted", user=user.pk, role=role, until=until)
    _forget(user)
    return given


def revoke(given: RoleGrant, *, by: User, reason: str) -> None:
    """Take a role back from now on; `reason` is a code."""
    _may_administer(by, given.user)
    with transaction.atomic():
        if not RoleGrant.objects.filter(pk=given.pk, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by):
            raise WrongState(_("This role was already taken back."))
        given.refresh_from_db()
        role_revoked.send(sender=RoleGrant, grant=given, by=by)
        record(given, by=by, verb="role.revoked", user=given.user_id, role=given.role, reason=reason)
    _forget(given.user)


def _may_administer(by: User, user: User) -> None:
    if by.pk == user.pk or not (holds(by, Role.ADMINISTRATOR) or by.is_superuser or by.is_machine):
        raise PermissionDenied(_("Only an administrator may change roles, and never their own."))


def _forget(user: User) -> None:
    user.__dict__.pop("role_codes", None)
