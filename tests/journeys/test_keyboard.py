"""By keyboard alone: read, sign in, comment and moderate, with the focus in sight at every step."""

import re

import pytest
from playwright.sync_api import Page, expect

from comments.models import Comment
from comments.workflow import deciding
from tests.cast import PASSWORD
from tests.journeys.steps import already_signed_in, card_of, said

pytestmark = pytest.mark.browser

# The focused element, its words, and whether eyes can find it: a ring, inside the window, under nothing else.
FOCUS = """() => {
  const node = document.activeElement;
  const place = node.closest("label") ?? node;
  const { left, top, right, bottom } = place.getBoundingClientRect();
  const ringed = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const hit = document.elementFromPoint((left + right) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2);
  return {
    words: (node.labels?.[0]?.innerText ?? node.innerText ?? "").trim() || node.value || node.ariaLabel || "",
    // A link that fills its row has its ring there.
    ring: [node, node.closest("li") ?? node].some((one) => ringed(getComputedStyle(one))),
    inside: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
    covered: !hit || !(place.contains(hit) || hit.contains(place)),
  };
}"""


def tab_to(page: Page, words: str, key: str = "Tab") -> None:
    """Press Tab until this has the focus; on the way the focus never hides."""
    passed = []
    page.wait_for_load_state("load")
    for _press in range(80):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        passed.append(focus["words"])
        assert focus["ring"], f"no ring on {focus}"
        assert focus["inside"], f"out of sight: {focus}"
        assert not focus["covered"], f"something covers {focus}"
        if words in focus["words"]:
            return
    pytest.fail(f"Tab never came to “{words}”, but to {passed}")


def test_a_reader_comments_changes_her_words_and_replies(company, new_page):
    asked = said(company, "What did you do in the evenings?")
    deciding.approve(asked, by=company.max, version=asked.version)
    page = new_page()
    page.goto(company.page.get_absolute_url())
    tab_to(page, "Skip to the article")
    tab_to(page, "Skip to the conversation")
    page.keyboard.press("Enter")
    tab_to(page, "Write a comment")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    tab_to(page, "Email address")
    page.keyboard.type(company.nora.email)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Read our rules first")).to_be_visible()
    tab_to(page, "Accept the rules")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your comment")).to_be_visible()
    tab_to(page, "Post comment")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    tab_to(page, "Write your comment before you post it")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your comment")).to_be_focused()
    page.keyboard.type("A warm bath at eight. I still do it.")
    tab_to(page, "Post comment")
    page.keyboard.press("Space")
    expect(page.locator(".comment-pending")).to_contain_text("A warm bath at eight.")
    expect(page.locator(".comment-pending .notice")).to_be_focused()
    tab_to(page, "Edit")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your comment")).to_have_value("A warm bath at eight. I still do it.")
    tab_to(page, "Your comment")
    page.keyboard.press("Control+End")
    page.keyboard.type(" Every day.")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.locator(".comment-pending")).to_contain_text("I still do it. Every day.")
    tab_to(page, "Reply")
    page.keyboard.press("Enter")
    expect(page.locator("blockquote")).to_contain_text("What did you do in the evenings?")
    tab_to(page, "Your reply")
    page.keyboard.type("See above.")
    tab_to(page, "Post reply")
    page.keyboard.press("Enter")
    expect(page.locator(".comment-pending").filter(has_text="See above.")).to_be_visible()
    page.goto(company.page.get_absolute_url())
    tab_to(page, "Skip to the article")


def test_focus_is_in_sight_through_a_whole_article_in_the_dark(company, new_page):
    page = new_page(color_scheme="dark")
    page.goto(company.page.get_absolute_url())
    tab_to(page, "Write a comment")
    tab_to(page, "Accessibility")
    tab_to(page, "Write a comment", key="Shift+Tab")


def test_a_moderator_approves_with_the_tab_key(company, new_page):
    comment = said(company, "I count the stairs of my first school.")
    page = already_signed_in(new_page(), company.max)
    page.goto(card_of(comment))
    tab_to(page, "Skip to main content")
    page.keyboard.press("Enter")
    tab_to(page, "Approve")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approved.").first).to_be_visible()


def test_a_moderator_works_with_single_keys(company, new_page):
    first, second, third = (said(company, f"The {nth} night was the worst.") for nth in ("first", "second", "third"))
    page = already_signed_in(new_page(), company.max)
    page.goto(card_of(first))
    page.keyboard.press("j")
    page.wait_for_url(re.compile(second.public_id))
    page.keyboard.press("k")
    page.wait_for_url(re.compile(first.public_id))
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.").first).to_be_visible()
    page.goto(card_of(third))
    page.keyboard.press("r")
    expect(page.get_by_text("Why are you rejecting this comment?")).to_be_visible()
    # The script shows this switch when it has begun to listen.
    expect(page.get_by_role("button", name="Turn shortcuts off")).to_be_visible()
    page.keyboard.press("6")
    expect(page.get_by_label("Not about this page")).to_be_checked()
    page.get_by_label("What the member will see").press_sequentially("a and r are letters here")
    expect(page.get_by_label("What the member will see")).to_have_value(re.compile("a and r are letters here"))
    tab_to(page, "Reject and tell the member")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rejected.").first).to_be_visible()
    assert status(first, third) == ["live", "rejected"]


def test_a_moderator_clears_a_lane_without_the_mouse(company, new_page):
    comments = [said(company, f"Window open, {nth} blanket.") for nth in ("first", "second", "third")]
    page = already_signed_in(new_page(), company.max)
    page.goto(card_of(comments[0]))
    expect(page.get_by_role("button", name="Turn shortcuts off")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    # Keys rest behind an open dialog.
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_hidden()
    assert status(*comments) == ["held", "held", "held"]
    page.keyboard.press("a")
    expect(page.locator(".toasts")).to_contain_text("Approved.")
    # edge case 58: the next comment has the focus, and what was done is said.
    expect(page.locator("#comment-author")).to_be_focused()
    expect(page.get_by_text("You have it until")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text("Taken back. It stands as before.")).to_be_visible()
    assert status(comments[0]) == ["held"]
    for comment in comments:
        page.goto(card_of(comment))
        expect(page.get_by_role("button", name="Turn shortcuts off")).to_be_visible()
        page.keyboard.press("a")
        expect(page.locator(".toasts")).to_contain_text("Approved.")
    assert status(*comments) == ["live", "live", "live"]


def test_keys_open_the_steps_and_numbers_the_lanes(company, new_page):
    comment = said(company, "Two socks on each foot.")
    page = already_signed_in(new_page(), company.max)
    page.goto(card_of(comment))
    # The script shows this switch when it has begun to listen.
    listening = page.get_by_role("button", name="Turn shortcuts off")
    expect(listening).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Pass on to a more urgent lane")).to_be_visible()
    expect(listening).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Ask the medical team")).to_be_visible()
    expect(listening).to_be_visible()
    page.keyboard.press("1")
    page.wait_for_url(re.compile("/desk/moderation/crisis/"))
    assert status(comment) == ["held"]


def test_single_keys_can_be_turned_off(company, new_page):
    comment = said(company, "Cold windows, warm socks.")
    page = already_signed_in(new_page(), company.mona)
    page.goto(card_of(comment))
    page.get_by_role("button", name="Turn shortcuts off").press("Enter")
    expect(page.get_by_role("button", name="Turn shortcuts on")).to_be_visible()
    expect(page.locator(".decide kbd").first).to_be_hidden()
    page.keyboard.press("a")
    # In another browser as well.
    other = already_signed_in(new_page(), company.mona)
    other.goto(card_of(comment))
    expect(other.get_by_role("button", name="Turn shortcuts on")).to_be_visible()
    other.keyboard.press("a")
    other.get_by_role("button", name="Turn shortcuts on").press("Enter")
    expect(other.get_by_role("button", name="Turn shortcuts off")).to_be_visible()
    assert status(comment) == ["held"]
    other.keyboard.press("a")
    expect(other.locator(".toasts")).to_contain_text("Approved.")


def status(*comments: Comment) -> list[str]:
    return [Comment.objects.get(pk=comment.pk).status for comment in comments]
