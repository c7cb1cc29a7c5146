"""Proving again who one is, for one signature: made for this very act and never remembered."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from . import limits
from .models import User

WRONG_TRIES = 5
WITHIN_SECONDS = 5 * 60


class NotProved(Exception):
    """The person did not prove who they are; the text is a sentence for them."""


@dataclass(frozen=True)
class Proof:
    """How and when somebody proved who they are."""

    method: str  # "password" or "password+totp"
    at: datetime
    user_id: int | None = None


def prove(user: User, *, password: str = "", code: str = "") -> Proof:
    """Check the password and, where it is on, the second step. Raises NotProved.

    The session does not count: it may be in other hands by now. Tries are counted before they are checked, so
    that many at the same moment cannot slip past the limit.
    """
    if not user.is_active or (user.is_demo and not settings.DEMO):
        raise NotProved(_("This account cannot sign."))
    if not user.has_usable_password():
        raise NotProved(_("Your account has no password. Set one on your account page, then sign."))
    app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if app and settings.REQUIRE_STAFF_MFA and not code.strip():
        raise NotProved(_("Enter the code from your authenticator app too."))
    if not limits.spend("signing", str(user.pk), limit=WRONG_TRIES, seconds=WITHIN_SECONDS):
        raise NotProved(_("Too many wrong tries. Wait five minutes, then try again."))
    if not user.check_password(password):
        raise NotProved(_wrong(app))
    with_code = bool(app and code.strip())
    # Asked last: a right code is used up by asking.
    if with_code and not app.wrap().validate_code(code.strip()):
        raise NotProved(_wrong(app))
    limits.forgive("signing", str(user.pk))
    return Proof("password+totp" if with_code else "password", timezone.now(), user.pk)


def needs_code(user: User) -> bool:
    """Whether the sign page has a field for the code of an authenticator app."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def _wrong(app: Authenticator | None) -> str:
    # With a second step on, a stranger at the desk should not learn which half was right.
    return _("The password or the code is not right.") if app else _("The password is not right.")
