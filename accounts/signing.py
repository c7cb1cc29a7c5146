"""Proving again who one is, for one signature: made for this very act and never remembered."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as passkeys
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from fido2.utils import websafe_encode
from fido2.webauthn import UserVerificationRequirement

from . import limits
from .models import User

WRONG_TRIES = 5
WITHIN_SECONDS = 5 * 60
PROOF_LASTS = timedelta(minutes=5)


class NotProved(Exception):
    """The person did not prove who they are; the text is a sentence for them."""


@dataclass(frozen=True)
class Proof:
    """How, when and for which one act somebody proved who they are."""

    method: str  # "password", "password+totp" or "passkey"
    at: datetime
    user_id: int
    purpose: str  # what the proof was asked for; it is good for nothing else
    evidence: str = ""  # a passkey's assertion (JSON)

    @property
    def second_factor(self) -> bool:
        return self.method != "password"


def prove(user: User, *, purpose: str, password: str = "", code: str = "") -> Proof:
    """Check the password and, where it is on, the second step, for one act. Raises NotProved.

    The session does not count: it may be in other hands by now. Tries are counted before they are checked, so
    that many at the same moment cannot slip past the limit.
    """
    _may_prove(user)
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
    return Proof("password+totp" if with_code else "password", timezone.now(), user.pk, purpose)


def prove_with_passkey(user: User, *, purpose: str, challenge: bytes, answer: str) -> Proof:
    """Check what a passkey answered to `challenge`, which was made for this one act. Raises NotProved.

    `answer` is the JSON of the browser's PublicKeyCredential. The challenge is not kept anywhere: whoever asks
    computes it again from what was shown.
    """
    _may_prove(user)
    if not limits.spend("signing", str(user.pk), limit=WRONG_TRIES, seconds=WITHIN_SECONDS):
        raise NotProved(_("Too many wrong tries. Wait five minutes, then try again."))
    try:
        response = json.loads(answer)
        state = {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}
        passkeys.get_server().authenticate_complete(state, passkeys.get_credentials(user), response)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, InvalidSignature) as error:
        raise NotProved(_("The passkey did not fit. Try again, or sign with your password.")) from error
    limits.forgive("signing", str(user.pk))
    return Proof("passkey", timezone.now(), user.pk, purpose, evidence=json.dumps(response, sort_keys=True))


def passkey_options(user: User, challenge: bytes) -> dict | None:
    """What the browser needs to ask a passkey (PublicKeyCredentialRequestOptions as JSON), None where there is none."""
    credentials = passkeys.get_credentials(user)
    if not credentials:
        return None
    options, _state = passkeys.get_server().authenticate_begin(
        credentials, user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    return dict(options)["publicKey"]


def is_ones_own(request) -> bool:
    """Whether this session began with its user signing in.

    A tool that lets support staff look through somebody's eyes signs them in without a password, and leaves no
    record of one: such a session may read, and signs nothing.
    """
    return bool(get_authentication_records(request))


def _may_prove(user: User) -> None:
    if not user.is_active or (user.is_demo and not settings.DEMO):
        raise NotProved(_("This account cannot sign."))


def needs_code(user: User) -> bool:
    """Whether the sign page has a field for the code of an authenticator app."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def _wrong(app: Authenticator | None) -> str:
    # With a second step on, a stranger at the desk should not learn which half was right.
    return _("The password or the code is not right.") if app else _("The password is not right.")
