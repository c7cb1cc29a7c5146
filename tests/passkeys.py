"""A passkey in software: what a phone or a security key would answer, byte by byte, also the answers it never would."""

import json
import secrets
from hashlib import sha256

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from accounts.models import User

PRESENT, VERIFIED, ATTESTED = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV, AuthenticatorData.FLAG.AT
HOST = "testserver"


class Passkey:
    """One key pair for one host."""

    def __init__(self, host: str = HOST) -> None:
        self.host = host
        self.id = secrets.token_bytes(16)
        self.private = ec.generate_private_key(ec.SECP256R1())

    def belongs_to(self, user: User) -> Authenticator:
        """The row that registering it leaves behind."""
        public = ES256.from_cryptography_key(self.private.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        data = AuthenticatorData.create(_digest(self.host), PRESENT | VERIFIED | ATTESTED, 0, credential)
        told = CollectedClientData.create("webauthn.create", b"whatever", f"https://{self.host}")
        registered = {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": websafe_encode(told),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            },
        }
        return Authenticator.objects.create(
            user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": registered}
        )

    def answer(
        self,
        challenge: bytes,
        *,
        flags: int = PRESENT | VERIFIED,
        kind: str = "webauthn.get",
        origin: str = "",
        host: str = "",
        inside: bool = False,
        signed_with: "Passkey | None" = None,
    ) -> str:
        """The JSON of a PublicKeyCredential. The named arguments make it wrong in one place each."""
        told = CollectedClientData.create(kind, challenge, origin or f"https://{self.host}", inside)
        data = AuthenticatorData.create(_digest(host or self.host), flags, 1)
        private = (signed_with or self).private
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "authenticatorAttachment": "platform",
                "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": websafe_encode(told),
                    "authenticatorData": websafe_encode(data),
                    "signature": websafe_encode(private.sign(data + told.hash, ec.ECDSA(hashes.SHA256()))),
                    "userHandle": None,
                },
            }
        )


def _digest(host: str) -> bytes:
    return sha256(host.encode()).digest()
