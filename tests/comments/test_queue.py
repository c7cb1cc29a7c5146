"""The order of work, the counts, and who gets what next."""

from datetime import timedelta

from django.utils import timezone

from articles.workflow import publishing
from comments import queue
from comments.models import QueueItem
from comments.workflow import claiming, posting, reporting
from tests.comments.conftest import publish, turn_down, write

WORDS = {
    "crisis": "I want to die.",
    "privacy": "Call 555 014 2277 99.",
    "safety": "Letrozole gave me a rash.",
    "first": "It got better.",
}


def test_lanes_come_in_strict_order(world):
    for lane in ("first", "safety", "privacy", "crisis"):
        write(world, text=WORDS[lane])
    assert [item.lane for item in queue.waiting()] == ["crisis", "privacy", "safety", "first"]
    assert claiming.free_for(world.max).first().lane == "crisis"


def test_within_a_lane_the_longest_due_comes_first(world, clock):
    first = write(world)
    clock.shift(timedelta(minutes=1))
    write(world)
    assert claiming.free_for(world.max).first().comment == first


def test_counts_take_one_query(world, django_assert_num_queries):
    write(world)
    write(world, text=WORDS["crisis"])
    with django_assert_num_queries(1):
        counts = queue.counts()
    assert list(counts) == QueueItem.Lane.values
    assert (counts["first"], counts["crisis"], counts["held"]) == (1, 1, 0)


def test_pages_of_a_lane_neither_lose_nor_repeat_anything(world):
    made = [write(world, by=by).pk for by in (world.rita, world.nora, world.max) for _ in range(5)]
    due = timezone.now() + timedelta(hours=1)
    QueueItem.objects.update(due_at=due)
    first, more = queue.lane_page("first")
    assert not more
    assert [item.comment_id for item in first] == made
    queue.PAGE_SIZE, before = 4, queue.PAGE_SIZE
    try:
        seen, mark, more = [], None, True
        while more:
            items, more = queue.lane_page("first", mark)
            seen += [item.comment_id for item in items]
            mark = items[-1]
    finally:
        queue.PAGE_SIZE = before
    assert seen == made


def test_nobody_is_given_their_own(world):
    write(world, by=world.max)
    assert claiming.free_for(world.max).first() is None
    assert claiming.free_for(world.mona).first()


def test_nobody_is_given_what_another_has_in_hand(world, clock):
    item = write(world).queue_items.get()
    claiming.claim(item, by=world.mona)
    assert claiming.free_for(world.max).first() is None
    assert claiming.free_for(world.mona).first() == item
    clock.shift(timedelta(minutes=6))
    assert claiming.free_for(world.max).first() == item


def test_nobody_is_given_the_appeal_of_their_own_decision(world):
    comment = write(world)
    turn_down(world, comment)
    posting.appeal(comment, by=world.rita, text="Look again.")
    assert claiming.free_for(world.max).first() is None
    assert claiming.free_for(world.mona).first().lane == "appeal"


def test_a_withdrawn_page_pauses_its_items_but_not_the_grave_ones(world):
    write(world)
    grave = write(world, text=WORDS["crisis"])
    publishing.withdraw(world.page, by=world.edda, kind="safety", public_reason="We are checking a number.")
    assert [item.comment for item in queue.waiting()] == [grave]
    assert QueueItem.objects.filter(closed_at=None).count() == 2


def test_a_higher_lane_takes_its_earlier_due_time_along(world):
    comment = publish(world)
    reporting.report(comment, by=world.nora, reason="unkind")
    reporting.report(comment, by=world.amara, reason="worried")
    item = comment.queue_items.get(closed_at=None)
    assert item.rank == 0
    assert item.due_at < timezone.now() + timedelta(minutes=31)
