"""What script adds to pages that work without it."""

import re

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from accounts.models import User
from articles.models import Page
from comments import rules
from comments.models import Comment, ReadMark
from comments.thread import FIRST_REPLIES, PAGE_SIZE
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
    roots = page.locator(".thread > li").count()
    status = page.get_by_role("status").filter(has_text="added")
    page.get_by_role("link", name="Load more comments").click()
    expect(page.locator(".comment")).not_to_have_count(before)
    expect(page).to_have_url(re.compile(f"{LONG}$"))
    expect(page.locator(".thread > li").nth(roots).locator(".comment-name").first).to_be_focused()
    came = page.locator(".comment").count() - before
    expect(status).to_have_text("1 comment added." if came == 1 else f"{came} comments added.")
    everything = page.locator(".comment, .comment-gone").evaluate_all("found => found.map(one => one.id)")
    assert len(everything) == len(set(everything))
    # Whoever follows a link and comes back finds the list as long as it was left.
    page.goto("/newsletter/")
    page.go_back()
    expect(page.locator(".comment")).to_have_count(before + came)


def test_more_replies_come_in_place(visit):
    root = much_is_answered()
    page = visit()
    page.goto(LONG)
    item = page.locator(f".thread > li:has(> #comment-{root.public_id})")
    link = item.get_by_role("link", name=re.compile("Show [0-9]+ more repl"))
    expect(item.locator(".comment-replies > li")).to_have_count(FIRST_REPLIES)
    link.focus()
    page.keyboard.press("Enter")
    expect(item.locator(".comment-replies > li")).to_have_count(root.live_below)
    expect(item.locator(".comment-name").nth(1 + FIRST_REPLIES)).to_be_focused()
    expect(link).to_have_count(0)
    came = root.live_below - FIRST_REPLIES
    words = "1 comment added." if came == 1 else f"{came} comments added."
    expect(page.get_by_role("status").filter(has_text="added")).to_have_text(words)


def test_what_was_read_is_noted_once_it_was_seen(visit):
    page = visit("reader")
    marks = ReadMark.objects.filter(user__email="reader@example.org", conversation__page__slug=LONG.split("/")[2])
    marks.delete()
    page.goto(LONG)
    page.wait_for_timeout(2500)
    assert not marks.exists()
    with page.expect_request("**/conversation/read/"):
        page.locator(".thread .comment").first.scroll_into_view_if_needed()
    for _ in range(50):
        if marks.exists():
            break
        page.wait_for_timeout(100)
    assert marks.exists()
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Marked as read.")).to_have_count(1)
    expect(page.locator("#conversation-title")).to_be_focused()
    expect(page).to_have_url(re.compile(f"{LONG}$"))


def much_is_said() -> None:
    """More than one page of comments, where that is not so yet."""
    page = Page.objects.get(slug=LONG.split("/")[2])
    members = User.objects.filter(is_demo=True, acceptances__version=rules.current(), grants=None, is_active=True)
    moderator = User.objects.get(email="moderator@example.org")
    for number, member in enumerate([*members] * 3):
        if page.conversation.comments.shown().filter(root=None).count() > PAGE_SIZE:
            return
        token = f"much-{page.conversation.comments.count()}-{number}"
        comment = posting.post(page, by=member, text="I read this twice.", token=token, rules_version=rules.current())
        deciding.approve(comment, by=moderator, version=comment.version)


def much_is_answered() -> Comment:
    """A root on the first page with more replies than stand under it."""
    page = Page.objects.get(slug=LONG.split("/")[2])
    members = User.objects.filter(is_demo=True, acceptances__version=rules.current(), grants=None, is_active=True)
    moderator = User.objects.get(email="moderator@example.org")
    root = page.conversation.comments.live().filter(root=None).order_by("-published_at", "-pk")[0]
    for number, member in enumerate(members):
        if root.live_below > FIRST_REPLIES + 1:
            break
        token = f"answer-{root.pk}-{number}"
        comment = posting.post(
            page, by=member, text="So did I.", token=token, rules_version=rules.current(), reply_to=root
        )
        if comment.status != Comment.Status.LIVE:
            deciding.approve(comment, by=moderator, version=comment.version)
        root.refresh_from_db()
    return root
