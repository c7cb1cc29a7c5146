"""What people do in a browser again and again: sign in, read their mail, write, decide."""

import re
from itertools import count
from types import SimpleNamespace

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import OutboxMail, User
from comments.models import Comment
from comments.workflow import posting
from tests import cast
from tests.cast import PASSWORD

_tokens = count(1)


def sign_in(page: Page, who: User, at: str = "/desk/") -> None:
    """Through the real form, on the way to a page that asks for it."""
    page.goto(at)
    expect(page).to_have_url(re.compile("/account/login/"))
    page.get_by_label("Email address").fill(who.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(f"{re.escape(at)}$"))


def already_signed_in(page: Page, who: User | None) -> Page:
    """The cookie of somebody who signed in before, where signing in is not what is tested."""
    if who is not None:
        client = Client()
        cast.sign_in(client, who)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": settings.SITE_URL}
        page.context.add_cookies([cookie])
    return page


def link_in_mail(to: str, template: str) -> str:
    """The address that the newest mail of this kind asks somebody to open."""
    mails = OutboxMail.objects.filter(to=to)
    mail = mails.filter(template=template).order_by("-pk").first()
    assert mail is not None, f"{to} got only {list(mails.values_list('template', flat=True))}"
    found = re.search(rf"{re.escape(settings.SITE_URL)}/\S+", mail.text)
    assert found, mail.text
    return found.group()


def said(company: SimpleNamespace, words: str, *, by: User | None = None) -> Comment:
    """A comment that waits for a moderator, where writing it is not what is tested."""
    token = f"journey-{next(_tokens)}"
    return posting.post(company.page, by=by or company.rita, text=words, token=token, rules_version=company.rules)


def card_of(comment: Comment, lane: str = "first") -> str:
    """The address at which a moderator decides about it."""
    return f"/desk/moderation/{lane}/?comment={comment.public_id}"
