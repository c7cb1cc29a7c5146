"""Opening an account, confirming the address, signing in, and the mails of allauth."""

import re

import pytest
from django.contrib.auth import get_user

from accounts.models import OutboxMail, PolicyAcceptance, User
from accounts.roles import Role
from tests import cast
from tests.accounts.test_policies import publish

FORM = {"email": "Rita@Example.org", "handle": "Rita B.", "password1": cast.PASSWORD}


def sign_up(client, path="/account/signup/", **changes):
    return client.post(path, {**FORM, **changes})


def newest_link() -> str:
    return re.search(r"http://testserver(/\S+)", OutboxMail.objects.latest("pk").text)[1]


@pytest.mark.django_db
class TestSignUp:
    def test_it_makes_an_account_that_waits_for_its_confirmation(self, client):
        page = sign_up(client)
        assert page.status_code == 302
        assert page.url == "/account/confirm-email/"
        rita = User.objects.get(email="rita@example.org")
        assert (rita.handle, rita.handle_skeleton) == ("Rita B.", "ritab")
        assert rita.role_codes == frozenset()
        assert not rita.emailaddress_set.get().verified
        assert not get_user(client).is_authenticated
        mail = OutboxMail.objects.get()
        assert (mail.to, mail.template) == ("rita@example.org", "email_confirmation_signup")

    def test_the_link_shows_a_button_and_the_button_signs_in_here(self, client):
        sign_up(client)
        link = newest_link()
        assert "Choose Confirm" in client.get(link).text
        assert not User.objects.get(email="rita@example.org").emailaddress_set.get().verified
        assert client.post(link).url == "/me/"
        assert get_user(client).handle == "Rita B."

    def test_a_link_on_another_device_confirms_and_leads_to_sign_in(self, client):
        from django.test import Client

        sign_up(client)
        elsewhere = Client()
        page = elsewhere.post(newest_link())
        assert page.status_code == 302
        assert User.objects.get(email="rita@example.org").emailaddress_set.get().verified
        assert not get_user(elsewhere).is_authenticated

    def test_links_in_mails_use_the_sites_own_address(self, client, settings):
        settings.SITE_URL = "https://bedside.example"
        sign_up(client)
        assert "https://bedside.example/account/confirm-email/" in OutboxMail.objects.get().text
        assert "testserver" not in OutboxMail.objects.get().text

    def test_the_way_back_survives_the_form_and_the_mail(self, client):
        from django.test import Client

        back = "/articles/sleep/comment/"
        form = client.get("/account/signup/", {"next": back})
        assert f'name="next" value="{back}"' in form.text
        sign_up(client, next=back)
        link = newest_link()
        assert link.endswith("?next=%2Farticles%2Fsleep%2Fcomment%2F")
        assert f'value="{back}"' in Client().get(link).text
        assert Client().post(link.partition("?")[0], {"next": back}).url == back

    def test_in_the_same_browser_she_is_signed_in_and_back_where_she_was(self, client):
        sign_up(client, next="/articles/sleep/comment/")
        assert client.post(newest_link()).url == "/articles/sleep/comment/"
        assert get_user(client).is_authenticated

    @pytest.mark.parametrize(
        "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "http://testserver/x"]
    )
    def test_it_leads_to_no_other_site(self, client, back):
        sign_up(client, next=back)
        assert "next" not in newest_link()
        assert client.post(newest_link()).url == "/me/"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "rita"}, "email"), ({"email": ""}, "email"), ({"handle": ""}, "handle"), ({"handle": "Dr Rita"}, "handle"),
            ({"handle": "rita@example.org"}, "handle"), ({"handle": "Al"}, "handle"), ({"password1": "short"}, "password1"),
            ({"password1": "password1234"}, "password1"), ({"password1": ""}, "password1"),
        ],
    )  # fmt: skip
    def test_errors_stand_beside_the_field_and_nothing_typed_is_lost(self, client, changes, field):
        page = sign_up(client, **changes)
        assert page.status_code == 422
        assert field in page.context["form"].errors
        assert 'class="errorlist"' in page.text
        if field != "handle":
            assert 'value="Rita B."' in page.text
        assert not User.objects.filter(email__startswith="rita").exists()

    def test_a_name_that_looks_like_a_taken_one_is_refused(self, client):
        cast.person("ritab")
        assert "taken" in str(sign_up(client).context["form"].errors["handle"])

    def test_it_accepts_the_terms_and_the_privacy_policy_in_force(self, client):
        ada = cast.person("ada", Role.ADMINISTRATOR)
        for kind in ("terms", "privacy", "rules"):
            publish(ada, kind=kind)
        agreed = re.search(r'name="agreed" value="([\d ]+)"', client.get("/account/signup/").text)[1]
        assert sign_up(client, agreed=agreed).status_code == 302
        accepted = PolicyAcceptance.objects.filter(user__email="rita@example.org")
        assert set(accepted.values_list("version__policy__kind", flat=True)) == {"terms", "privacy"}

    def test_terms_that_changed_meanwhile_are_shown_first(self, client):
        ada = cast.person("ada", Role.ADMINISTRATOR)
        publish(ada, kind="terms")
        agreed = re.search(r'name="agreed" value="([\d ]+)"', client.get("/account/signup/").text)[1]
        newer = publish(ada, kind="terms")
        page = sign_up(client, agreed=agreed)
        assert page.status_code == 422
        assert "changed a moment ago" in page.text
        assert f'name="agreed" value="{newer.pk}"' in page.text
        assert sign_up(client, agreed=str(newer.pk)).status_code == 302


@pytest.mark.django_db
class TestEnumeration:
    def test_a_known_address_gets_the_same_page_and_another_mail(self, client):
        from django.test import Client

        cast.person("nora")
        known, unknown = Client(), Client()
        answers = [
            (known.post("/account/signup/", {**FORM, "email": "nora@example.org"}), known),
            (sign_up(unknown), unknown),
        ]
        assert len({(answer.status_code, answer.url) for answer, _ in answers}) == 1
        pages = [re.sub(r'value="[^"]{64}"', "", each.get("/account/confirm-email/").text) for _, each in answers]
        assert pages[0] == pages[1].replace("rita@example.org", "nora@example.org")
        mail = OutboxMail.objects.get(to="nora@example.org")
        assert mail.template == "account_already_exists"
        assert "http://testserver/account/password/reset/" in mail.text
        assert User.objects.filter(handle="Rita B.").count() == 1

    def test_forgetting_the_password_says_the_same_for_both(self, client):
        cast.person("nora")
        pages = [
            client.post("/account/password/reset/", {"email": email}, follow=True).text
            for email in ("nora@example.org", "nobody@example.org")
        ]
        assert re.sub(r"value=\"[^\"]{64}\"", "", pages[0]) == re.sub(r"value=\"[^\"]{64}\"", "", pages[1])
        assert dict(OutboxMail.objects.values_list("to", "template")) == {
            "nora@example.org": "password_reset_key",
            "nobody@example.org": "unknown_account",
        }


@pytest.mark.django_db
class TestNotices:
    """What allauth tells people about their own account; each mail is ours and says what to do if it was not them."""

    @pytest.mark.parametrize(
        ("prefix", "says"),
        [
            ("account/email/password_changed", "was changed"),
            ("account/email/password_reset", "new password was chosen"),
            ("account/email/password_set", "password was set"),
            ("account/email/email_changed", "had the address old@example.org. Now it has new@example.org."),
            ("account/email/email_deleted", "gone@example.org was removed"),
            ("mfa/email/totp_activated", "takes a code"),
            ("mfa/email/totp_deactivated", "no code"),
            ("mfa/email/webauthn_added", "can now be used"),
            ("mfa/email/webauthn_removed", "was removed"),
            ("mfa/email/recovery_codes_generated", "earlier ones no longer work"),
        ],
    )
    def test_is_written_by_us(self, rf, prefix, says):
        from allauth.account.adapter import get_adapter
        from allauth.core import context

        rita, request = cast.person("rita"), rf.get("/", HTTP_USER_AGENT="Somebody's browser")
        addresses = {
            "from_email": "old@example.org",
            "to_email": "new@example.org",
            "deleted_email": "gone@example.org",
        }
        with context.request_context(request):
            get_adapter().send_notification_mail(prefix, rita, addresses)
        mail = OutboxMail.objects.get()
        assert says in mail.text
        assert mail.subject
        assert "http://testserver/account/password/reset/" in mail.text
        assert "127.0.0.1" not in mail.text
        assert "browser" not in mail.text


class TestAtOnce:
    def test_two_with_one_name_are_one_account_and_one_error(self, committed_db, race):
        from django.test import Client

        answers = race(lambda number: sign_up(Client(), email=f"rita{number}@example.org"))
        assert sorted(answer.status_code for answer in answers) == [302, 422, 422, 422]
        assert User.objects.filter(handle="Rita B.").count() == 1

    def test_two_with_one_address_are_one_account_and_the_same_page(self, committed_db, race):
        from django.test import Client

        answers = race(lambda number: sign_up(Client(), handle=f"Rita {'BCDE'[number]}"))
        assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/account/confirm-email/")] * 4
        assert User.objects.filter(email="rita@example.org").count() == 1


@pytest.mark.django_db
class TestSignIn:
    def enter(self, client, email="rita@example.org", password=cast.PASSWORD, **more):
        return client.post("/account/login/", {"login": email, "password": password, **more})

    def test_by_address_in_any_case(self, client):
        cast.person("rita")
        assert self.enter(client, "RITA@example.org", next="/me/comments/").url == "/me/comments/"
        assert get_user(client).handle == "rita"

    @pytest.mark.parametrize(
        ("email", "password"), [("rita@example.org", "wrong"), ("nobody@example.org", cast.PASSWORD)]
    )
    def test_a_wrong_one_says_the_same(self, client, email, password):
        cast.person("rita")
        page = self.enter(client, email, password)
        assert page.status_code == 422
        assert "are not correct" in str(page.context["form"].errors)

    def test_an_unconfirmed_address_gets_another_mail_and_stays_outside(self, client):
        rita = cast.person("rita")
        rita.emailaddress_set.update(verified=False)
        assert self.enter(client).url == "/account/confirm-email/"
        assert not get_user(client).is_authenticated
        assert OutboxMail.objects.get().template == "email_confirmation"

    def test_demo_people_stay_outside_where_there_is_no_demo(self, client, settings):
        cast.person("rita", is_demo=True)
        assert self.enter(client).url == "/account/inactive/"
        assert not get_user(client).is_authenticated
        settings.DEMO = True
        assert self.enter(client).url == "/me/"

    def test_the_machine_cannot_sign_in(self, client):
        machine = User.objects.machine()
        machine.emailaddress_set.create(email=machine.email, verified=True, primary=True)
        assert self.enter(client, machine.email, "!").status_code == 422

    def test_a_new_password_is_told_by_mail(self, client):
        cast.person("rita")
        client.post("/account/password/reset/", {"email": "rita@example.org"})
        page = client.get(newest_link(), follow=True)
        new = "another long sentence"
        client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
        assert OutboxMail.objects.latest("pk").template == "password_reset"
        assert "http://testserver/account/2fa/" in OutboxMail.objects.latest("pk").text
        assert self.enter(client, password=new).url == "/me/"
