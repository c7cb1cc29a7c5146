"""Replies whose parents move, comments withdrawn while somebody reported them, and first comments by the handful."""

import pytest

from audit.moves import WrongState
from comments import casefile, counting
from comments.models import Comment, Conversation
from comments.workflow import deciding, posting, reporting
from tests.comments.conftest import publish, turn_down, write

_ANSWER = "So did I."


def answer(world, asked: Comment, *, by=None, text: str = _ANSWER, token: str = "answer") -> Comment:
    return posting.post(
        world.page, by=by or world.nora, text=text, token=token, rules_version=world.rules, reply_to=asked
    )


def fresh(comment: Comment) -> Comment:
    return Comment.objects.get(pk=comment.pk)


# edge case 16
@pytest.mark.parametrize("then", ["approve", "reject"])
def test_a_reply_approved_before_its_parent_stands_below_a_place_without_words(world, client, then):
    parent = publish(world, text="First words.")
    reply = answer(world, parent)
    posting.edit(parent, by=world.rita, text="Second words.", version=2, rules_version=world.rules)
    deciding.approve(reply, by=world.max, version=1)
    parent = fresh(parent)
    assert (parent.status, parent.shown, parent.live_below) == ("held", True, 1)
    page = client.get(world.page.get_absolute_url()).text
    assert _ANSWER in page
    assert "First words." not in page
    assert "Second words." not in page
    if then == "approve":
        deciding.approve(parent, by=world.max, version=parent.version)
        assert "Second words." in client.get(world.page.get_absolute_url()).text
    else:
        turn_down(world, parent)
        assert fresh(reply).status == "live"
    assert counting.drifts() == []


# edge case 16
def test_nobody_replies_to_what_waits(world):
    with pytest.raises(posting.ParentGone):
        answer(world, write(world))


# edge case 15
def test_a_reply_to_what_vanished_saves_nothing_and_its_token_is_still_good(world):
    parent = publish(world)
    deciding.hide(parent, by=world.max, version=2)
    with pytest.raises(posting.ParentGone, match="no longer public"):
        answer(world, parent)
    assert not Comment.objects.filter(author=world.nora).exists()
    alone = posting.post(world.page, by=world.nora, text=_ANSWER, token="answer", rules_version=world.rules)
    assert (alone.parent, alone.reply_to) == (None, None)


# edge case 18
def test_a_comment_withdrawn_while_reported_keeps_its_item_and_cannot_be_restored(world):
    comment = publish(world)
    report = reporting.report(comment, by=world.nora, reason="unkind")
    posting.withdraw(comment, by=world.rita, version=2)
    item = comment.queue_items.get(closed_at=None)
    assert item.lane == "reported"
    assert casefile.of(comment, world.max, covers=False).buttons == ("keep",)
    with pytest.raises(WrongState):
        deciding.restore(comment, by=world.max, version=comment.version)
    deciding.keep(comment, by=world.max, version=comment.version)
    report.refresh_from_db()
    item.refresh_from_db()
    assert (fresh(comment).status, report.outcome) == ("withdrawn", "gone")
    assert item.closed_at is not None


# edge case 28
def test_five_first_comments_all_wait_and_only_a_reading_moderator_ends_that(world):
    Conversation.objects.update(mode="first_held")
    five = [write(world, text=f"Night {number}.") for number in range(5)]
    assert {comment.status for comment in five} == {"held"}
    deciding.approve(five[0], by=world.max, version=1)
    assert [fresh(comment).status for comment in five] == ["live", *["held"] * 4]
    Comment.objects.update(created_at="2020-01-01T00:00:00Z")
    assert write(world, text="Night 6.").status == "live"


# edge case 28
def test_what_the_screening_published_does_not_make_a_known_member(world):
    Conversation.objects.update(mode="open")
    assert write(world).status == "live"
    Conversation.objects.update(mode="first_held")
    assert write(world).status == "held"
