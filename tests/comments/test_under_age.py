"""Somebody tells that she is a child: it waits out of sight, moderators are told what to do, and nobody else learns why."""

import pytest

from comments.models import Conversation, QueueItem
from comments.screening.age import under_age
from comments.screening.scan import Scan
from comments.workflow import deciding, reporting
from tests import cast as actors
from tests.comments.conftest import publish, write

WORDS = "I'm 13, and nobody tells me what stage my mum has."


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        (WORDS, "I'm 13"),
        ("Ｉ’ｍ only fifteen. Is that all right here?", "Ｉ’ｍ only fifteen"),
        ("I am in year 8 and my teacher knows.", "I am in year 8"),
        ("Hello.\nturning 13 on Sunday", "turning 13"),
    ],
)
def test_it_is_seen(words, marked):
    (seen,) = under_age(Scan.of(words))
    assert [words[start:end] for start, end in seen.spans] == [marked]


@pytest.mark.parametrize(
    "words",
    [
        "I was 14 when my mother died.",
        "My daughter is 14.",
        "She said: I am 14, leave me alone.",
        "I am 14 weeks out, and 9 of 12 in.",
        "I'm 15 years in remission.",
        "I am in year 5 of hormone therapy.",
        "When I am 10 minutes late, they wait.",
    ],
)
def test_ages_of_others_and_other_numbers_are_not(words):
    assert under_age(Scan.of(words)) == []


# edge case 56
def test_it_waits_in_private_and_only_moderators_read_why(world, client):
    publish(world)
    Conversation.objects.update(mode="open")
    comment = write(world, text=WORDS)
    assert comment.status == "held"
    item = QueueItem.objects.get(comment=comment)
    assert item.lane == "privacy"
    public = client.get(world.page.get_absolute_url()).text
    actors.sign_in(client, world.rita)
    hers = client.get(world.page.get_absolute_url()).text
    assert "I&#x27;m 13" in hers
    for page in (public, hers, client.get("/me/comments/").text):
        assert "under 16" not in page
    actors.sign_in(client, world.max)
    card = client.get(f"/desk/moderation/privacy/?comment={comment.public_id}").text
    assert "May be under 16" in card
    assert "whoever looks after accounts" in card


# edge case 56
def test_a_reader_who_thinks_so_is_read_in_private_too(world, client):
    comment = publish(world)
    reporting.report(comment, by=world.nora, reason="under_16")
    item = QueueItem.objects.get(comment=comment, closed_at=None)
    assert (item.lane, item.reasons) == ("privacy", ["report_under_16"])
    comment.refresh_from_db()
    assert comment.status == "live"
    assert "under 16" not in client.get(world.page.get_absolute_url()).text
    deciding.hide(comment, by=world.max, version=comment.version)
    assert "under 16" not in client.get(comment.get_absolute_url(), follow=True).text
