"""What is left of a member who asks to be forgotten, and what she gets when she asks for her data."""

import json

import pytest

from accounts.models import OutboxMail
from accounts.signals import collect_user_data, user_erased
from comments import counting
from comments.models import (
    Appeal,
    Comment,
    CommentRevision,
    DecisionText,
    Finding,
    Follow,
    Helpful,
    MedicalQuestion,
    Notification,
    ReadMark,
    Report,
    TeamNote,
)
from comments.workflow import asking, deciding, noting, posting, reacting, reporting
from tests.comments.conftest import publish, turn_down, write
from tests.comments.test_following import announce, say
from tests.comments.test_public_pages import conversation


def erase(user, **options) -> None:
    user_erased.send(sender=type(user), user=user, **options)


def a_life(world) -> dict[str, Comment]:
    made = {"held": write(world, text="secret one 555 014 2277 99"), "live": publish(world, text="secret two")}
    made["rejected"] = write(world, text="secret three")
    turn_down(world, made["rejected"], message="secret four", note="secret five")
    posting.appeal(made["rejected"], by=world.rita, text="secret six")
    made["withdrawn"] = publish(world, text="secret seven")
    posting.withdraw(made["withdrawn"], by=world.rita, version=2)
    reporting.report(publish(world, by=world.nora), by=world.rita, reason="unkind", text="secret eight")
    return made


def words_left() -> list[str]:
    rows = [CommentRevision, DecisionText, Report, Appeal, Finding, TeamNote, MedicalQuestion]
    return [str(row) for model in rows for row in model.objects.values_list() if "secret" in str(row)]


def test_all_her_words_go_and_the_record_stays(world):
    made = a_life(world)
    erase(world.rita, remove_words=True)
    assert words_left() == []
    assert set(Comment.objects.filter(author=world.rita).values_list("status", flat=True)) == {"erased"}
    for comment in made.values():
        last = comment.decisions.last()
        assert (last.source, last.to_status, last.decided_by) == ("erasure", "erased", None)
    assert not Finding.objects.filter(revision__author=world.rita).exists()
    assert counting.drifts() == []
    assert "secret" not in conversation(world)


def test_live_words_may_stay_without_a_name(world):
    a_life(world)
    world.rita.erased_at = world.rita.date_joined
    world.rita.save()
    erase(world.rita, remove_words=False)
    assert [row for row in words_left() if "secret two" not in row] == []
    page = conversation(world)
    assert "secret two" in page
    assert "Former member" in page
    assert "rita" not in page


def test_nothing_of_hers_can_be_published_afterwards(world):
    made = a_life(world)
    erase(world.rita, remove_words=False)
    for name in ("held", "rejected"):
        comment = Comment.objects.get(pk=made[name].pk)
        with pytest.raises(deciding.WrongState):
            deciding.approve(comment, by=world.mona, version=comment.version)


def test_twice_is_as_good_as_once(world):
    a_life(world)
    erase(world.rita, remove_words=True)
    versions = list(Comment.objects.values_list("version", flat=True))
    erase(world.rita, remove_words=True)
    assert list(Comment.objects.values_list("version", flat=True)) == versions


def test_nobody_elses_words_are_touched(world):
    other = publish(world, by=world.nora, text="Nora's words.")
    a_life(world)
    erase(world.rita, remove_words=True)
    other.current.refresh_from_db()
    assert other.current.text == "Nora's words."


def test_the_export_holds_what_is_hers_and_no_team_notes(world):
    a_life(world)
    answers = [answer for _receiver, answer in collect_user_data.send(sender=type(world.rita), user=world.rita)]
    found = json.dumps(answers)
    for number in ("one", "two", "three", "four", "six", "seven", "eight"):
        assert f"secret {number}" in found
    assert "secret five" not in found
    assert "Max" not in found
    assert "Protect privacy" in found


def company(world, clock) -> dict[str, Comment]:
    """Rita and Nora answer each other, follow by mail and find each other helpful; both have mail waiting."""
    root = say(world, by=world.nora, mail_answers=True)
    hers = say(world, by=world.rita, reply_to=root, mail_answers=True)
    announce(clock)
    back = say(world, by=world.nora, reply_to=hers)
    announce(clock)
    reacting.find_helpful(root, by=world.rita, helpful=True)
    reacting.find_helpful(hers, by=world.nora, helpful=True)
    reacting.mark_read(world.conversation, by=world.rita, until=back.published_at)
    return {"root": root, "hers": hers, "back": back}


def test_what_she_followed_read_and_found_helpful_goes_and_the_counts_step_down(world, clock):
    made = company(world, clock)
    erase(world.rita, remove_words=False)
    for rows in (Follow, Helpful, Notification, ReadMark):
        assert not rows.objects.filter(user=world.rita).exists()
    assert Comment.objects.get(pk=made["root"].pk).helpful_count == 0
    assert Comment.objects.get(pk=made["hers"].pk).helpful_count == 1
    assert counting.drifts() == []


# edge case 19
@pytest.mark.parametrize("remove_words", [True, False])
def test_what_was_refused_does_not_come_back_as_a_placeholder(world, remove_words):
    made = a_life(world)
    erase(world.rita, remove_words=remove_words)
    for name in ("held", "rejected", "withdrawn"):
        comment = Comment.objects.get(pk=made[name].pk)
        assert (comment.status, comment.shown) == ("erased", False)
        assert comment.public_id not in conversation(world)


# edge case 20
def test_codes_stay_and_what_others_wrote_stays_theirs(world, clock):
    root = say(world, by=world.rita)
    quoting = posting.post(
        world.page,
        by=world.nora,
        text="You said: it got better.",
        token="quote",
        rules_version=world.rules,
        reply_to=root,
    )
    deciding.approve(quoting, by=world.max, version=1)
    erase(world.rita, remove_words=True)
    assert "You said: it got better." in conversation(world)
    assert [one.reason for one in root.decisions.all()] == ["within_rules", "erasure"]


# edge case 21
def test_it_reaches_every_place_where_her_words_or_her_name_are_kept(world, clock):
    made = a_life(world)
    posting.edit(made["held"], by=world.rita, text="secret ten, in new words", version=1, rules_version=world.rules)
    reporting.report(made["live"], by=world.nora, reason="privacy", text="She says: secret two")
    noting.note(made["live"], by=world.max, text="She wrote: secret two")
    asking.answer(asking.ask(made["live"], by=world.max, question="Is secret two right?"), by=world.ruth, text="secret")
    hers = company(world, clock)["hers"]
    OutboxMail.objects.filter(key=f"comment-{made['rejected'].pk}-decision-2").update(status="sent")
    erase(world.rita, remove_words=True)
    assert words_left() == []
    assert not CommentRevision.objects.filter(author=world.rita).exclude(digest="", sketch=[]).exists()
    assert not Finding.objects.filter(revision__author=world.rita).exists()
    assert not Notification.objects.filter(comment__author=world.rita, kind__in=["reply", "comment"]).exists()
    letters = OutboxMail.objects.exclude(text="")
    assert not letters.filter(to=world.rita.email, status="waiting", template__startswith="comments/").exists()
    assert not letters.filter(key__startswith="news-", key__endswith=f"-{hers.pk}").exists()
    assert not [
        one for one in letters if "secret" in one.text or "rita wrote" in one.text or "rita answered" in one.text
    ]
    for name in ("held", "rejected"):
        with pytest.raises(deciding.WrongState):
            deciding.approve(again := Comment.objects.get(pk=made[name].pk), by=world.mona, version=again.version)


def test_mail_of_others_stays(world, clock):
    made = company(world, clock)
    erase(world.max, remove_words=True)
    told = {one.key.rpartition("-")[2] for one in OutboxMail.objects.filter(key__startswith="news-").exclude(text="")}
    assert told == {str(made["hers"].pk), str(made["back"].pk)}


def test_the_export_says_what_she_follows_and_found_helpful(world, clock):
    made = company(world, clock)
    posting.edit(made["hers"], by=world.rita, text="Other words.", version=2, rules_version=world.rules)
    answers = [answer for _receiver, answer in collect_user_data.send(sender=type(world.rita), user=world.rita)]
    found = next(one["conversation"] for one in answers if "conversation" in one)
    assert [(one["comment"], one["by_mail"]) for one in found["follows"]] == [(made["hers"].public_id, True)]
    assert [one["comment"] for one in found["found_helpful"]] == [made["root"].public_id]
    assert len(found["read_until"]) == 1
    assert [one["kind"] for one in found["notifications"]] == ["reply"]
    assert [one["text"] for one in found["comments"][0]["earlier_texts"]] == ["It got better with time."]
    assert "token" not in json.dumps(found)
