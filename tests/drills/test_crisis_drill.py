"""A drill, through pages alone: she writes, help is there at once, two moderators work together, and a week later somebody asks."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMail
from audit.models import Entry
from comments import protocol, tasks
from comments.models import Comment, CrisisCase
from tests import cast as actors
from tests.comments.conftest import a_world

MESSAGE = "Dear Rita, we read what you wrote and are glad that you told somebody. How are you this morning?"


@pytest.fixture
def world(db):
    return a_world()


@pytest.fixture
def clock(time_machine):
    time_machine.move_to(timezone.now())
    return time_machine


def browser(user) -> Client:
    client = Client()
    actors.sign_in(client, user)
    return client


def test_from_posting_to_the_last_follow_up(world, clock, settings):
    settings.CRISIS_ON_CALL = ("night@example.org",)
    settings.DEFAULT_COUNTRY = "GB"
    rita, max_, mona = browser(world.rita), browser(world.max), browser(world.mona)

    # She writes, and sees whom she can call before anybody else has read a word.
    form = {
        "token": "drill",
        "version": world.rules.number,
        "body": "I do not want to live any more. I saved up my pills.",
    }
    answer = rita.post(reverse("comments:write", args=["articles", world.page.slug]), form, follow=True)
    assert "116 123" in answer.text
    case = CrisisCase.objects.get()
    here = reverse("comments:crisis_case", args=[case.pk])

    # Whoever is on call gets a link and no words; nobody comes within the quarter of an hour, so it is said again.
    first = OutboxMail.objects.get(to="night@example.org")
    assert here in first.text
    assert "pills" not in first.text
    clock.shift(timedelta(minutes=16))
    tasks.raise_overdue_crises()
    tasks.raise_overdue_crises()
    assert OutboxMail.objects.filter(to="night@example.org").count() == 2
    assert "Overdue" in max_.get(reverse("comments:crisis_cases")).text

    # Two come, and see each other.
    max_.post(here, {"act": "join"})
    mona.post(here, {"act": "note", "text": "I am here too."})
    assert "I am here too." in max_.get(here).text
    for code in protocol.POINTS:
        yes = "1" if code == "method" else "0"
        assert max_.post(here, {"act": "check", "code": code, "yes": yes, "note": ""}).status_code == 302

    # They answer her, and keep the method from others without blaming her.
    begun = max_.get(here, {"script": "not_a_fault"}).text
    assert "You did nothing wrong by writing it." in begun
    assert max_.post(here, {"act": "write", "message": MESSAGE}).status_code == 302
    comment = Comment.objects.get()
    refusal = {
        "decision": "reject", "version": comment.version, "lane": "crisis", "reason": "crisis", "message": "", "note": "",
        "clause": world.rules.clauses.first().pk,
    }  # fmt: skip
    spam = {"decision": "spam", "version": comment.version, "lane": "crisis"}
    decide = reverse("comments:decide", args=[comment.public_id])
    assert mona.post(decide, spam).status_code == 409
    assert mona.post(decide, refusal).status_code == 302
    hers = rita.get(reverse("comments:mine")).text
    assert MESSAGE in hers
    assert "It broke rule" not in hers
    for colleague in ("Max Okafor", "Mona Reyes"):
        assert colleague not in hers

    # They close it; of two who press, one does.
    assert max_.post(here, {"act": "close", "outcome": "private", "note": ""}).status_code == 302
    assert mona.post(here, {"act": "close", "outcome": "no_crisis", "note": ""}).status_code == 409

    # A day and a week later on-call is reminded, and somebody looks.
    case.refresh_from_db()
    for later, follow_up in zip(protocol.FOLLOW_UPS, case.follow_ups.order_by("due_at"), strict=True):
        clock.move_to(case.closed_at + later + timedelta(minutes=1))
        before = OutboxMail.objects.filter(to="night@example.org").count()
        tasks.raise_overdue_crises()
        assert OutboxMail.objects.filter(to="night@example.org").count() == before + 1
        rested = browser(world.mona)
        assert f"{here}#follow-ups" in rested.get(reverse("comments:crisis_cases")).text
        look = reverse("comments:crisis_look", args=[case.pk, follow_up.pk])
        assert rested.post(look, {"note": "She answered. Her sister is with her."}).status_code == 302
    assert not case.follow_ups.filter(done_at=None).exists()

    # What happened is on the record, in codes.
    verbs = set(Entry.objects.filter(verb__startswith="crisis.").values_list("verb", flat=True))
    assert verbs == {
        "crisis.opened", "crisis.joined", "crisis.checked", "crisis.wrote", "crisis.closed", "crisis.looked_again",
    }  # fmt: skip
    assert not any("sister" in entry.payload or "pills" in entry.payload for entry in Entry.objects.all())
