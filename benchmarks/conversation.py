"""What a page of a conversation costs with 50, 5,000 and 50,000 comments: queries and time, on either database.

python -m benchmarks.conversation --db postgres --sizes 50,5000,50000
"""

import argparse
import statistics
import time

ROUNDS = 15


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--sizes", default="50,5000,50000")
    asked = options.parse_args()
    from benchmarks import scratch

    print(scratch.open_database(asked.db))
    print(f"{'comments':>9}  {'page':<22} {'queries':>7} {'median ms':>10} {'max ms':>8} {'kB':>6}")
    for size in map(int, asked.sizes.split(",")):
        for name, queries, times, length in measure(size):
            print(
                f"{size:>9,}  {name:<22} {queries:>7} {statistics.median(times):>10.1f} {max(times):>8.1f} {length / 1024:>6.0f}"
            )


def measure(size: int):
    """A page of its own for each size, in one database: the largest stands beside the smaller ones, as on a real site."""
    from django.test import Client

    from accounts import policies
    from benchmarks import crowd
    from comments.models import Conversation
    from tests import cast as actors

    world = actors.people(f"of{size}")
    rules = policies.current("rules") or actors.rules(world)
    page = actors.live_article(world, slug=f"page-of-{size}")
    policies.accept(world.rita, rules)
    conversation = Conversation.objects.get(page=page)
    replies = min(size // 10, 5_000)
    chain = min(size // 5, 200)
    made = crowd.fill(
        conversation, [world.nora, world.max, world.mona], rules,
        roots=size - replies - chain, replies_to_first=replies, chain=chain, readers=[world.ada, world.ruth, world.raj],
    )  # fmt: skip
    here = page.get_absolute_url()
    middle = made[(size - replies - chain) // 2]
    pages = {
        "article with its comments": here,
        "oldest first": f"{here}conversation/?sort=oldest",
        "most helpful first": f"{here}conversation/?sort=helpful",
        "permalink in the middle": f"/comments/{middle.public_id}/",
        "permalink, deepest": f"/comments/{made[-1].public_id}/",
        "feed": f"{here}conversation.xml",
    }
    member = Client()
    actors.sign_in(member, world.rita)  # nothing of hers comes from the page cache
    for name, address in pages.items():
        yield (name, *_cost(member, address))


def _cost(client, address: str) -> tuple[int, list[float], int]:
    from django.db import connection

    counted = []

    def count(execute, *arguments):
        counted.append(arguments[0])
        return execute(*arguments)

    answer = client.get(address, follow=True)
    assert answer.status_code == 200, (address, answer.status_code)
    with connection.execute_wrapper(count):
        client.get(address, follow=True)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.get(address, follow=True)
        times.append((time.perf_counter() - began) * 1000)
    return len(counted), times, len(answer.content)


if __name__ == "__main__":
    main()
