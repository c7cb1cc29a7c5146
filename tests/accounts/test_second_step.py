"""Authenticator app and passkeys, and that staff must have one of them where it is required."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth import get_user

from accounts.models import OutboxMail
from accounts.roles import Role
from tests import cast


@pytest.fixture
def ruth(db):
    return cast.person("ruth", Role.MEDICAL_REVIEWER)


def enter(client, user):
    return client.post("/account/login/", {"login": user.email, "password": cast.PASSWORD})


def prove_again(client, path: str) -> None:
    """allauth asks for the password once more before it lets anybody change their steps."""
    page = client.get(path)
    assert page.url.startswith("/account/reauthenticate/")
    client.post(page.url, {"password": cast.PASSWORD})


def code_for(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


class TestApp:
    def test_setting_it_up_and_signing_in_with_it(self, client, ruth, django_capture_on_commit_callbacks):
        enter(client, ruth)
        prove_again(client, "/account/2fa/totp/activate/")
        page = client.get("/account/2fa/totp/activate/")
        secret = page.context["form"].secret
        assert 'src="/me/authenticator.svg"' in page.text
        assert "data:image" not in page.text, "our CSP would not show it"
        picture = client.get("/me/authenticator.svg")
        assert (picture["Content-Type"], picture.text[:38]) == (
            "image/svg+xml",
            "<?xml version='1.0' encoding='UTF-8'?>",
        )
        assert "no-store" in picture["Cache-Control"]

        with django_capture_on_commit_callbacks(execute=True):
            client.post("/account/2fa/totp/activate/", {"code": code_for(secret)})
        assert Authenticator.objects.filter(user=ruth, type="totp").exists()
        assert OutboxMail.objects.filter(template="totp_activated").exists()
        assert client.get("/me/authenticator.svg").status_code == 404, "it is shown once"

        client.post("/account/logout/")
        assert enter(client, ruth).url == "/account/2fa/authenticate/"
        assert not get_user(client).is_authenticated
        client.post("/account/2fa/authenticate/", {"code": code_for(secret)})
        assert get_user(client) == ruth

    def test_a_wrong_code_turns_nothing_on(self, client, ruth):
        enter(client, ruth)
        prove_again(client, "/account/2fa/totp/activate/")
        page = client.post("/account/2fa/totp/activate/", {"code": "000000x"})
        assert page.status_code == 422
        assert not Authenticator.objects.exists()

    def test_the_picture_is_for_those_who_are_setting_it_up(self, client, ruth):
        assert client.get("/me/authenticator.svg").url.startswith("/account/login/")
        client.force_login(ruth)
        assert client.get("/me/authenticator.svg").status_code == 404


class TestPages:
    @pytest.mark.parametrize(
        "path", ["/account/2fa/", "/account/sessions/", "/account/email/", "/account/2fa/webauthn/"]
    )
    def test_are_ours_to_look_at(self, client, ruth, path):
        enter(client, ruth)
        page = client.get(path)
        assert page.status_code == 200
        assert "masthead" in page.text
        assert "style=" not in page.text

    def test_adding_a_passkey_offers_a_challenge(self, client, ruth):
        enter(client, ruth)
        prove_again(client, "/account/2fa/webauthn/add/")
        page = client.get("/account/2fa/webauthn/add/")
        assert page.status_code == 200
        assert "publicKey" in page.text
        assert "mfa/js/webauthn.js" in page.text

    def test_signing_in_offers_passkeys(self, client, db):
        page = client.get("/account/login/")
        assert "passkey" in page.text
        assert client.get("/account/2fa/webauthn/login/", headers={"Accept": "application/json"}).status_code in (
            200,
            302,
        )


class TestStaffDoor:
    @pytest.fixture(autouse=True)
    def required(self, settings):
        settings.REQUIRE_STAFF_MFA = True

    def test_the_desk_opens_only_with_a_second_step(self, client, ruth):
        client.force_login(ruth)
        for path in ("/desk/", "/desk/review/"):
            assert client.get(path).url == "/account/2fa/"
        assert "second step" in client.get("/account/2fa/").text
        totp.TOTP.activate(ruth, totp.generate_totp_secret())
        assert client.get("/desk/").status_code == 200

    def test_a_passkey_counts_recovery_codes_alone_do_not(self, client, ruth):
        client.force_login(ruth)
        RecoveryCodes.activate(ruth)
        assert client.get("/desk/").status_code == 302
        Authenticator.objects.create(
            user=ruth, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}}
        )
        assert client.get("/desk/").status_code == 200

    def test_whoever_has_no_desk_learns_of_none(self, client, db):
        client.force_login(cast.person("rita"))
        assert client.get("/desk/").status_code == 404

    def test_members_need_none_for_their_own_pages(self, client, db):
        client.force_login(cast.person("rita"))
        assert client.get("/me/").status_code == 200

    def test_the_admin_asks_for_it_too(self, client, db):
        root = cast.person("root1", is_staff=True, is_superuser=True)
        client.force_login(root)
        assert client.get("/admin/").status_code in (302, 403)
        totp.TOTP.activate(root, totp.generate_totp_secret())
        assert client.get("/admin/").status_code == 200

    def test_where_it_is_not_required_the_desk_opens(self, client, ruth, settings):
        settings.REQUIRE_STAFF_MFA = False
        client.force_login(ruth)
        assert client.get("/desk/").status_code == 200
