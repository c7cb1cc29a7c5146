"""A reviewer makes a passkey on the account pages and signs with it; the device is Chromium's own, in software."""

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.signing import evidence_holds
from articles import ceremony
from articles.models import SignOff
from tests import cast
from tests.journeys.steps import already_signed_in, sign_in
from tests.passkeys import Passkey

pytestmark = pytest.mark.browser


class Device:
    """A phone or key that says yes, or does not know its holder."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        made = self.session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        self.id = made["authenticatorId"]

    def knows_its_holder(self, yes: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})


def test_a_reviewer_makes_a_passkey_and_signs_with_it(company, page):
    opened = cast.open_review(company, title="Signed with a passkey")
    cast.check_claims(opened, company.ruth)
    path = f"/desk/review/{opened.pk}/sign/"
    device = Device(page)
    sign_in(page, company.ruth, path)
    expect(page.get_by_role("button", name="Use your passkey")).to_have_count(0)
    make_a_passkey(page)
    assert Authenticator.objects.get(user=company.ruth, type="webauthn").wrap().is_passwordless

    page.goto(path)
    expect(page.get_by_text("Many people sleep badly at first.")).to_be_visible()
    page.get_by_label("I declare:").check()
    page.get_by_label("What you declare").fill("Paid talks for a maker of beds.")
    expect(page.locator(".statement")).to_contain_text("My conflicts of interest: Paid talks for a maker of beds.")
    button, line = page.get_by_role("button", name="Use your passkey"), page.locator(".passkey-status[role=status]")
    button.click()
    expect(line).to_have_text("Confirm first that this is your statement.")
    expect(page.get_by_label("This is my statement")).to_be_focused()
    page.get_by_label("This is my statement").check()

    device.knows_its_holder(False)
    button.click()
    expect(line).to_have_text("You stopped, or it took too long. Nothing was signed. You can try again.")
    expect(button).to_be_focused()
    assert not SignOff.objects.filter(review=opened).exists()

    device.knows_its_holder(True)
    button.click()
    expect(page.get_by_role("heading", name="You signed revision 1")).to_be_visible()
    expect(page.get_by_text("with a passkey, which signed this very fingerprint").first).to_be_visible()
    made = SignOff.objects.get(review=opened)
    assert made.statement.endswith("My conflicts of interest: Paid talks for a maker of beds.")
    challenge = ceremony.challenge_of(made.ceremony, made.content_hash, made.closure)
    assert evidence_holds(made.auth_evidence, challenge, company.ruth)


def make_a_passkey(page: Page) -> None:
    page.goto("/account/2fa/webauthn/add/")
    if "/reauthenticate/" in page.url:
        page.get_by_label("Your password").fill(cast.PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Sign in with this key alone").check()
    page.get_by_role("button", name="Add the key").click()
    expect(page).not_to_have_url(re.compile("/webauthn/add/"))


def test_a_browser_that_cannot_make_json_of_a_passkey_signs_too(company, page):
    """Some password managers hand out answers whose own toJSON fails."""
    opened = cast.open_review(company, title="Signed with an odd passkey")
    cast.check_claims(opened, company.ruth)
    Device(page)
    sign_in(page, company.ruth, "/desk/review/")
    make_a_passkey(page)
    page.add_init_script("PublicKeyCredential.prototype.toJSON = () => { throw new TypeError('Illegal invocation') }")
    page.goto(f"/desk/review/{opened.pk}/sign/")
    page.get_by_label("This is my statement").check()
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name="You signed revision 1")).to_be_visible()
    assert SignOff.objects.get(review=opened).auth_method == "passkey"


def test_without_script_the_password_signs_and_no_dead_button_is_shown(company, new_page):
    opened = cast.open_review(company, title="Signed without script")
    Passkey("localhost").belongs_to(company.ruth)
    cast.check_claims(opened, company.ruth)
    page = already_signed_in(new_page(java_script_enabled=False), company.ruth)
    page.goto(f"/desk/review/{opened.pk}/sign/")
    page.get_by_label("This is my statement").check()
    expect(page.get_by_role("button", name="Use your passkey")).to_have_count(0)
    page.get_by_label("Your password").fill("not my password")
    page.get_by_role("button", name="Sign revision 1").click()
    expect(page.locator(".error-summary")).to_contain_text("The password is not right.")
    expect(page.get_by_label("This is my statement")).to_be_checked()
    page.get_by_label("Your password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign revision 1").click()
    expect(page.get_by_role("heading", name="You signed revision 1")).to_be_visible()
