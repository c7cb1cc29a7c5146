"""What script adds to pages that work without it."""

import re

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from accounts.models import User
from articles.models import Page
from comments import rules
from comments.thread import PAGE_SIZE
from comments.workflow import deciding, posting
from tests.journeys.pages import ARTICLE
from tests.journeys.steps import already_signed_in, said

pytestmark = pytest.mark.browser

LONG = "/articles/surgery-when-breast-cancer-has-spread/"


def test_sources_open_beside_their_number(visit):
    page = visit()
    page.goto(ARTICLE)
    marker = page.locator(".citation a").filter(has_text=",").first
    marker.click()
    card = page.get_by_role("dialog")
    expect(card.locator("li")).to_have_count(len(marker.get_attribute("data-refs").split(",")))
    inside(page, card)
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(marker).to_be_focused()


def test_on_a_phone_the_sources_hide_neither_their_number_nor_themselves(visit):
    page = visit(viewport={"width": 390, "height": 844})
    page.goto(ARTICLE)
    for place in range(4):
        marker = page.locator(".citation a").nth(place)
        marker.click()
        card = inside(page, page.get_by_role("dialog"))
        number = marker.bounding_box()
        assert card["y"] >= number["y"] + number["height"] or card["y"] + card["height"] <= number["y"]
        page.keyboard.press("Escape")


def inside(page: Tab, card) -> dict:
    box = card.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    return box


def test_the_theme_is_chosen_and_kept(visit):
    page = visit()
    page.goto("/")
    page.get_by_role("contentinfo").get_by_text("Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/articles/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_reporting_opens_the_form_in_place(visit):
    page = visit("newcomer")
    page.goto(ARTICLE)
    page.locator("a.report-link").first.click()
    dialog = page.get_by_role("dialog", name="Report this comment")
    expect(dialog.get_by_label("It could harm someone’s health")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_words_outlive_a_page_that_broke_and_are_forgotten_once_sent(company, new_page):
    mine, asked = said(company, "As it stands."), said(company, "How did you sleep?")
    deciding.approve(asked, by=company.max, version=asked.version)
    page = already_signed_in(new_page(), company.rita)
    for comment, act, button in ((asked, "reply", "Post reply"), (mine, "edit", "Save")):
        address = f"{comment.get_absolute_url()}{act}/"
        page.goto(address)
        before = page.locator("textarea").input_value()
        page.locator("textarea").press_sequentially("Half a sentence")
        typed = page.locator("textarea").input_value()
        assert typed != before
        page.goto("/")
        page.goto(address)
        expect(page.locator("textarea")).to_have_value(typed)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_text("Thank you.")).to_be_visible()
        page.goto(address)
        expect(page.locator("textarea")).to_have_value(typed if act == "edit" else "")


def test_more_comments_come_in_place(visit):
    much_is_said()
    page = visit()
    page.goto(LONG)
    before = page.locator(".comment").count()
    page.get_by_role("link", name="Load more comments").click()
    expect(page.locator(".comment")).not_to_have_count(before)
    expect(page).to_have_url(re.compile(f"{LONG}$"))
    expect(page.locator(".comment-name").nth(before)).to_be_focused()


def much_is_said() -> None:
    """More than one page of comments, where that is not so yet."""
    page = Page.objects.get(slug=LONG.split("/")[2])
    members = User.objects.filter(is_demo=True, acceptances__version=rules.current(), grants=None, is_active=True)
    moderator = User.objects.get(email="moderator@example.org")
    for number, member in enumerate([*members] * 3):
        if page.conversation.comments.live().count() > PAGE_SIZE:
            return
        token = f"much-{page.conversation.comments.count()}-{number}"
        comment = posting.post(page, by=member, text="I read this twice.", token=token, rules_version=rules.current())
        deciding.approve(comment, by=moderator, version=comment.version)
