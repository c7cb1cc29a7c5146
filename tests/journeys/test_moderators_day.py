"""A moderator's day: twenty comments by keys alone and without script, somebody in danger, a side effect handed over."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import policies
from accounts.models import OutboxMail
from comments import protocol, tasks
from comments.models import AdverseEvent, Comment, CrisisCase, Decision, QueueItem
from comments.workflow import reporting, safety
from tests import cast as actors
from tests.comments.conftest import a_world, publish, write
from tests.journeys.steps import already_signed_in, link_in_mail

pytestmark = pytest.mark.browser

MESSAGE = "Dear Rita, we read what you wrote and are glad that you told somebody. How are you tonight?"


@pytest.fixture
def world(committed_db, site):
    """A database of this journey's own, so that nothing of others waits on the desk."""
    return a_world()


@pytest.fixture
def twenty(world) -> list[Comment]:
    """What waits: five that readers reported, and fifteen by three members nobody has read before."""
    public = [publish(world, text=f"Evening {n}: tea, a book, the lamp off.") for n in range(5)]
    for comment in public:
        reporting.report(comment, by=world.nora, reason="other", text="Please look at it.")
    waiting = []
    for n in range(3):
        member = actors.person(f"new{n}", name=f"Newcomer {n}")
        policies.accept(member, world.rules)
        waiting += [write(world, by=member, text=f"Night {n}.{m}: the window open helps.") for m in range(5)]
    return public + waiting


def is_clear(world, page: Page) -> None:
    """Nothing is left, each comment was decided once, and the refused ones carry a rule and words for their authors."""
    expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
    assert not QueueItem.objects.filter(closed_at=None).exists()
    standing = Decision.objects.filter(decided_by=world.mona, undoes=None, undone_by=None)
    assert standing.values("comment").distinct().count() == standing.count() == 20
    assert Comment.objects.filter(status="live").count() == 17
    for decision in Decision.objects.filter(to_status="rejected"):
        assert decision.clause is not None
        assert decision.words.message


def test_twenty_comments_by_keys_alone(world, twenty, new_page):
    page = already_signed_in(new_page(), world.mona)
    page.goto("/desk/moderation/")
    for left in range(4, -1, -1):
        press(page, "a")
        expect(page.locator(".toasts")).to_contain_text(f"Closed, with no change. {left} left.")
    # The last of a lane leads to the next lane, with its first comment open.
    page.wait_for_url(re.compile("/desk/moderation/first/"))
    press(page, "a")
    expect(page.locator(".toasts")).to_contain_text("Approved. 14 left.")
    press(page, "z")
    expect(page.get_by_text("Taken back. It stands as before.")).to_be_visible()
    for left in range(14, 2, -1):
        press(page, "a")
        expect(page.locator(".toasts")).to_contain_text(f"Approved. {left} left.")
    for left in range(2, -1, -1):
        press(page, "r")
        expect(page.get_by_text("Why are you rejecting this comment?")).to_be_visible()
        press(page, "6")
        expect(page.get_by_label("Not about this page")).to_be_checked()
        page.keyboard.press("Enter")
        expect(page.locator(".toasts")).to_contain_text(f"Rejected. {left} left.")
    is_clear(world, page)


def press(page: Page, key: str) -> None:
    """Once the script listens, which it shows on the page."""
    expect(page.get_by_role("button", name="Turn shortcuts off")).to_be_visible()
    page.keyboard.press(key)


def test_twenty_comments_without_script(world, twenty, new_page):
    page = already_signed_in(new_page(java_script_enabled=False), world.mona)
    page.goto("/desk/moderation/")
    for left in range(4, -1, -1):
        page.get_by_role("button", name="Keep it public").click()
        expect(page.get_by_text(f"Closed, with no change. {left} left.").first).to_be_visible()
    for left in range(14, 2, -1):
        page.get_by_role("button", name="Approve", exact=False).click()
        expect(page.get_by_text(f"Approved. {left} left.").first).to_be_visible()
    for left in range(2, -1, -1):
        page.get_by_role("button", name="Reject").click()
        page.get_by_label("Not about this page").check()
        page.get_by_role("button", name="Reject and tell the member").click()
        expect(page.get_by_text(f"Rejected. {left} left.").first).to_be_visible()
    is_clear(world, page)


def test_somebody_in_danger_from_her_words_to_the_last_look(world, new_page, settings, time_machine):
    settings.CRISIS_ON_CALL, settings.DEFAULT_COUNTRY = ("night@example.org",), "GB"
    time_machine.move_to(timezone.now())
    rita, max_, mona = (already_signed_in(new_page(), who) for who in (world.rita, world.max, world.mona))
    rita.goto(f"{world.page.get_absolute_url()}comment/")
    rita.get_by_label("Your comment").fill("I do not want to live any more. I saved up my pills.")
    rita.get_by_role("button", name="Post comment").click()
    expect(rita.get_by_text("116 123").first).to_be_visible()
    expect(new_page_of_a_stranger(new_page, world)).not_to_contain_text("pills")

    # Whoever is on call opens the link of the mail, and a colleague comes to help.
    max_.goto(link_in_mail("night@example.org", "comments/crisis_opened"))
    max_.get_by_role("button", name="Work on it").click()
    mona.goto(max_.url)
    expect(mona.get_by_text("Max Okafor").first).to_be_visible()
    mona.get_by_label("Note for the others").fill("I read her earlier comments.")
    mona.get_by_role("button", name="Save the note").click()
    for code in protocol.POINTS:
        max_.locator("li", has=max_.locator(f"#point-{code}")).get_by_role("button", name="No").click()
        expect(max_.locator("li", has=max_.locator(f"#point-{code}"))).to_contain_text("Max Okafor")
    expect(max_.get_by_text("I read her earlier comments.")).to_be_visible()

    # They write to her; she reads it and no moderator's name. Her words stay where others cannot read them.
    max_.get_by_label("Your message to her").fill(MESSAGE)
    max_.get_by_role("button", name="Send", exact=True).click()
    expect(max_.get_by_text(MESSAGE)).to_be_visible()
    rita.goto("/me/comments/")
    expect(rita.locator("main")).to_contain_text(MESSAGE)
    expect(rita.locator("main")).not_to_contain_text("Okafor")

    # Closed with a plan; a day and a week later somebody who did not write the case looks again.
    max_.get_by_label("Not published; she was written to").check()
    max_.get_by_role("button", name="Close the case").click()
    expect(max_.locator("header .tag").filter(has_text="Closed")).to_be_visible()
    case = CrisisCase.objects.get()
    for later in protocol.FOLLOW_UPS:
        time_machine.move_to(case.closed_at + later + timedelta(minutes=1))
        tasks.raise_overdue_crises()
        already_signed_in(mona, world.mona)
        mona.goto(link_in_mail("night@example.org", "comments/crisis_overdue"))
        mona.get_by_label("How is she?").fill("She answered. Her sister is with her.")
        mona.get_by_role("button", name="I looked").click()
        expect(mona.locator("#follow-ups")).to_contain_text("Mona Reyes")
    assert not case.follow_ups.filter(done_at=None).exists()
    assert Comment.objects.get(pk=case.comment_id).current.text


def new_page_of_a_stranger(new_page, world):
    page = new_page()
    page.goto(world.page.get_absolute_url())
    return page.locator("body")


def test_a_side_effect_is_handed_over_and_acknowledged(world, new_page):
    drug = actors.live_page(world, kind="drug", title="Letrozole")
    safety.add_contact(
        drug, by=world.ada, sponsor="Maker", email="safety@maker.example", hours=24, valid_from=date(2020, 1, 1)
    )
    comment = write(world, text="Letrozole gave me a rash, and I was in hospital for two days.")
    page = already_signed_in(new_page(), world.max)
    page.goto(f"/desk/moderation/safety/?comment={comment.public_id}")
    press(page, "s")
    expect(page.get_by_label("Letrozole")).to_be_checked()
    expect(page.get_by_label("What happened")).to_have_value(re.compile("rash"))
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("To hand over")).to_be_visible()
    page.get_by_role("button", name="Mail it to Maker").click()
    expect(page.get_by_text("Handed over by mail")).to_be_visible()
    mail = OutboxMail.objects.get(to="safety@maker.example")
    assert "rash" in mail.text
    assert "Rita" not in mail.text
    assert comment.public_id not in mail.text
    page.get_by_label("The number that the sponsor gave it").fill("M-77")
    page.get_by_role("button", name="They acknowledged it").click()
    expect(page.get_by_text("M-77")).to_be_visible()
    assert AdverseEvent.objects.get().state == AdverseEvent.State.ACKNOWLEDGED
    # Whether it is published is another question, and still open.
    comment.refresh_from_db()
    assert comment.status == "held"
    page.get_by_role("link", name="Open the comment").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved.").first).to_be_visible()
