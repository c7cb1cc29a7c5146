"""Many moderators at once, each in a process of their own, some of which die: nothing is decided twice, lost or left behind."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import crowd
from comments import counting, queue
from comments.models import Comment, Decision, QueueItem
from comments.workflow import claiming
from tests import cast as actors
from tests.comments.conftest import a_world

ROOT = Path(__file__).resolve().parents[2]

# What a moderator does all day. One who is to die does so with an item in hand.
WORK = """
import json, os, signal, sys, time
from datetime import timedelta
from pathlib import Path
from accounts.models import User
from audit.moves import WrongState
from comments import queue
from comments.models import Comment, QueueItem
from comments.workflow import claiming, deciding

queue.LEASE = timedelta(seconds={lease})
me = User.objects.get(handle="worker{number}")
folder = Path({folder!r})
(folder / "{number}").touch()
end = time.monotonic() + {longest}
while len(list(folder.glob("[0-9]*"))) < {processes} and time.monotonic() < end:
    time.sleep(0.02)
decided, late, times = [], [], []
while time.monotonic() < end:
    # Whoever is to die gets a turn before all is done, also where the database gives it to others.
    while len(decided) == 5 and len(list(folder.glob("dead-*"))) < {dead} and time.monotonic() < end:
        time.sleep(0.02)
    began = time.perf_counter()
    item = claiming.take_next(by=me)
    if item is None:
        if not QueueItem.objects.filter(closed_at=None).exists():
            break
        time.sleep(0.05)
        continue
    if len(decided) == {dies_after}:
        (folder / "dead-{number}").write_text(str(item.pk))
        os.kill(os.getpid(), signal.SIGKILL)
    comment = Comment.objects.select_related("current__rules_version", "author").get(pk=item.comment_id)
    try:
        if item.pk % 3:
            deciding.approve(comment, by=me, version=comment.version)
        else:
            clause = comment.current.rules_version.clauses.get(number=2)
            deciding.reject(comment, by=me, version=comment.version, reason="privacy", clause=clause)
        decided.append(item.pk)
        times.append((time.perf_counter() - began) * 1000)
    except WrongState:
        late.append(item.pk)
print(json.dumps([decided, late, times]))
"""
NEVER = -1


def work(committed_db, folder: Path, *, processes: int, dead: int, lease: float, longest: float) -> list:
    """Let them clear the queue; what each decided, came too late for, and how long each took. The first `dead` die on the way."""
    environment = {
        **os.environ,
        "DATABASE_URL": committed_db.url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }
    running = []
    for number in range(processes):
        dies_after = 2 + number if number < dead else NEVER
        code = WORK.format(
            number=number,
            folder=str(folder),
            processes=processes,
            lease=lease,
            longest=longest,
            dies_after=dies_after,
            dead=dead,
        )
        running.append(
            subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", code],
                env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
    said = []
    try:
        for number, process in enumerate(running):
            out, error = process.communicate(timeout=longest + 60)
            assert process.returncode == (-9 if number < dead else 0), error
            if number >= dead:
                said.append(json.loads(out.splitlines()[-1]))
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
    return said


def clear_the_queue(committed_db, folder: Path, *, items: int, processes: int, dead: int, lease: float, longest: float):
    world = a_world()
    for number in range(processes):
        actors.person(f"worker{number}", "moderator", name=f"Worker {number}")
    crowd.queue_up(world.conversation, [world.rita, world.nora], world.rules, items=items, down=crowd.without_triggers)
    order = list(queue.waiting().values_list("pk", flat=True))
    connection.close()
    said = work(committed_db, folder, processes=processes, dead=dead, lease=lease, longest=longest)
    orphans = {int(path.read_text()) for path in folder.glob("dead-*")}
    assert len(orphans) == dead
    # Nothing is lost, and what the dead had in hand came back to the others.
    assert not QueueItem.objects.filter(closed_at=None).exists()
    assert set(order) == set(QueueItem.objects.exclude(closed_at=None).values_list("pk", flat=True))
    assert orphans <= {pk for decided, _late, _times in said for pk in decided}
    # Nothing is decided twice.
    by_pk = [pk for decided, _late, _times in said for pk in decided]
    assert len(by_pk) == len(set(by_pk)) == items - sum(range(2, 2 + dead))
    assert Decision.objects.count() == items
    assert set(Comment.objects.values_list("version", flat=True)) == {2}
    approved = Comment.objects.filter(status="live").count()
    assert approved == sum(pk % 3 > 0 for pk in order)
    assert counting.drifts() == []
    # Nobody is starved: items are handed out in the order of the queue, but for who was faster.
    places = {pk: place for place, pk in enumerate(order)}
    handed_out = QueueItem.objects.order_by("first_seen_at", "pk").values_list("pk", flat=True)
    assert furthest([places[pk] for pk in handed_out]) < processes * 20
    # SQLite hands its one write lock to whoever asks at the right moment, so there the quick may do everything
    # while somebody waits to say what she decided.
    if connection.vendor == "postgresql":
        comments = dict(QueueItem.objects.values_list("comment_id", "pk"))
        decided = [comments[pk] for pk in Decision.objects.order_by("pk").values_list("comment_id", flat=True)]
        assert furthest([places[pk] for pk in decided if pk not in orphans]) < processes * 20
        assert all(own for own, _late, _times in said), "a moderator got nothing at all"
    return sorted(time for _decided, _late, times in said for time in times)


def furthest(places: list[int]) -> int:
    """How far, at most, something happened from its turn."""
    return max(abs(place - turn) for turn, place in enumerate(places))


# edge cases 25 and 50
def test_three_moderators_one_of_whom_dies_clear_sixty_items(committed_db, tmp_path):
    clear_the_queue(committed_db, tmp_path, items=60, processes=3, dead=1, lease=2, longest=40)


@pytest.mark.soak
def test_sixteen_moderators_some_of_whom_die_clear_ten_thousand_items(committed_db, tmp_path):
    processes, dead = (16, 5) if connection.vendor == "postgresql" else (4, 1)
    times = clear_the_queue(committed_db, tmp_path, items=10_000, processes=processes, dead=dead, lease=5, longest=1800)
    print(
        f"{processes} moderators, {dead} killed: next + decide takes "
        f"{times[len(times) // 2]:.0f} ms (median), {times[len(times) * 95 // 100]:.0f} ms (95 of 100)"
    )


# edge case 25
def test_what_somebody_had_in_hand_comes_back_when_the_lease_is_over(world, clock):
    crowd.queue_up(world.conversation, [world.rita], world.rules, items=2)
    first = claiming.take_next(by=world.max)
    assert claiming.take_next(by=world.mona) != first
    clock.shift(queue.LEASE + timedelta(seconds=1))
    assert claiming.take_next(by=world.mona) == first


def test_the_queue_costs_the_same_with_twenty_items_and_with_three_hundred(client, world, without_triggers):
    actors.sign_in(client, world.max)
    seen = {}
    for items in (20, 300):
        crowd.queue_up(world.conversation, [world.rita, world.nora], world.rules, items=items, down=without_triggers)
        for name, act in acts(client, world).items():
            act()
            with CaptureQueriesContext(connection) as asked:
                act()
            assert seen.setdefault(name, len(asked)) == len(asked), (name, items)


def acts(client, world) -> dict:
    def page(address):
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, address

    return {
        "queue": lambda: page("/desk/moderation/"),
        "lane": lambda: page("/desk/moderation/held/"),
        "next": lambda: claiming.take_next(by=world.max),
        "lanes": queue.lanes,
    }


class TestPlans:
    """At a size where it matters, what is asked most often reads the index of what waits and not the tables."""

    @pytest.fixture
    def many(self, world, without_triggers):
        crowd.queue_up(world.conversation, [world.rita, world.nora], world.rules, items=3_000, down=without_triggers)
        return world

    def test_the_next_item_is_read_from_the_index_in_its_order(self, many):
        plan = claiming.free_for(many.max)[:1].explain()
        assert "queue_waiting" in plan, plan
        assert not sorts(plan), plan
        assert not reads_all(plan), plan

    def test_so_is_a_page_of_a_lane(self, many):
        plan = queue.waiting().filter(rank=QueueItem.RANKS["held"])[:21].explain()
        assert "queue_waiting" in plan, plan
        assert not sorts(plan), plan

    def test_who_wrote_most_of_what_waits_is_not_given_it_and_costs_no_scan(self, many):
        plan = claiming.free_for(many.rita)[:1].explain()
        assert "queue_waiting" in plan, plan
        assert not reads_all(plan), plan


def reads_all(plan: str) -> bool:
    """Through a table that is large; the small ones beside it may be read as they like."""
    return bool(
        re.search(
            r"Seq Scan on comments_(queueitem|comment)\b|SCAN comments_(queueitem|comment)\b(?! USING INDEX)", plan
        )
    )


def sorts(plan: str) -> bool:
    return "Sort" in plan or "TEMP B-TREE" in plan


def test_counts_stop_at_a_thousand_and_one(world, without_triggers):
    crowd.queue_up(world.conversation, [world.rita], world.rules, items=1_200, lanes=("held",), down=without_triggers)
    one = {one.lane: one for one in queue.lanes()}["held"]
    assert (one.count, str(one)) == (queue.MOST_COUNTED + 1, "1,000+")
    assert timezone.now() - one.oldest > timedelta(seconds=1_100)
