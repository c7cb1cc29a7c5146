"""What an administrator keeps about a person: the printed name, the team page, whether the account is on."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from audit.moves import WrongState, record

from .models import User
from .roles import Role, holds


def describe(user: User, *, by: User, name: str, slug: str, bio: str) -> None:
    """Set the printed name and what the team page says. What was signed keeps the name it was signed with."""
    _may_keep(by)
    with transaction.atomic():
        user.name, user.slug, user.bio = name, slug or None, bio
        user.save(update_fields=["name", "slug", "bio", "handle_skeleton"])
        record(user, by=by, verb="person.described")


def switch(user: User, *, by: User, on: bool) -> None:
    """Turn an account off, at once and in all its sessions, or on again. Never one's own."""
    _may_keep(by)
    if by.pk == user.pk:
        raise PermissionDenied(_("Another administrator has to turn your account off."))
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=not on, erased_at=None).update(is_active=on):
            raise WrongState(_("This account is in that state already."))
        user.refresh_from_db()
        record(user, by=by, verb="person.switched_on" if on else "person.switched_off")


def _may_keep(by: User) -> None:
    if not holds(by, Role.ADMINISTRATOR):
        raise PermissionDenied(_("Only an administrator may do this."))
