"""What a passkey answered, looked at again: by our own verify, and by somebody who has the bundle alone."""

import hashlib
import io
import json
import zipfile

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

from accounts.signing import Proof
from articles import assertions, ceremony, verify
from articles.bundle import check, pack
from articles.models import Page, SignOff
from articles.workflow import publishing
from tests import cast

KEY = ec.generate_private_key(ec.SECP256R1())
PRESENT, VERIFIED = 0x01, 0x04


def answer(
    challenge: bytes,
    *,
    flags=PRESENT | VERIFIED,
    kind="webauthn.get",
    key=KEY,
    asked_by="testserver",
    rp_id="testserver",
) -> str:
    """As an authenticator answers and we keep it."""
    client = json.dumps({"type": kind, "challenge": websafe_encode(challenge), "origin": f"https://{rp_id}"}).encode()
    told = hashlib.sha256(asked_by.encode()).digest() + bytes([flags]) + (7).to_bytes(4, "big")
    signature = key.sign(told + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
    response = {
        "clientDataJSON": websafe_encode(client),
        "authenticatorData": websafe_encode(told),
        "signature": websafe_encode(signature),
    }
    public = websafe_encode(cbor.encode(dict(ES256.from_cryptography_key(KEY.public_key()))))
    raw = websafe_encode(b"a credential")
    kept = {"id": raw, "rawId": raw, "type": "public-key", "response": response}
    return json.dumps({"rp_id": rp_id, "public_key": public, "answer": kept}, sort_keys=True)


CHALLENGE = ceremony.challenge_of("0" * 32, "b1:0", "1")


def test_it_holds_for_its_own_challenge():
    assert assertions.holds(answer(CHALLENGE), CHALLENGE)


@pytest.mark.parametrize(
    "evidence",
    [
        answer(ceremony.challenge_of("1" * 32, "b1:0", "1")),
        answer(CHALLENGE, flags=PRESENT),
        answer(CHALLENGE, flags=VERIFIED),
        answer(CHALLENGE, kind="webauthn.create"),
        answer(CHALLENGE, key=ec.generate_private_key(ec.SECP256R1())),
        answer(CHALLENGE, asked_by="evil.example"),
        "", "{}", "[]", "null", "[" * 100_000, '{"answer": 3}', '{"answer": {"response": {}}}', "\x00",
    ],
    ids=[
        "another ceremony", "not verified", "nobody there", "a registration", "another key", "another site", "nothing",
        "empty", "a list", "null", "nested", "a number", "no parts", "NUL",
    ],
)  # fmt: skip
def test_anything_else_does_not(evidence):
    assert not assertions.holds(evidence, CHALLENGE)


def test_a_ceremony_asks_what_can_be_computed_again_from_the_signature(db):
    people = cast.people()
    shown = ceremony.begin(cast.open_review(people), people.ruth)
    assert shown.challenge == ceremony.challenge_of(shown.nonce, shown.content_hash, shown.closure)


class TestSigned:
    @pytest.fixture
    def page(self, db) -> Page:
        people = cast.people()
        opened = cast.open_review(people)
        shown = ceremony.begin(opened, people.ruth)
        proof = Proof("passkey", timezone.now(), people.ruth.pk, shown.purpose, evidence=answer(shown.challenge))
        cast.sign(opened, people.ruth, ceremony=shown, proof=proof)
        publishing.publish(opened, by=people.edda)
        return Page.objects.get(pk=opened.page_id)

    def bundled(self, page, tmp_path, alter=lambda signed: None) -> list[str]:
        path = tmp_path / "page.zip"
        with zipfile.ZipFile(io.BytesIO(pack(f"article/{page.slug}"))) as packed, zipfile.ZipFile(path, "w") as out:
            for name in packed.namelist():
                data = packed.read(name)
                if name == "signoffs.json":
                    signed = json.loads(data)
                    alter(signed)
                    data = json.dumps(signed).encode()
                out.writestr(name, data)
        return [one for outcome in check(path) for one in outcome.failures if "passkey" in one]

    def test_verify_and_the_bundle_look_at_it(self, page, tmp_path):
        assert list(verify.signatures()) == []
        assert self.bundled(page, tmp_path) == []

    def test_the_answer_fits_no_other_signature(self, page, tmp_path, without_triggers):
        def alter(signed):
            signed[0]["row"]["ceremony"] = "f" * 32

        assert "does not fit" in self.bundled(page, tmp_path, alter)[0]
        with without_triggers("articles_signoff"):
            SignOff.objects.update(ceremony="f" * 32)
        assert [one.what for one in verify.signatures()] == ["has an answer of a passkey that does not fit"]
