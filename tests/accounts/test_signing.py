"""Proving again who one is, for one signature."""

import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp

from accounts.roles import Role
from accounts.signing import WRONG_TRIES, NotProved, prove
from tests import cast


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
        assert prove(cast.person("raj"), password=cast.PASSWORD)

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


def test_tries_at_the_same_moment_cannot_slip_past_the_limit(committed_db, race):
    ruth = cast.person("ruth", Role.MEDICAL_REVIEWER)
    results = race(lambda number: prove(ruth, purpose="one act", password="wrong"), runners=8)
    assert sorted("Too many" in str(result) for result in results) == [False] * 5 + [True] * 3
