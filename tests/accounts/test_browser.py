"""What only a real browser shows: its own headers on our forms, and that our policy lets the page's pictures through."""

import re
from itertools import count

import pytest
from allauth.mfa.totp.internal import auth as totp

from accounts.models import OutboxMail, Subscription
from tests import cast

pytestmark = pytest.mark.browser
_serial = count(1)


def newest_link(to: str) -> str:
    return re.search(r"http://localhost:\d+(/\S+)", OutboxMail.objects.filter(to=to).latest("pk").text)[1]


def test_the_newsletter_from_form_to_leaving_without_script_or_cookie(new_page):
    page = new_page(java_script_enabled=False)
    email = f"letter{next(_serial)}@example.org"
    page.goto("/newsletter/")
    page.get_by_label("Email address").fill("rita")
    page.get_by_role("button", name="Sign up").click()
    assert page.locator(".errorlist").inner_text() == "Enter an email address, like name@example.com"
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("heading", name="Check your email").wait_for()
    page.goto(newest_link(email))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="You are on the list").wait_for()
    subscription = Subscription.objects.get(email=email)
    assert subscription.status == "confirmed"

    from accounts.newsletter import leave_path

    page.goto(leave_path(subscription))
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("heading", name="You are off the list").wait_for()
    assert page.context.cookies() == []


def test_signing_up_leads_back_to_where_the_reader_was(page):
    number = next(_serial)
    email = f"newcomer{number}@example.org"
    page.goto("/account/signup/?next=/newsletter/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Name that others see").fill(f"Newcomer {number}")
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("heading", name="Check your email").wait_for()
    page.goto(newest_link(email))
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/newsletter/")
    assert page.get_by_text(f"Newcomer {number}").count()


def test_the_picture_for_the_authenticator_app_is_seen_under_our_policy(page, site):
    user = cast.person(f"phone{next(_serial)}")
    page.goto("/account/login/?next=/account/2fa/totp/activate/")
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.locator("main").get_by_role("button").first.click()
    picture = page.locator("img.qr")
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    secret = page.locator("#authenticator_secret").input_value()
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    page.get_by_label("Code from your app").fill(code)
    page.get_by_role("button", name="Turn it on").click()
    page.wait_for_url(re.compile("/account/2fa/(?!totp/activate)"))
    assert user.authenticator_set.filter(type="totp").exists()
