"""Big conversations cost what small ones do: the same number of queries at every size, and no page that grows."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks import crowd
from comments import counting
from comments.models import Conversation
from tests import cast as actors

LARGE = 200_000  # bytes: no page of a conversation may come near it


def other_page(world, number: int):
    page = actors.live_article(world, slug=f"page-{number}", title=f"Page {number}")
    return page, Conversation.objects.get(page=page)


def pages_of(page, made) -> dict[str, str]:
    here = page.get_absolute_url()
    return {
        "article": here,
        "newest": f"{here}conversation/",
        "oldest": f"{here}conversation/?sort=oldest",
        "helpful": f"{here}conversation/?sort=helpful",
        "permalink of a root": f"/comments/{made[len(made) // 3].public_id}/",
        "permalink of the deepest": f"/comments/{made[-1].public_id}/",
        "feed": f"{here}conversation.xml",
    }


def cost(client, address: str) -> tuple[int, int]:
    """Queries and bytes of a page, all redirects included."""
    client.get(address, follow=True)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address, follow=True)
    assert answer.status_code == 200, address
    return len(queries), len(answer.content)


def compare(client, world, without_triggers, *, sizes: list[tuple[int, int, int]]) -> None:
    """`sizes`: (roots, replies to the first, length of a chain); the first is what the others are held against."""
    actors.sign_in(client, world.rita)
    seen = {}
    for number, (roots, replies, chain) in enumerate(sizes):
        page, conversation = other_page(world, number)
        made = crowd.fill(
            conversation, [world.nora, world.mona], world.rules,
            roots=roots, replies_to_first=replies, chain=chain, readers=[world.ada, world.raj], down=without_triggers,
        )  # fmt: skip
        for name, address in pages_of(page, made).items():
            queries, length = cost(client, address)
            assert length < LARGE, name
            assert seen.setdefault(name, queries) == queries, (name, roots, replies, chain)
    assert counting.drifts() == []


def test_every_page_costs_the_same_with_fifty_comments_and_with_five_hundred(client, world, without_triggers):
    compare(client, world, without_triggers, sizes=[(50, 6, 15), (400, 80, 40)])


@pytest.mark.soak
def test_every_page_costs_the_same_with_fifty_thousand_comments(client, world, without_triggers):
    compare(client, world, without_triggers, sizes=[(50, 6, 15), (50_000, 5_000, 200)])


def test_recount_finds_a_wrong_count_below_and_mends_it(world, without_triggers, capsys):
    made = crowd.fill(world.conversation, [world.nora], world.rules, roots=2, replies_to_first=3, down=without_triggers)
    assert counting.drifts() == []
    type(made[0]).objects.filter(pk=made[0].pk).update(live_below=7, helpful_count=9)
    assert [(drift.below, drift.helpful) for drift in counting.drifts()] == [({made[0].pk: 3}, {made[0].pk: 0})]
    call_command("recount", "--repair")
    assert counting.drifts() == []
