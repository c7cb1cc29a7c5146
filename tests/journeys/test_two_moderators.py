"""Two moderators press at the same moment: one decision is made, and the other one is told whose it was."""

import pytest
from playwright.sync_api import expect

from comments.models import Decision
from tests.journeys.steps import already_signed_in, card_of, said

pytestmark = pytest.mark.browser


def test_the_second_is_told_who_was_first(company, new_page):
    comment = said(company, "Warm feet, that was all it took.")
    max_, mona = (already_signed_in(new_page(), who) for who in (company.max, company.mona))
    for page in (max_, mona):
        page.goto(card_of(comment))
    max_.get_by_role("button", name="Approve").click()
    expect(max_.get_by_text("Approved.").first).to_be_visible()
    with mona.expect_response(lambda answer: answer.request.method == "POST") as second:
        mona.get_by_role("button", name="Approve").click()
    assert second.value.status == 409
    expect(mona.get_by_role("alert")).to_contain_text("Already approved by Max Okafor")
    expect(mona.get_by_role("alert")).to_be_focused()
    assert Decision.objects.filter(comment=comment).count() == 1


def test_of_two_at_once_one_wins(company, new_page):
    comment = said(company, "A book on tape, and the lamp off.")
    pages = [already_signed_in(new_page(), who) for who in (company.max, company.mona)]
    for page in pages:
        page.goto(card_of(comment))
    for page in pages:
        # Pressed from within the page, so that nobody waits for the answer to the first.
        page.get_by_role("button", name="Approve").evaluate("button => void setTimeout(() => button.click(), 0)")
    won, lost = (pages[0].get_by_text("Approved."), pages[1].get_by_text("Approved."))
    refused = [page.get_by_role("alert").filter(has_text="Already approved") for page in pages]
    expect(won.or_(refused[0]).first).to_be_visible()
    expect(lost.or_(refused[1]).first).to_be_visible()
    assert [place.count() for place in refused] in ([0, 1], [1, 0])
    assert Decision.objects.filter(comment=comment).count() == 1


def test_rejecting_what_was_approved_meanwhile_loses_no_word(company, new_page):
    comment = said(company, "My team said to call at night as well.")
    max_, mona = (already_signed_in(new_page(), who) for who in (company.max, company.mona))
    mona.goto(f"{card_of(comment)}&step=reasons")
    mona.get_by_label("Another reason").check()
    mona.get_by_label("Which rule does it break?").select_option(index=1)
    max_.goto(card_of(comment))
    max_.get_by_role("button", name="Approve").click()
    expect(max_.get_by_text("Approved.").first).to_be_visible()
    mona.get_by_role("button", name="Reject and tell the member").click()
    expect(mona.get_by_role("alert")).to_contain_text("Already approved by Max Okafor")
    comment.refresh_from_db()
    assert comment.status == "live"


def test_a_colleagues_comment_is_skipped_or_taken_over(company, new_page):
    comment = said(company, "The radio helps, very low.")
    max_, mona = (already_signed_in(new_page(), who) for who in (company.max, company.mona))
    max_.goto(card_of(comment))
    max_.get_by_role("button", name="Take it", exact=True).click()
    expect(max_.get_by_text("You have it until")).to_be_visible()
    mona.goto(card_of(comment))
    expect(mona.get_by_text("Max Okafor opened this comment just now.")).to_be_visible()
    mona.get_by_role("link", name="Take it over").click()
    mona.get_by_label("Why?").fill("Max went home.")
    mona.get_by_role("button", name="Take it over").click()
    expect(mona.get_by_text("You have it until")).to_be_visible()
    max_.reload()
    expect(max_.get_by_text("Mona Reyes opened this comment just now.")).to_be_visible()
