"""Many at the same moment: one comment for a token, one decision for a comment, and no lost or doubled count."""

from django.db import OperationalError

from articles.models import Page
from audit.moves import WrongState
from comments import counting, queue
from comments.models import Comment, Conversation, Decision, QueueItem, Report
from comments.workflow import claiming, deciding, posting, reporting
from tests import cast as actors
from tests.comments.conftest import a_world, publish, turn_down, write


def again(comment: Comment) -> Comment:
    return Comment.objects.select_related("current", "author").get(pk=comment.pk)


def test_thirty_two_posts_of_one_form_make_one_comment(race):
    world = a_world()

    def act(number: int):
        return posting.post(world.page, by=world.rita, text="Once.", token="one", rules_version=world.rules).pk

    results = race(act, runners=32)
    assert set(results) == {Comment.objects.get().pk}
    assert QueueItem.objects.count() == 1


def test_eight_moderators_make_one_decision(race):
    world = a_world()
    others = [actors.person(f"mod{number}", "moderator") for number in range(8)]
    comment = write(world)

    def act(number: int):
        mine = again(comment)
        if number % 2:
            return deciding.approve(mine, by=others[number], version=1)
        return turn_down(world, mine, by=others[number], version=1)

    results = race(act, runners=8)
    won = [result for result in results if isinstance(result, Decision)]
    assert len(won) == 1
    lost = [result for result in results if not isinstance(result, Decision)]
    assert all(isinstance(one, WrongState) and "Your choice was not saved" in str(one) for one in lost), lost
    assert Decision.objects.count() == 1
    comment = again(comment)
    assert (comment.status, comment.version) == (won[0].to_status, 2)
    assert Conversation.objects.get().live_count == (comment.status == "live")
    assert counting.drifts() == []


def test_eight_writers_at_once_lose_nothing(race):
    world = a_world()
    writers = [actors.person(f"writer{number}") for number in range(8)]
    for writer in writers:
        actors.policies.accept(writer, world.rules)
    waiting = [write(world) for _ in range(4)]

    def act(number: int):
        made = [
            posting.post(
                world.page, by=writers[number], text=f"{turn}", token=f"{number}-{turn}", rules_version=world.rules
            )
            for turn in range(3)
        ]
        if number < len(waiting):
            deciding.approve(again(waiting[number]), by=world.max, version=1)
        return len(made)

    results = race(act, runners=8)
    assert results == [3] * 8, [result for result in results if isinstance(result, OperationalError)] or results
    assert Comment.objects.count() == 8 * 3 + 4
    assert Conversation.objects.get().live_count == 4
    assert counting.drifts() == []


def test_the_limit_cannot_be_outrun(race):
    world = a_world()

    def act(number: int):
        return posting.post(world.page, by=world.rita, text="Hello.", token=f"t{number}", rules_version=world.rules)

    results = race(act, runners=8)
    assert sum(isinstance(result, Comment) for result in results) == 5
    assert sum(isinstance(result, posting.TooFast) for result in results) == 3


def test_first_reports_at_once_make_one_item(race):
    world = a_world()
    members = [actors.person(f"member{number}") for number in range(6)]
    comment = publish(world)

    def act(number: int):
        return reporting.report(again(comment), by=members[number], reason="unkind" if number else "privacy")

    results = race(act, runners=6)
    assert all(isinstance(result, Report) for result in results), results
    item = QueueItem.objects.get(closed_at=None)
    assert (item.lane, item.reasons) == ("privacy", ["report_privacy", "report_unkind"])


def test_two_moderators_take_one_item(race):
    world = a_world()
    item = write(world).queue_items.get()

    def act(number: int):
        return claiming.claim(QueueItem.objects.get(pk=item.pk), by=(world.max, world.mona)[number % 2])

    results = race(act, runners=4)
    item.refresh_from_db()
    assert queue.is_taken(item)
    assert {result.claimed_by_id for result in results if isinstance(result, QueueItem)} == {item.claimed_by_id}
    assert any(isinstance(result, WrongState) for result in results)


def test_the_author_takes_back_what_a_moderator_approves(race):
    world = a_world()
    comment = write(world)

    def act(number: int):
        mine = again(comment)
        if number % 2:
            return posting.withdraw(mine, by=world.rita, version=1)
        return deciding.approve(mine, by=world.max, version=1)

    results = race(act, runners=4)
    assert sum(isinstance(result, Decision) for result in results) == 1
    assert Conversation.objects.get().live_count == (again(comment).status == "live")
    assert Page.objects.live().count() == 1


# edge case 49
def test_counts_are_set_anew_while_moderators_decide(race):
    world = a_world()
    others = [actors.person(f"writer{number}") for number in range(6)]
    for other in others:
        actors.policies.accept(other, world.rules)
    waiting = [write(world, by=other) for other in others]
    Conversation.objects.update(live_count=40)

    def act(number: int):
        if number < 2:
            for drift in counting.drifts():
                counting.repair(drift)
            return None
        return deciding.approve(again(waiting[number - 2]), by=(world.max, world.mona)[number % 2], version=1)

    results = race(act, runners=8)
    assert not [result for result in results if isinstance(result, Exception)]
    assert Conversation.objects.get().live_count == 6
    assert counting.drifts() == []
