"""What is left of a member who asks to be forgotten, and what she gets when she asks for her data."""

import json

import pytest

from accounts.signals import collect_user_data, user_erased
from comments import counting
from comments.models import Appeal, Comment, CommentRevision, DecisionText, Finding, Report
from comments.workflow import deciding, posting, reporting
from tests.comments.conftest import publish, turn_down, write
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
    rows = [CommentRevision, DecisionText, Report, Appeal, Finding]
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
