"""Proving again who one is, for one signature."""

import json
from types import SimpleNamespace

import pytest
import time_machine
from allauth.core import context
from allauth.mfa.totp.internal import auth as totp
from django.contrib.sessions.backends.db import SessionStore
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given
from hypothesis import strategies as st

from accounts import signing
from accounts.roles import Role
from accounts.signing import WRONG_TRIES, NotProved, evidence_holds, prove, prove_with_passkey
from tests import cast
from tests.passkeys import PRESENT, VERIFIED, Passkey

CHALLENGE = b"a showing of exactly these bytes"


@pytest.fixture
def ruth(db):
    return cast.person("ruth", Role.MEDICAL_REVIEWER)


@pytest.fixture
def app(ruth):
    """Ruth's authenticator app: app() is the code it shows now."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(ruth, secret)
    return lambda: totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def refused(user, **given) -> str:
    with pytest.raises(NotProved) as refusal:
        prove(user, purpose="one act", **given)
    return str(refusal.value)


def test_the_password_proves_it(ruth):
    proof = prove(ruth, purpose="one act", password=cast.PASSWORD)
    assert (proof.method, proof.user_id) == ("password", ruth.pk)
    assert proof.at.tzinfo is not None


@pytest.mark.parametrize("password", ["", "wrong", cast.PASSWORD + " ", cast.PASSWORD.upper()])
def test_another_password_does_not(ruth, password):
    assert refused(ruth, password=password) == "The password is not right."


def test_no_password_is_no_way_past(ruth):
    ruth.set_unusable_password()
    ruth.save()
    assert "has no password" in refused(ruth)
    assert "has no password" in refused(ruth, password="!", code="123456")


def test_whoever_left_cannot_sign(ruth):
    ruth.is_active = False
    assert "cannot sign" in refused(ruth, password=cast.PASSWORD)


def test_demo_people_sign_in_the_demo_only(ruth, settings):
    ruth.is_demo = True
    assert "cannot sign" in refused(ruth, password=cast.PASSWORD)
    settings.DEMO = True
    assert prove(ruth, purpose="one act", password=cast.PASSWORD)


class TestSecondStep:
    def test_with_an_app_the_code_is_asked_for(self, ruth, app, settings):
        settings.REQUIRE_STAFF_MFA = True
        assert "code" in refused(ruth, password=cast.PASSWORD)
        assert prove(ruth, purpose="one act", password=cast.PASSWORD, code=f" {app()} ").method == "password+totp"

    def test_a_code_does_not_replace_the_password(self, ruth, app, settings):
        settings.REQUIRE_STAFF_MFA = True
        code = app()
        assert refused(ruth, code=code) == "The password or the code is not right."
        # And the wrong password did not use it up.
        assert prove(ruth, purpose="one act", password=cast.PASSWORD, code=code)

    def test_a_wrong_code_says_the_same_as_a_wrong_password(self, ruth, app, settings):
        settings.REQUIRE_STAFF_MFA = True
        wrong = f"{(int(app()) + 1) % 1_000_000:06}"
        assert refused(ruth, password=cast.PASSWORD, code=wrong) == refused(ruth, password="wrong", code=app())

    def test_a_code_works_once(self, ruth, app, settings):
        settings.REQUIRE_STAFF_MFA = True
        code = app()
        prove(ruth, purpose="one act", password=cast.PASSWORD, code=code)
        assert "not right" in refused(ruth, password=cast.PASSWORD, code=code)

    def test_where_none_is_required_a_given_code_still_counts(self, ruth, app):
        assert prove(ruth, purpose="one act", password=cast.PASSWORD).method == "password"
        assert prove(ruth, purpose="one act", password=cast.PASSWORD, code=app()).method == "password+totp"
        assert "not right" in refused(ruth, password=cast.PASSWORD, code="000000x")

    def test_an_old_code_does_not_work(self, ruth, app, settings):
        settings.REQUIRE_STAFF_MFA = True
        with time_machine.travel("2026-11-23 10:00Z", tick=False) as clock:
            code = app()
            clock.shift(120)
            assert "not right" in refused(ruth, password=cast.PASSWORD, code=code)


class TestLimit:
    def test_five_wrong_tries_then_not_even_the_right_one_for_five_minutes(self, ruth):
        with time_machine.travel("2026-11-23 10:00Z") as clock:
            for _ in range(WRONG_TRIES):
                assert "not right" in refused(ruth, password="wrong")
            assert "Too many" in refused(ruth, password=cast.PASSWORD)
            clock.shift(301)
            assert prove(ruth, purpose="one act", password=cast.PASSWORD)

    def test_it_is_each_persons_own(self, ruth):
        for _ in range(WRONG_TRIES):
            refused(ruth, password="wrong")
        assert prove(cast.person("raj"), purpose="one act", password=cast.PASSWORD)

    def test_a_right_one_starts_the_count_anew(self, ruth):
        for _ in range(3):
            for _ in range(WRONG_TRIES - 1):
                refused(ruth, password="wrong")
            prove(ruth, purpose="one act", password=cast.PASSWORD)

    def test_wrong_codes_count_too(self, ruth, app, settings):
        settings.REQUIRE_STAFF_MFA = True
        for _ in range(WRONG_TRIES):
            refused(ruth, password=cast.PASSWORD, code="not a code")
        assert "Too many" in refused(ruth, password=cast.PASSWORD, code=app())


@pytest.fixture
def request_here(rf):
    """The request that is being answered: a passkey is asked on behalf of its host."""
    with context.request_context(rf.get("/")):
        yield


@pytest.fixture
def key(ruth, request_here) -> Passkey:
    made = Passkey()
    made.belongs_to(ruth)
    return made


def not_fitting(user, answer: str, challenge: bytes = CHALLENGE) -> str:
    with pytest.raises(NotProved) as refusal:
        prove_with_passkey(user, purpose="one act", challenge=challenge, answer=answer)
    return str(refusal.value)


class TestPasskey:
    def test_its_answer_proves_it(self, ruth, key):
        proof = prove_with_passkey(ruth, purpose="one act", challenge=CHALLENGE, answer=key.answer(CHALLENGE))
        assert (proof.method, proof.user_id, proof.purpose, proof.second_factor) == (
            "passkey", ruth.pk, "one act", True,
        )  # fmt: skip
        assert ruth.authenticator_set.get().last_used_at is not None

    def test_any_of_several_will_do(self, ruth, key):
        other = Passkey()
        other.belongs_to(ruth)
        for one in (key, other):
            assert prove_with_passkey(ruth, purpose="one act", challenge=CHALLENGE, answer=one.answer(CHALLENGE))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"flags": PRESENT},
            {"flags": VERIFIED},
            {"kind": "webauthn.create"},
            {"origin": "https://elsewhere.example"},
            {"origin": "https://sub.testserver"},
            {"origin": "https://testserver.elsewhere.example"},
            {"origin": "null"},
            {"host": "elsewhere.example"},
            {"inside": True},
            {"signed_with": Passkey()},
        ],
        ids=[
            "holder not verified", "nobody there", "made for registering", "another site", "another host of ours",
            "a longer name", "no site", "another party", "in another site's frame", "another key",
        ],
    )  # fmt: skip
    def test_an_answer_that_is_wrong_in_one_place_does_not_fit(self, ruth, key, wrong):
        assert "did not fit" in not_fitting(ruth, key.answer(CHALLENGE, **wrong))

    def test_an_answer_to_another_challenge_does_not_fit(self, ruth, key):
        assert "did not fit" in not_fitting(ruth, key.answer(b"some other showing, thirty-two b"))

    def test_anothers_key_does_not_fit(self, ruth, key):
        raj = cast.person("raj")
        his = Passkey()
        his.belongs_to(raj)
        assert "did not fit" in not_fitting(ruth, his.answer(CHALLENGE))
        assert "did not fit" in not_fitting(raj, key.answer(CHALLENGE))

    def test_a_key_taken_off_the_account_does_not_fit(self, ruth, key):
        ruth.authenticator_set.all().delete()
        assert "did not fit" in not_fitting(ruth, key.answer(CHALLENGE))

    def test_plain_http_is_for_a_machine_of_ones_own(self, ruth, key, settings):
        plain = key.answer(CHALLENGE, origin="http://testserver")
        assert prove_with_passkey(ruth, purpose="one act", challenge=CHALLENGE, answer=plain)
        settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
        assert "did not fit" in not_fitting(ruth, plain)
        assert prove_with_passkey(ruth, purpose="one act", challenge=CHALLENGE, answer=key.answer(CHALLENGE))

    @pytest.mark.parametrize("bent", ["challenge", "origin", "signature", "authenticatorData"])
    def test_one_byte_changed_afterwards_does_not_fit(self, ruth, key, bent):
        answer = json.loads(key.answer(CHALLENGE))
        part = {"challenge": "clientDataJSON", "origin": "clientDataJSON"}.get(bent, bent)
        text = answer["response"][part]
        place = -20 if bent == "origin" else len(text) // 2
        answer["response"][part] = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert "did not fit" in not_fitting(ruth, json.dumps(answer))

    @pytest.mark.parametrize(
        "answer",
        ["", "{", "null", "[]", "7", '"text"', "{}", "[" * 15_000, '{"id":"AA","rawId":"AA"}', "\x00", "NaN",
         '{"rawId":"é","response":{},"type":"public-key"}', '{"rawId":7,"response":7,"type":7}', "é" * 20_000],
    )  # fmt: skip
    def test_what_is_no_answer_is_refused_in_words(self, ruth, key, answer):
        assert "did not fit" in not_fitting(ruth, answer)

    def test_an_answer_with_one_part_missing_or_of_another_kind_is_refused_in_words(self, ruth, key):
        whole = json.loads(key.answer(CHALLENGE))
        for place in (whole, whole["response"]):
            for name in set(place) - {"clientExtensionResults", "authenticatorAttachment", "userHandle", "id", "type"}:
                kept = place.pop(name)
                signing.limits.forgive("signing", str(ruth.pk))
                assert "did not fit" in not_fitting(ruth, json.dumps(whole)), name
                for odd in (None, 7, [], {}, "", "A", "AAAA", "!"):
                    place[name] = odd
                    signing.limits.forgive("signing", str(ruth.pk))
                    assert "did not fit" in not_fitting(ruth, json.dumps(whole)), (name, odd)
                place[name] = kept

    def test_wrong_answers_count_as_wrong_tries(self, ruth, key):
        for _ in range(WRONG_TRIES):
            not_fitting(ruth, "{}")
        assert "Too many" in not_fitting(ruth, key.answer(CHALLENGE))
        assert "Too many" in refused(ruth, password=cast.PASSWORD)

    def test_whoever_left_cannot_sign_with_it(self, ruth, key):
        ruth.is_active = False
        assert "cannot sign" in not_fitting(ruth, key.answer(CHALLENGE))

    def test_outside_a_request_it_is_our_mistake_and_not_the_persons(self, ruth):
        with pytest.raises(AttributeError):
            prove_with_passkey(ruth, purpose="one act", challenge=CHALLENGE, answer="{}")

    def test_the_browser_is_told_which_keys_and_that_the_holder_must_be_verified(self, ruth, key):
        options = json.loads(json.dumps(signing.passkey_options(ruth, CHALLENGE)))
        assert options["challenge"] == websafe_encode(CHALLENGE)
        assert options["userVerification"] == "required"
        assert options["rpId"] == "testserver"
        assert [one["id"] for one in options["allowCredentials"]] == [websafe_encode(key.id)]

    def test_without_a_key_there_is_nothing_to_ask(self, ruth, request_here):
        assert signing.passkey_options(ruth, CHALLENGE) is None


class TestEvidence:
    @pytest.fixture
    def evidence(self, ruth, key) -> str:
        answer = key.answer(CHALLENGE)
        return prove_with_passkey(ruth, purpose="one act", challenge=CHALLENGE, answer=answer).evidence

    def test_it_holds_without_a_request_and_whatever_becomes_of_the_host(self, ruth, evidence, settings):
        with context.request_context(None):
            settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
            assert evidence_holds(evidence, CHALLENGE, ruth)

    def test_it_holds_after_the_key_is_gone(self, ruth, evidence):
        ruth.authenticator_set.all().delete()
        assert evidence_holds(evidence, CHALLENGE, ruth)

    def test_it_does_not_hold_for_another_challenge(self, ruth, evidence):
        assert not evidence_holds(evidence, CHALLENGE[::-1], ruth)

    def test_it_does_not_hold_for_the_holder_of_no_such_key(self, ruth, evidence):
        raj = cast.person("raj")
        assert not evidence_holds(evidence, CHALLENGE, raj), "it is Ruth's"
        # Nor where Raj's own key bears that number.
        other = Passkey()
        other.id = websafe_decode(json.loads(evidence)["answer"]["rawId"])
        other.belongs_to(raj)
        assert not evidence_holds(evidence, CHALLENGE, raj)

    def test_it_holds_nothing_that_the_browser_said_besides(self, ruth, key):
        answer = json.loads(key.answer(CHALLENGE)) | {"note": "x" * 500}
        proof = prove_with_passkey(ruth, purpose="one act", challenge=CHALLENGE, answer=json.dumps(answer))
        assert "note" not in proof.evidence
        assert sorted(json.loads(proof.evidence)) == ["answer", "public_key", "rp_id"]

    def test_another_public_key_beside_it_does_not_help(self, ruth, evidence, key):
        forged = Passkey()
        forged.id = key.id
        swapped = json.loads(evidence) | {
            "public_key": websafe_encode(cbor.encode(dict(ES256.from_cryptography_key(forged.private.public_key())))),
            "answer": json.loads(forged.answer(CHALLENGE)),  # a real answer, by the wrong key
        }
        assert not evidence_holds(json.dumps(swapped), CHALLENGE, ruth), "the account knows the right one"

    def test_one_character_changed_anywhere_does_not_hold(self, ruth, evidence):
        whole = json.loads(evidence)
        for place in (whole, whole["answer"], whole["answer"]["response"]):
            for name in [name for name, value in place.items() if isinstance(value, str)]:
                kept = place[name]
                place[name] = kept[:8] + ("x" if kept[8:9] != "x" else "y") + kept[9:]
                assert not evidence_holds(json.dumps(whole), CHALLENGE, ruth), name
                place[name] = kept
        assert evidence_holds(json.dumps(whole), CHALLENGE, ruth)

    @pytest.mark.parametrize("evidence", ["", "null", "{}", "[]", '{"answer":{},"public_key":"","rp_id":""}'])
    def test_what_is_none_does_not_hold(self, ruth, evidence):
        assert not evidence_holds(evidence, CHALLENGE, ruth)

    def test_a_key_of_an_unknown_kind_does_not_hold(self, ruth, evidence):
        odd = json.loads(evidence) | {"public_key": websafe_encode(cbor.encode({1: 2, 3: -7000}))}
        assert not evidence_holds(json.dumps(odd), CHALLENGE, ruth)

    @given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(
        st.sampled_from(["answer", "public_key", "rp_id", "rawId", "response", "clientDataJSON", "signature"]), inner
    )))  # fmt: skip
    def test_no_json_makes_it_stumble(self, value):
        assert not evidence_holds(json.dumps(value), CHALLENGE, None)


class TestWhoseSession:
    """A signature is asked of a session that began with its own user's signing in."""

    def ones_own(self, user, **session) -> bool:
        kept = SessionStore()
        kept.update(session)
        return signing.is_ones_own(SimpleNamespace(user=user, session=kept))

    def test_a_session_that_says_how_it_began(self, ruth, client):
        cast.sign_in(client, ruth)
        assert self.ones_own(ruth, **dict(client.session))

    def test_a_session_after_the_real_sign_in_page(self, ruth, client):
        client.post("/account/login/", {"login": ruth.email, "password": cast.PASSWORD})
        assert self.ones_own(ruth, **dict(client.session))

    def test_a_session_without_a_beginning(self, ruth, client):
        client.force_login(ruth)
        assert not self.ones_own(ruth, **dict(client.session))

    def test_a_session_that_began_as_somebody_elses(self, ruth, client):
        cast.sign_in(client, cast.person("support"))
        assert not self.ones_own(ruth, **dict(client.session))


def test_a_password_is_enough_unless_a_second_step_is_missing(ruth, app, settings):
    settings.REQUIRE_STAFF_MFA = True
    assert signing.takes_password(ruth)
    ruth.authenticator_set.all().delete()
    assert not signing.takes_password(ruth)
    settings.REQUIRE_STAFF_MFA = False
    assert signing.takes_password(ruth)
    ruth.set_unusable_password()
    assert not signing.takes_password(ruth)


def test_tries_at_the_same_moment_cannot_slip_past_the_limit(committed_db, race):
    ruth = cast.person("ruth", Role.MEDICAL_REVIEWER)
    results = race(lambda number: prove(ruth, purpose="one act", password="wrong"), runners=8)
    assert sorted("Too many" in str(result) for result in results) == [False] * 5 + [True] * 3
