"""The order of a conversation: every comment once, whichever way it is walked and whatever happens meanwhile."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import crowd
from comments import reading, thread
from comments.models import Comment
from comments.thread import IN_THREAD, ORDERS, PAGE_SIZE, Sort
from comments.workflow import deciding
from tests.comments.conftest import publish

FAR = 20  # pages that no walk needs


@pytest.fixture
def full(world, without_triggers) -> SimpleNamespace:
    """`full(roots=…)`: a conversation with many comments in it."""

    def fill(**options):
        return crowd.fill(
            world.conversation, [world.nora, world.mona], world.rules,
            down=without_triggers, readers=[world.ada, world.raj], **options,
        )  # fmt: skip

    return fill


def forwards(rows, order) -> list[list[Comment]]:
    pages, found = [], thread.first(rows, order)
    for _ in range(FAR):
        pages.append(found.comments)
        if not found.has_later:
            return pages
        found = thread.after(rows, order, order.mark(found.comments[-1]))
    raise AssertionError("the walk does not end")


def backwards(rows, order, last: Comment) -> list[Comment]:
    """From a comment up to the beginning, in the order they are met, without the comment itself."""
    seen, found = [], thread.before(rows, order, order.mark(last))
    for _ in range(FAR):
        if not found.has_earlier:
            left = [comment.pk for comment in found.comments]
            return seen + left[: left.index(seen[-1]) if seen and seen[-1] in left else len(left)][::-1]
        seen += [comment.pk for comment in reversed(found.comments)]
        found = thread.before(rows, order, order.mark(found.comments[0]))
    raise AssertionError("the walk does not end")


def ids(pages: list[list[Comment]]) -> list[int]:
    return [comment.pk for page in pages for comment in page]


class TestRoots:
    # edge case 41
    @pytest.mark.parametrize("sort", Sort.values)
    @pytest.mark.parametrize("one_moment", [False, True])
    def test_each_stands_once_in_every_order_and_both_ways(self, world, full, sort, one_moment):
        made = full(roots=47)
        if one_moment:
            Comment.objects.update(published_at=timezone.now())
        rows, order = thread.roots(world.conversation), ORDERS[Sort(sort)]
        pages = forwards(rows, order)
        key = {
            "newest": lambda one: (-one.pk,),
            "oldest": lambda one: (one.pk,),
            "helpful": lambda one: (-one.helpful_count, -one.pk),
        }[sort]
        assert ids(pages) == [one.pk for one in sorted(made, key=key)]
        assert [len(page) for page in pages] == [20, 20, 7]
        met = backwards(rows, order, pages[-1][-1])
        assert set(ids(pages)) - set(met) == {pages[-1][-1].pk}

    def test_before_ends_where_the_mark_stands(self, world, full):
        full(roots=45)
        rows, order = thread.roots(world.conversation), ORDERS[Sort.NEWEST]
        pages = forwards(rows, order)
        found = thread.before(rows, order, order.mark(pages[2][0]))
        assert found.comments == pages[1]
        assert (found.has_earlier, found.has_later) == (True, True)
        assert thread.before(rows, order, order.mark(pages[0][5])).comments == pages[0]

    # edge case 41
    def test_what_is_new_while_paging_neither_repeats_nor_hides_anything(self, world, full):
        made = full(roots=30)
        rows, order = thread.roots(world.conversation), ORDERS[Sort.NEWEST]
        one = thread.first(rows, order)
        new = publish(world)
        two = thread.after(rows, order, order.mark(one.comments[-1]))
        assert {*ids([one.comments, two.comments])} == {comment.pk for comment in made}
        assert new.pk not in ids([one.comments, two.comments])

    # edge case 41
    def test_what_moves_between_pages_moves_alone(self, world, full):
        full(roots=40)
        rows, order = thread.roots(world.conversation), ORDERS[Sort.HELPFUL]
        one = thread.first(rows, order)
        mark = order.mark(one.comments[-1])
        left = [comment.pk for comment in thread.after(rows, order, mark).comments]
        # The mark itself becomes the least helpful, and the last one the most helpful.
        Comment.objects.filter(pk=one.comments[-1].pk).update(helpful_count=0)
        Comment.objects.filter(pk=left[-1]).update(helpful_count=99)
        now = [comment.pk for comment in thread.after(rows, order, mark).comments]
        assert set(left[:-1]) <= set(now)
        assert left[-1] not in now

    # edge case 41
    def test_a_mark_that_is_no_longer_live_keeps_its_place(self, world, full):
        full(roots=30)
        rows, order = thread.roots(world.conversation), ORDERS[Sort.NEWEST]
        last = thread.first(rows, order).comments[-1]
        expected = ids([thread.after(rows, order, order.mark(last)).comments])
        Comment.objects.filter(pk=last.pk).update(current=last.current_id)
        deciding.hide(last, by=world.max, version=last.version)
        assert ids([thread.after(rows, order, order.mark(last)).comments]) == expected

    def test_an_address_opens_with_a_few_others_above(self, world, full):
        made = full(roots=60)
        rows, order = thread.roots(world.conversation), ORDERS[Sort.NEWEST]
        found = thread.around(rows, order, order.mark(made[30]))
        assert [comment.pk for comment in found.comments[:4]] == [made[at].pk for at in (33, 32, 31, 30)]
        assert (found.has_earlier, found.has_later) == (True, True)
        assert not thread.around(rows, order, order.mark(made[58])).has_earlier
        assert thread.is_on_first_page(made[40])
        assert not thread.is_on_first_page(made[39])

    def test_each_has_its_first_replies_and_no_others(self, world, full):
        made = full(roots=3, replies_to_first=5, chain=2)
        found = thread.first(thread.roots(world.conversation), ORDERS[Sort.OLDEST]).comments
        replies = thread.first_replies(found)
        assert [one.pk for one in replies] == [made[at].pk for at in (3, 4, 5, 8, 9)]
        spread = reading.Reader(reading.conversations().get(), None).spread(
            thread.first(thread.roots(world.conversation), ORDERS[Sort.OLDEST]),
            ORDERS[Sort.OLDEST], Sort.OLDEST, is_first=True,
        )  # fmt: skip
        assert [branch.more for branch in spread.branches] == [2, 0, 0]


class TestReplies:
    # edge case 42
    def test_many_replies_to_one_are_paged_both_ways(self, world, full):
        made = full(roots=2, replies_to_first=65)
        rows = thread.replies(made[0])
        pages = forwards(rows, IN_THREAD)
        assert [len(page) for page in pages] == [20, 20, 20, 5]
        assert ids(pages) == [one.pk for one in made[2:]]
        assert {*backwards(rows, IN_THREAD, pages[-1][-1])} == {one.pk for one in made[2:-1]}

    # edge case 42
    def test_a_chain_two_hundred_deep_is_read_in_order_and_never_indented_further(self, world, full):
        made = full(roots=2, chain=200)
        pages = forwards(thread.replies(made[1]), IN_THREAD)
        assert [len(page) for page in pages] == [PAGE_SIZE] * 10
        assert ids(pages) == [one.pk for one in made[2:]]
        assert max(comment.depth for page in pages for comment in page) == thread.DEEPEST
        reader = reading.Reader(reading.conversations().get(), None)
        root = thread.roots(world.conversation).get(pk=made[1].pk)
        last = reader.thread(root, thread.around(thread.replies(root), IN_THREAD, IN_THREAD.mark(made[-1])))
        assert {place.step for place in (*last.above, *last.replies)} == {1, 2}
        assert [place.comment.pk for place in last.above] == thread.above(made[-4])[1:]
        # Each answers the one above it, also where the tree is at its deepest: nobody need be named.
        assert [place.answers for place in last.replies[1:]] == [None] * 3

    # edge case 42
    @pytest.mark.parametrize("signed_in", [False, True])
    def test_a_page_costs_as_many_queries_for_many_as_for_few(self, world, full, signed_in):
        viewer = world.rita if signed_in else None
        costs = []
        for roots, replies, chain in ((25, 25, 15), (60, 90, 60)):
            made = full(roots=roots, replies_to_first=replies, chain=chain)
            with CaptureQueriesContext(connection) as queries:
                reader = reading.Reader(reading.conversations().get(), viewer)
                for order in ORDERS.values():
                    rows = thread.roots(world.conversation, viewer)
                    reader.spread(thread.first(rows, order), order, "newest", is_first=True)
                    reader.spread(thread.around(rows, order, order.mark(made[10])), order, "newest", is_first=False)
                for root, target in ((made[0], made[roots + 12]), (made[1], made[-1])):
                    rows = thread.replies(root, viewer)
                    reader.thread(root, thread.around(rows, IN_THREAD, IN_THREAD.mark(target)))
            costs.append(len(queries))
        assert costs[0] == costs[1]


def test_no_page_of_replies_asks_for_more_than_a_page(world, full, django_assert_num_queries):
    made = full(roots=1, replies_to_first=50)
    with CaptureQueriesContext(connection) as queries:
        thread.first(thread.replies(made[0]), IN_THREAD)
    assert [f"LIMIT {PAGE_SIZE + 1}" in one["sql"] for one in queries] == [True]
    assert "OFFSET" not in queries[0]["sql"]


def test_a_moment_decides_less_than_a_second_apart(world, full):
    """Times are compared as the database keeps them, to the microsecond."""
    made = full(roots=3)
    moment = timezone.now().replace(microsecond=123456)
    for step, one in enumerate(made):
        Comment.objects.filter(pk=one.pk).update(published_at=moment + timedelta(microseconds=step))
    rows, order = thread.roots(world.conversation), ORDERS[Sort.NEWEST]
    first = thread.first(rows, order).comments[0]
    assert ids([thread.after(rows, order, order.mark(first)).comments]) == [made[1].pk, made[0].pk]
