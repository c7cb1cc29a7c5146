"""What qualifies a reviewer: somebody else checks it, and it ends on a date or when it is taken back."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.moves import WrongState, record

from .models import Credential, User
from .roles import Role, holds


def verify(
    user: User, *, by: User, title: str, issuer: str, valid_from: date, valid_until: date | None = None
) -> Credential:
    """Record that `by` checked this credential of `user`. Only an administrator may, never for themselves."""
    _may_check(by, user)
    with transaction.atomic():
        credential = Credential.objects.create(
            user=user, title=title, issuer=issuer, valid_from=valid_from, valid_until=valid_until, verified_by=by
        )
        record(credential, by=by, verb="credential.verified", user=user.pk, until=valid_until)
    return credential


def end(credential: Credential, *, by: User, reason: str) -> None:
    """Take a credential back from now on: nothing more is signed or published on it. `reason` is a code."""
    _may_check(by, credential.user)
    with transaction.atomic():
        if not Credential.objects.filter(pk=credential.pk, revoked_at=None).update(revoked_at=timezone.now()):
            raise WrongState(_("This credential was already taken back."))
        record(credential, by=by, verb="credential.revoked", user=credential.user_id, reason=reason)
    credential.refresh_from_db()


def _may_check(by: User, user: User) -> None:
    if by.pk == user.pk or not (holds(by, Role.ADMINISTRATOR) or by.is_machine):
        raise PermissionDenied(_("Only an administrator may check credentials, and never their own."))
