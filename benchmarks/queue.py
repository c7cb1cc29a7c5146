"""What the moderators' queue costs with 1,000 and 100,000 open items: queries and time, on either database.

python -m benchmarks.queue --db postgres --sizes 1000,100000
"""

import argparse
import statistics
import time

ROUNDS = 15
ITEMS_EACH = 10


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--sizes", default="1000,100000")
    options.add_argument(
        "--explain", action="store_true", help="show how the database finds the next item and the counts"
    )
    asked = options.parse_args()
    from benchmarks import scratch

    print(scratch.open_database(asked.db))
    print(f"{'open':>8}  {'what':<28} {'queries':>7} {'median ms':>10} {'max ms':>8}")
    for size, world in grown(map(int, asked.sizes.split(","))):
        for name, act in acts(world).items():
            queries, times = cost(act)
            print(f"{size:>8,}  {name:<28} {queries:>7} {statistics.median(times):>10.1f} {max(times):>8.1f}")
    if asked.explain:
        explain(world)


def grown(sizes):
    """One database that grows to each size, and its members with it."""
    from accounts import policies
    from accounts.models import User
    from benchmarks import crowd
    from comments.models import Conversation, QueueItem
    from tests import cast as actors

    world = actors.people()
    rules = actors.rules(world)
    page = actors.live_article(world)
    policies.accept(world.max, rules)
    conversation = Conversation.objects.get(page=page)
    members: list[User] = []
    for size in sizes:
        more = size - QueueItem.objects.filter(closed_at=None).count()
        names = [f"crowd{number}" for number in range(len(members), size // ITEMS_EACH)]
        members += User.objects.bulk_create(
            User(handle=name, handle_skeleton=name, email=f"{name}@example.org") for name in names
        )
        # One in twenty is by the moderator who asks, who may not be given any of these.
        authors = [one for start in range(0, len(members), 19) for one in (world.max, *members[start : start + 19])]
        crowd.queue_up(conversation, authors, rules, items=more)
        yield size, world


def acts(world) -> dict:
    from django.test import Client

    from comments import queue
    from comments.workflow import claiming
    from tests import cast as actors

    moderator = Client()
    actors.sign_in(moderator, world.max)

    def page(address: str) -> None:
        answer = moderator.get(address, follow=True)
        assert answer.status_code == 200, (address, answer.status_code)

    def take(lane=None):
        def act():
            item = claiming.take_next(by=world.max, lane=lane)
            claiming.release(item, by=world.max)

        return act

    return {
        "queue page": lambda: page("/desk/moderation/"),
        "lane page": lambda: page("/desk/moderation/medical/"),
        "take_next": take(),
        "take_next in a lane": take("medical"),
        "lanes()": queue.lanes,
    }


def cost(act) -> tuple[int, list[float]]:
    from django.db import connection

    counted = []

    def count(execute, *arguments):
        counted.append(arguments[0])
        return execute(*arguments)

    act()
    with connection.execute_wrapper(count):
        act()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return len(counted), times


def explain(world) -> None:
    from django.db import connection

    from comments import queue
    from comments.workflow import claiming

    options = {"analyze": True} if connection.vendor == "postgresql" else {}
    print(claiming.free_for(world.max)[:1].explain(**options))
    asked = []

    def keep(execute, sql, parameters, many, context):
        asked.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(keep):
        queue.lanes()
    word = "EXPLAIN ANALYZE" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{word} {asked[0][0]}", asked[0][1])
        print("\n".join(" ".join(map(str, row)) for row in cursor.fetchall()))


if __name__ == "__main__":
    main()
