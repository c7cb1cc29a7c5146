"""From a manuscript on the command line to a moderated conversation under a signed page, by people in browsers."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts import policies
from accounts.models import OutboxMail
from articles.models import Publication, Revision, SignOff
from comments.models import Comment
from tests import cast
from tests.journeys.steps import link_in_mail, sign_in

pytestmark = pytest.mark.browser

MANUSCRIPT = Path(__file__).parent / "manuscript.txt"
TITLE = "Why Nights Are Short After Treatment, and What Can Help"
ADDRESS = "/articles/why-nights-are-short-after-treatment-and-what-can-help/"
FINE = "I walked round the block before breakfast, every day for a month.\n\nIt helped. 5 < 6 hours, but still."
NOT_FINE = "My neighbour in Mill Lane sleeps badly too, she tells everybody."
NEW_READER = "noor@example.org"
SUBSCRIBER = "letters@example.org"


@pytest.fixture(params=[pytest.param(False, marks=pytest.mark.journey_main), True], ids=["no script", "script"])
def visitor(request, new_page):
    """`visitor()`: somebody else's browser; with script and without."""
    return lambda **options: new_page(java_script_enabled=request.param, **options)


def test_from_manuscript_to_moderated_conversation(committed_db, site, manage, visitor):
    people = cast.people()
    for kind in ("rules", "privacy", "terms"):
        a_policy(kind, by=people.ada)
    draft_url = import_the_manuscript(manage, site, people)

    write_until_it_can_be_sent(visitor(), people.amara, draft_url)
    anonymous = visitor()
    assert anonymous.goto(ADDRESS).status == 404
    read_and_sign(visitor(), people.ruth)
    assert anonymous.goto(ADDRESS).status == 404
    publish(visitor(), people.edda)
    read_without_a_trace(anonymous)
    subscribe_and_leave(anonymous)

    reader = visitor()
    sign_up_on_the_way_to_a_comment(reader, anonymous)
    agree_and_write(reader, FINE)
    only_the_writer_sees(FINE, reader, anonymous, visitor(), people.nora)
    moderator = visitor()
    approve(moderator, people.max)
    anonymous.goto(ADDRESS)
    expect(anonymous.locator(".comment .comment-body")).to_contain_text("It helped. 5 < 6 hours, but still.")

    write_again(reader, NOT_FINE)
    reject(moderator)
    the_writer_learns_why(reader)
    anonymous.goto(ADDRESS)
    expect(anonymous.locator(".comment")).to_have_count(1)
    everything_holds(manage)


def a_policy(kind: str, *, by) -> None:
    if kind == "rules":
        cast.rules(SimpleNamespace(ada=by))
    else:
        policies.publish(kind, title=kind.title(), text="What we agree on.", clauses=[], changes="", by=by)


# From the command line to a public page


def import_the_manuscript(manage, site, people) -> str:
    done = manage("import_article", str(MANUSCRIPT), "--json", "--by", people.amara.email, SITE_URL=site.url)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["title"] == TITLE
    assert found["citations"] == [[1], [2, 3], [2], [3], [4, 5, 6, 7], [4, 5], [7]]
    assert found["references"] == 7
    assert found["draft_url"].startswith(f"{site.url}/desk/writing/")
    return found["draft_url"]


def write_until_it_can_be_sent(page: Page, writer, draft_url: str) -> None:
    sign_in(page, writer, urlsplit(draft_url).path)
    kept = page.get_by_role("region", name="From the manuscript")
    expect(kept).to_contain_text("3 lines were left out")
    expect(kept).to_contain_text("the date can be read in two ways")
    expect(kept).to_contain_text("It is never a sign-off")

    page.get_by_role("button", name="Send for review").click()
    refused = page.locator(".error-summary")
    expect(refused).to_contain_text("cannot go to review yet")
    expect(refused).to_contain_text("Reference 1")
    expect(refused).to_contain_text("Reference 7")
    expect(refused).to_contain_text(re.compile("figure", re.I))
    assert not Revision.objects.exists()

    page.get_by_label("Standfirst").fill("Short nights are common after treatment. Small habits help most people.")
    for number in range(1, 8):
        fill_reference(page, number)
    picture = cast.picture(1200, 675)
    page.get_by_label("Picture file").set_input_files(
        {"name": picture.name, "mimeType": picture.content_type, "buffer": picture.read()}
    )
    page.get_by_role("group", name="Nolvadex® tamoxifen").get_by_label("Link it").check()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    expect(page.get_by_text("Nothing keeps this draft from review.")).to_be_visible()
    expect(page.get_by_label("Authors").nth(3)).to_have_value("Okoro A; Lind BC")
    expect(page.locator("img.block-picture")).to_be_visible()
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent for review. The text is frozen")).to_be_visible()
    assert Revision.objects.get().page.get_absolute_url() == ADDRESS


def fill_reference(page: Page, number: int) -> None:
    row = page.get_by_role("group", name=f"Reference {number}", exact=True)
    row.get_by_label("Title").fill(f"Sleep after treatment, part {number}")
    row.get_by_label("Authors").fill("Okoro A; Lind BC")
    row.get_by_label("Journal or source").fill("Journal of Examples")
    row.get_by_label("Year").fill("2021")
    row.get_by_label("DOI, PMID or web address").fill(f"10.5555/night.{number}")


def read_and_sign(page: Page, reviewer) -> None:
    sign_in(page, reviewer, "/desk/review/")
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.locator("#why-not")).to_contain_text("claims are not checked yet")
    compare_each_claim_with_its_sources(page)
    page.get_by_role("link", name="Sign revision 1").click()
    expect(page.locator(".statement")).to_contain_text("Ruth Adeyemi")
    page.get_by_label("This is my statement").check()
    page.get_by_label("Your password").fill("not my password")
    page.get_by_role("button", name="Sign revision 1").click()
    expect(page.locator(".error-summary")).to_contain_text("Nothing was signed")
    assert not SignOff.objects.exists()
    page.get_by_label("Your password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign revision 1").click()
    expect(page.get_by_role("heading", name="You signed revision 1")).to_be_visible()
    assert SignOff.objects.get().content_hash == Revision.objects.get().content_hash


def compare_each_claim_with_its_sources(page: Page) -> None:
    claims = page.get_by_role("region", name="Claims and sources")
    for box in claims.get_by_role("checkbox").all():
        box.check()
    claims.get_by_role("button", name="Save checks").click()
    expect(page.locator("#why-not")).to_have_count(0)


def publish(page: Page, editor) -> None:
    sign_in(page, editor, "/desk/review/?lane=signed")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("is public now")).to_be_visible()
    page.get_by_role("link", name="Open the public page").click()
    expect(page).to_have_url(re.compile(f"{ADDRESS}$"))


# What readers find


def read_without_a_trace(page: Page) -> None:
    answer = page.goto(ADDRESS)
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    stamp = page.locator(".stamp")
    expect(stamp).to_contain_text("Medically reviewed by Ruth Adeyemi, MD")
    expect(stamp).to_contain_text("Last reviewed")
    marks = [
        mark.removeprefix("References").removeprefix("Reference").strip() for mark in texts(page.locator(".citation a"))
    ]
    assert marks == ["1", "2,3", "2", "3", "4-7", "4,5", "7"]
    expect(page.locator("article img")).to_have_attribute("alt", re.compile("^Drawing of a bedroom at night"))
    expect(page.get_by_text("Nolvadex").first).to_contain_text("tamoxifen")
    expect(page.get_by_text("By giving your email address you agree")).to_be_visible()
    expect(page.locator(".rules-box")).to_contain_text(
        "Join the conversation — please read our rules before commenting."
    )
    follow_a_citation_and_come_back(page)
    assert page.context.cookies() == []


def follow_a_citation_and_come_back(page: Page) -> None:
    """The link alone, as it works without script: the addresses lead to the first source and back to the marker."""
    marker = page.locator(".citation a").nth(4)
    first_source = page.locator(marker.get_attribute("href"))
    expect(first_source).to_contain_text("Sleep after treatment, part 4")
    back = first_source.locator(".references-back a").first
    assert back.get_attribute("href") == f"#{marker.get_attribute('id')}"
    back.click()
    expect(page).to_have_url(re.compile(f"#{marker.get_attribute('id')}$"))


def texts(found: Locator) -> list[str]:
    return [" ".join(text.split()) for text in found.all_text_contents()]


def subscribe_and_leave(page: Page) -> None:
    page.goto(ADDRESS)
    box = page.get_by_role("region", name="Plain answers, by email")
    box.get_by_label("Email address").fill(SUBSCRIBER)
    box.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.goto(link_in_mail(SUBSCRIBER, "newsletter_confirm"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="You are on the list")).to_be_visible()
    page.goto(leave_address())
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="You are off the list")).to_be_visible()
    assert page.context.cookies() == []


def leave_address() -> str:
    """Where the mail program's own button leads: every mail of the newsletter names it."""
    return OutboxMail.objects.get(to=SUBSCRIBER).headers["List-Unsubscribe"].strip("<>")


# The conversation


def sign_up_on_the_way_to_a_comment(page: Page, anonymous: Page) -> None:
    page.goto(ADDRESS)
    page.get_by_role("link", name="Write a comment").click()
    page.get_by_role("link", name="Create an account").first.click()
    page.get_by_label("Email address").fill(NEW_READER)
    page.get_by_label("Name that others see").fill("noor")
    page.get_by_label("Password").fill("three words in a row")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text(NEW_READER)).to_be_visible()
    page.goto(link_in_mail(NEW_READER, "email_confirmation_signup"))
    page.get_by_role("button", name="Confirm").click()
    expect(page).to_have_url(re.compile(f"{ADDRESS}comment/$"))


def agree_and_write(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", name="Read our rules first")).to_be_visible()
    expect(page.locator(".rule-list")).to_contain_text("Protect privacy")
    expect(page.locator("textarea")).to_have_count(0)
    page.get_by_role("button", name="Accept the rules").click()
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(".errorlist")).to_contain_text("Write your comment before you post it.")
    page.get_by_label("Your comment").fill(words)
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_text("A moderator will read your comment before it appears.")).to_be_visible()


def write_again(page: Page, words: str) -> None:
    page.goto(f"{ADDRESS}comment/")
    page.get_by_label("Your comment").fill(words)
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(".comment-pending")).to_contain_text(words)


def only_the_writer_sees(words: str, writer: Page, anonymous: Page, other: Page, member) -> None:
    pending = writer.locator(".comment-pending")
    expect(pending).to_contain_text("Waiting for a moderator. Only you can see this.")
    expect(pending.locator(".comment-body p")).to_have_text(words.split("\n\n"))
    sign_in(other, member, "/me/")
    for page in (anonymous, other):
        page.goto(ADDRESS)
        expect(page.locator(".comment")).to_have_count(0)
        expect(page.get_by_text("No comments yet.")).to_be_visible()


def approve(page: Page, moderator) -> None:
    sign_in(page, moderator, "/desk/")
    page.get_by_role("link", name="Moderation").first.click()
    expect(page.locator(".comment .comment-body")).to_contain_text("I walked round the block")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved.").first).to_be_visible()


def reject(page: Page) -> None:
    page.goto("/desk/moderation/")
    expect(page.locator(".comment .comment-body")).to_contain_text("Mill Lane")
    page.get_by_role("button", name="Reject").click()
    page.get_by_label("Shares private details").check()
    page.get_by_label("Which rule does it break?").select_option("2. Protect privacy")
    page.get_by_label("What the member will see").fill("Please leave out where your neighbour lives.")
    page.get_by_role("button", name="Reject and tell the member").click()
    expect(page.get_by_text("Rejected.").first).to_be_visible()


def the_writer_learns_why(page: Page) -> None:
    page.goto("/me/comments/")
    refused = page.locator(".my-comment", has_text="Mill Lane")
    expect(refused).to_contain_text("We did not publish this comment.")
    expect(refused).to_contain_text("It broke rule 2: Protect privacy.")
    expect(refused).to_contain_text("Please leave out where your neighbour lives.")
    expect(page.locator(".my-comment", has_text="It helped.")).to_contain_text("Published")


# Afterwards


def everything_holds(manage) -> None:
    assert Publication.objects.count() == 1
    assert sorted(Comment.objects.values_list("status", flat=True)) == ["live", "rejected"]
    done = manage("verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["failures"] == []
