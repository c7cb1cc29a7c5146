"""What a passkey answered when somebody signed: whether it still proves that its key signed exactly these bytes."""

import hashlib
import json
import struct

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_decode
from fido2.webauthn import AuthenticatorData, CollectedClientData

# What reading an answer raises where it is none: it may be any bytes at all.
NO_ANSWER = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, NotImplementedError, struct.error,
    InvalidSignature,
)  # fmt: skip


def holds(evidence: str, challenge: bytes) -> bool:
    """Whether the key that stands in the evidence signed this challenge, with its holder verified. Asks no database."""
    try:
        kept = json.loads(evidence)
        answer = kept["answer"]["response"]
        client = CollectedClientData(websafe_decode(answer["clientDataJSON"]))
        authenticator = AuthenticatorData(websafe_decode(answer["authenticatorData"]))
        key = CoseKey.parse(cbor.decode(websafe_decode(kept["public_key"])))
        key.verify(authenticator + client.hash, websafe_decode(answer["signature"]))
        asked_here = authenticator.rp_id_hash == hashlib.sha256(kept["rp_id"].encode()).digest()
        return (
            client.type == CollectedClientData.TYPE.GET
            and client.challenge == challenge
            and asked_here
            and authenticator.is_user_present()
            and authenticator.is_user_verified()
        )
    except NO_ANSWER:
        return False
