"""Proving again who one is, for one signature: made for this very act and never remembered."""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as passkeys
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)

from . import limits
from .models import User

WRONG_TRIES = 5
WITHIN_SECONDS = 5 * 60
PROOF_LASTS = timedelta(minutes=5)
# What reading an answer raises where it is none: it comes from outside, and may be any bytes at all.
NO_ANSWER = (ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError, struct.error)


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
    server, credentials = _server(), passkeys.get_credentials(user)
    try:
        response = AuthenticationResponse.from_dict(json.loads(answer))
        used = _verified(server, credentials, challenge, response)
    except NO_ANSWER as error:
        raise NotProved(_("The passkey did not fit. Try again, or sign with your password.")) from error
    limits.forgive("signing", str(user.pk))
    passkeys.get_authenticator_by_credential_id(user, used.credential_id).record_usage()
    return Proof("passkey", timezone.now(), user.pk, purpose, evidence=_evidence(server.rp.id, used, response))


def passkey_options(user: User, challenge: bytes) -> dict | None:
    """What the browser needs to ask a passkey (PublicKeyCredentialRequestOptions as JSON), None where there is none."""
    credentials = passkeys.get_credentials(user)
    if not credentials:
        return None
    options, _state = _server().authenticate_begin(
        credentials, user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    return dict(options)["publicKey"]


def evidence_holds(evidence: str, challenge: bytes, user: User) -> bool:
    """Whether the evidence kept with a passkey's proof still shows that a key of `user` signed `challenge`.

    The public key stands in the evidence, because keys are lost and taken off an account. While the account has the
    key, it must be that very key. Once it is gone, the evidence proves that one key signed exactly this challenge with
    its holder verified; that the key was the signer's, we checked on that day, and the seal of the signature says that
    nothing was changed since. A key that belongs to somebody else never holds.
    """
    try:
        kept = json.loads(evidence)
        response = AuthenticationResponse.from_dict(kept["answer"])
        key = AttestedCredentialData.create(
            Aaguid.NONE, response.raw_id, CoseKey.parse(cbor.decode(websafe_decode(kept["public_key"])))
        )
        _verified(_server_for(kept["rp_id"], lambda url: True), [key], challenge, response)
    except NO_ANSWER:
        return False
    return _may_be_of(user, key)


def is_ones_own(request) -> bool:
    """Whether this session began with its user signing in.

    A tool that lets support staff look through somebody's eyes signs them in without a password, and leaves no
    record of one, or the record of somebody else: such a session may read, and signs nothing.
    """
    return bool(get_authentication_records(request, request.user))


def has_passkey(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()


def takes_password(user: User) -> bool:
    """Whether a password, with a code where there is an app, could be enough to sign."""
    return user.has_usable_password() and (not settings.REQUIRE_STAFF_MFA or needs_code(user))


def _server() -> Fido2Server:
    """Of the host that this request came to: a passkey works on the one name it was made for."""
    schemes = {"https", "http"} if settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN else {"https"}
    rp_id = get_adapter().get_public_key_credential_rp_entity()["id"]
    return _server_for(rp_id, lambda url: url.scheme in schemes)


def _server_for(rp_id: str, may_come_from: Callable) -> Fido2Server:
    """Stricter than the library's own: exactly this host, no other of the domain."""

    def verify_origin(origin: str) -> bool:
        url = urlsplit(origin)
        return url.hostname == rp_id and may_come_from(url)

    return Fido2Server(PublicKeyCredentialRpEntity(id=rp_id, name=rp_id), verify_origin=verify_origin)


def _verified(
    server: Fido2Server, keys: list[AttestedCredentialData], challenge: bytes, response: AuthenticationResponse
) -> AttestedCredentialData:
    """The one of `keys` that signed. Raises ValueError, or whatever a malformed answer makes the library raise."""
    if response.response.client_data.cross_origin:
        raise ValueError("asked from within another site's page")
    state = {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}
    return server.authenticate_complete(state, keys, response)


def _evidence(rp_id: str, used: AttestedCredentialData, response: AuthenticationResponse) -> str:
    """All that somebody needs who wants to check the answer again, and nothing else that the browser sent."""
    told = response.response
    answer = {
        "rawId": websafe_encode(response.raw_id),
        "response": {
            "clientDataJSON": websafe_encode(told.client_data),
            "authenticatorData": websafe_encode(told.authenticator_data),
            "signature": websafe_encode(told.signature),
        },
    }
    public_key = websafe_encode(cbor.encode(dict(used.public_key)))
    return json.dumps({"rp_id": rp_id, "public_key": public_key, "answer": answer}, sort_keys=True)


def _may_be_of(user: User, key: AttestedCredentialData) -> bool:
    for own in passkeys.get_credentials(user):
        same = own.credential_id == key.credential_id, dict(own.public_key) == dict(key.public_key)
        if any(same):
            return all(same)
    registered = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN)
    return not registered.filter(data__credential__rawId=websafe_encode(key.credential_id)).exists()


def _may_prove(user: User) -> None:
    if not user.is_active or (user.is_demo and not settings.DEMO):
        raise NotProved(_("This account cannot sign."))


def needs_code(user: User) -> bool:
    """Whether the sign page has a field for the code of an authenticator app."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def _wrong(app: Authenticator | None) -> str:
    # With a second step on, a stranger at the desk should not learn which half was right.
    return _("The password or the code is not right.") if app else _("The password is not right.")
