"""Everything that people do, without a line of script."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import OutboxMail
from articles.models import Draft, Review
from comments.models import Comment, Report
from comments.workflow import deciding, following, posting
from tests import cast
from tests.cast import PASSWORD
from tests.journeys.steps import already_signed_in, card_of, link_in_mail, said, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(new_page):
    """`plain(company.rita)`: the page of somebody signed in, without script."""
    return lambda who=None, **options: already_signed_in(new_page(java_script_enabled=False, **options), who)


def comment_page(company) -> str:
    return f"{company.page.get_absolute_url()}comment/"


# Members


def test_on_a_phone_from_the_rules_to_an_approved_reply(company, plain):
    asked = said(company, "Does the tingling ever stop?")
    deciding.approve(asked, by=company.max, version=asked.version)
    page = plain(company.nora, viewport={"width": 390, "height": 844})
    page.goto(asked.get_absolute_url())
    comment = page.locator(f"#comment-{asked.public_id}")
    for act in comment.locator(".comment-actions").locator("a, button").all():
        assert min(act.bounding_box()["width"], act.bounding_box()["height"]) >= 44, act.inner_text()
    comment.get_by_role("button", name="Helpful").click()
    expect(comment.get_by_role("button", name="Helpful")).to_contain_text("1")
    comment.get_by_role("link", name="Reply").click()
    page.get_by_role("button", name="Accept the rules").click()
    expect(page.locator("blockquote")).to_contain_text("Does the tingling ever stop?")
    page.get_by_label("Your reply").fill("Mine did. Ring me on 555 014 2277 99.")
    page.get_by_label("Email me when somebody answers").check()
    page.get_by_role("button", name="Post reply").click()
    question = page.get_by_role("region", name="You are about to post")
    expect(question.locator("mark")).to_contain_text("555 014 2277 99")
    page.get_by_label("Your reply").fill("Mine did, after a winter.")
    page.get_by_role("button", name="Post reply").click()
    waiting = page.locator(".comment-pending")
    expect(waiting).to_contain_text("Mine did, after a winter.")
    waiting.get_by_role("link", name="Edit").click()
    page.get_by_label("Your comment").fill("Mine did, after two winters.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("#comment-"))
    expect(page.locator(".comment-pending")).to_contain_text("Mine did, after two winters.")
    reply = Comment.objects.get(author=company.nora)
    desk = plain(company.max)
    desk.goto(card_of(reply))
    desk.get_by_role("button", name="Approve").click()
    expect(desk.get_by_text("Approved.")).to_be_visible()
    the_reply_is_public(plain(), company, reply)
    and_she_leaves_by_the_link_of_the_mail(plain(), company, reply)


def the_reply_is_public(page: Page, company, reply: Comment) -> None:
    """Strangers read it below what it answers, and its writer asked for mail about answers to it."""
    page.goto(reply.get_absolute_url())  # others may have said so much meanwhile that it stands on a further page
    words = page.locator(f"#comment-{reply.public_id}")
    expect(words).to_contain_text("Mine did, after two winters.")
    assert company.nora.follows.get(comment=reply).by_mail


def and_she_leaves_by_the_link_of_the_mail(page: Page, company, reply: Comment) -> None:
    """Somebody answers her; the worker tells her; two presses, without signing in, and she is told no more."""
    answer = posting.post(
        company.page, by=company.rita, text="Thank you.", token="an-answer", rules_version=company.rules, reply_to=reply
    )
    deciding.approve(answer, by=company.max, version=answer.version)
    following.announce_pending(timezone.now() + timedelta(minutes=1))
    letter = OutboxMail.objects.get(to=company.nora.email, key__endswith=f"-{answer.pk}")
    assert "Thank you." not in letter.text
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    page.goto(letter.headers["List-Unsubscribe"].strip("<>").replace(settings.SITE_URL, ""))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="You are told no more")).to_be_visible()
    assert company.nora.follows.get(comment=reply).left_at


def test_a_reply_to_what_vanished_becomes_a_comment_of_its_own(company, plain):
    asked = said(company, "Soon gone.")
    deciding.approve(asked, by=company.max, version=asked.version)
    page = plain(company.rita)
    page.goto(f"{asked.get_absolute_url()}reply/")
    page.get_by_label("Your reply").fill("Not so quickly.")
    deciding.hide(asked, by=company.max, version=asked.version)
    page.get_by_role("button", name="Post reply").click()
    expect(page.locator(".error-summary")).to_contain_text("no longer public")
    page.get_by_role("button", name="Post as a comment of its own").click()
    expect(page.locator(".comment-pending").filter(has_text="Not so quickly.")).to_be_visible()


def test_a_wrong_password_then_the_right_one_then_out(company, plain):
    page = plain()
    page.goto("/account/login/")
    page.get_by_label("Email address").fill(company.rita.email)
    page.get_by_label("Password").fill("something else")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".error-summary")).to_contain_text("We could not sign you in")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/me/")
    expect(page).to_have_url(re.compile("/account/login/"))


def test_a_forgotten_password(company, plain):
    page = plain()
    page.goto("/account/login/")
    page.get_by_role("link", name="I forgot my password").click()
    page.get_by_label("Email").fill(company.nora.email)
    page.get_by_role("main").get_by_role("button").click()
    page.goto(link_in_mail(company.nora.email, "password_reset_key"))
    for field in page.locator("input[type=password]").all():
        field.fill("another three words here")
    page.get_by_role("button", name="Save the new password").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    company.nora.refresh_from_db()
    assert company.nora.check_password("another three words here")


def test_a_comment_is_looked_at_before_it_is_sent_and_taken_back_after(company, plain):
    page = plain(company.rita)
    page.goto(comment_page(company))
    page.get_by_label("Your comment").fill("One line.\n\nAnd <b>another</b> one.")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.locator("p")).to_have_text(["One line.", "And <b>another</b> one."])
    expect(page.get_by_label("Your comment")).to_have_value("One line.\n\nAnd <b>another</b> one.")
    page.get_by_role("button", name="Post comment").click()
    pending = page.locator(".comment-pending")
    expect(pending).to_contain_text("Waiting for a moderator.")
    pending.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete this comment").click()
    expect(page.get_by_text("Your comment is deleted.")).to_be_visible()
    assert Comment.objects.get(author=company.rita).status == Comment.Status.WITHDRAWN


def test_too_many_letters_are_kept_and_counted(company, plain):
    page = plain(company.rita)
    page.goto(comment_page(company))
    page.get_by_label("Your comment").fill("a" * 2001)
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(".errorlist")).to_contain_text("1 character")
    expect(page.get_by_label("Your comment")).to_have_value("a" * 2001)


def test_words_written_before_the_session_ended_come_back_after_signing_in(company, plain):
    page = plain(company.rita)
    page.goto(comment_page(company))
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Your comment").fill("Half an hour of typing.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(page.get_by_text("Half an hour of typing.")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Sign in").first.click()
    page.get_by_label("Email address").fill(company.rita.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Your comment")).to_have_value("Half an hour of typing.")


def test_a_report_and_what_becomes_of_it(company, plain):
    comment = said(company, "Nobody needs a doctor for that.")
    deciding.approve(comment, by=company.max, version=comment.version)
    page = plain(company.nora)
    page.goto(company.page.get_absolute_url())
    page.locator(f"#comment-{comment.public_id} a.report-link").click()
    page.get_by_role("button", name="Send report").click()
    expect(page.locator(".errorlist")).to_contain_text("Choose what is wrong.")
    page.get_by_label("It could harm someone’s health").check()
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Thank you. We have your report")).to_be_visible()
    receipt = page.url
    assert Report.objects.get(comment=comment).reporter == company.nora
    page = plain(company.mona)
    page.goto(card_of(comment, "reported"))
    expect(page.get_by_text("It could harm someone’s health.").first).to_be_visible()
    page.get_by_role("button", name="Keep it public").click()
    expect(page.get_by_text("Closed, with no change.")).to_be_visible()
    page = plain(company.nora)
    page.goto(receipt)
    expect(page.get_by_text("We read the comment again, and it stays.")).to_be_visible()


def test_a_refused_comment_is_appealed_and_somebody_else_decides(company, plain):
    comment = said(company, "The tea of my aunt helps everybody.")
    clause = company.rules.clauses.first()
    refusal = {"reason": "other", "clause": clause, "message": "Please tell what helped you."}
    deciding.reject(comment, by=company.max, version=comment.version, **refusal)
    page = plain(company.rita)
    page.goto("/me/comments/?status=not-published")
    expect(page.locator(".my-comment")).to_contain_text("Please tell what helped you.")
    page.get_by_role("link", name="Ask us to look again").click()
    page.get_by_label("Why should we look again?").fill("It is only tea.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("A moderator who did not decide the first time will answer.").first).to_be_visible()
    second = plain(company.mona)
    second.goto(card_of(comment, "appeal"))
    expect(second.get_by_text("It is only tea.")).to_be_visible()
    second.get_by_role("button", name="Restore").click()
    expect(second.get_by_text("Restored.")).to_be_visible()
    page.goto(company.page.get_absolute_url())
    expect(page.locator(".comment")).to_contain_text("The tea of my aunt helps everybody.")


# Desks


def test_a_writer_begins_a_page_and_puts_its_blocks_in_order(company, plain):
    page = plain(company.amara)
    page.goto("/desk/writing/")
    page.get_by_role("link", name="New article").click()
    page.get_by_role("button", name="Begin the draft").click()
    expect(page.locator(".errorlist")).to_be_visible()
    page.get_by_label("Title").fill("Feet that tingle")
    page.get_by_role("button", name="Begin the draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Feet that tingle")
    add_a_block(page, "First of all.")
    add_a_block(page, "And then?")
    blocks = page.get_by_role("textbox", name=re.compile("^Paragraph"))
    last = blocks.count()
    page.get_by_role("button", name=f"Up {last}").click()
    expect(blocks.nth(last - 1)).to_have_value("First of all.")
    page.get_by_label(f"Block {last - 1}").select_option("Heading 2")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    draft = Draft.objects.get(page__slug="feet-that-tingle")
    kinds = [block["type"] for block in draft.content["body"]["content"]]
    assert kinds[-2:] == ["heading", "paragraph"]


def add_a_block(page: Page, words: str) -> None:
    page.get_by_role("button", name="Add a block").click()
    page.get_by_role("textbox", name=re.compile("^Paragraph")).last.fill(words)


def test_two_writers_at_one_draft_lose_nothing(company, plain):
    draft = cast.draft(company.amara, title="Two at one desk")
    address = f"/desk/writing/{draft.pk}/"
    amara, edda = plain(company.amara), plain(company.edda)
    for page in (amara, edda):
        page.goto(address)
    edda.get_by_label("Standfirst").fill("By Edda.")
    edda.get_by_role("button", name="Save draft").click()
    expect(edda.get_by_text("The draft is saved.")).to_be_visible()
    amara.get_by_label("Standfirst").fill("By Amara.")
    amara.get_by_role("button", name="Save draft").click()
    expect(amara.get_by_role("alert").first).to_contain_text("Edda Lind")
    expect(amara.get_by_label("Standfirst")).to_have_value("By Amara.")
    assert Draft.objects.get(page=draft).content["standfirst"] == "By Edda."


def test_a_reviewer_notes_asks_and_the_writer_sends_anew(company, plain):
    opened = cast.open_review(company, title=f"Questions for {company.ruth.handle}")
    page = plain(company.ruth)
    page.goto(f"/desk/review/{opened.pk}/")
    page.get_by_text("Write a note").click()
    page.get_by_label("Your note").fill("Where does this number come from?")
    page.get_by_label("This must be settled before anybody signs").check()
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("Where does this number come from?")).to_be_visible()
    expect(page.get_by_role("link", name="Sign revision 1")).to_have_attribute("aria-disabled", "true")
    page.get_by_label("What should change").fill("Please name the source.")
    page.get_by_role("button", name="Send it back to the writers").click()
    opened.refresh_from_db()
    assert opened.status == Review.Status.CHANGES_ASKED
    page = plain(company.amara)
    page.goto(f"/desk/writing/{opened.page_id}/")
    page.get_by_label("Standfirst").fill("Now with its source.")
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent for review.")).to_be_visible()
    assert opened.page.reviews.count() == 2


def test_an_editor_takes_a_page_down(company, plain):
    page = plain()
    sign_in(page, company.edda, "/desk/review/live/")
    page.goto(f"/desk/review/pages/{company.page.pk}/withdraw/")
    page.get_by_label("For safety").check()
    page.get_by_label("What readers are told").fill("a dose in it was wrong.")
    page.get_by_role("button", name="Take it down now").click()
    expect(page.get_by_text("The page was taken down.")).to_be_visible()
    answer = plain().goto(company.page.get_absolute_url())
    assert answer.status == 410
    assert "a dose in it was wrong." in answer.text()
