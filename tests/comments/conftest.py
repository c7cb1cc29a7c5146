"""A page with a conversation, rules that were accepted, and the cast around it."""

import itertools
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts import policies
from accounts.models import User
from articles.models import Page
from comments.models import Comment, Conversation
from comments.workflow import deciding, posting
from tests import cast as actors
from tests.worlds import kept

_tokens = itertools.count(1)


@kept
def a_world(suffix: str = "") -> SimpleNamespace:
    """The cast, one live article with its conversation, and rules that Rita and Nora accepted."""
    world = actors.people(suffix)
    world.rules = actors.rules(world)
    world.page = actors.live_article(world)
    world.conversation = Conversation.objects.get(page=world.page)
    for member in (world.rita, world.nora, world.max):
        policies.accept(member, world.rules)
    return world


def write(
    world: SimpleNamespace, *, by: User | None = None, text: str = "It got better with time.", page: Page | None = None
) -> Comment:
    return posting.post(
        page or world.page, by=by or world.rita, text=text, token=f"token-{next(_tokens)}", rules_version=world.rules
    )


def publish(world: SimpleNamespace, **options) -> Comment:
    comment = write(world, **options)
    deciding.approve(comment, by=world.max, version=comment.version)
    return comment


def turn_down(world: SimpleNamespace, comment: Comment, **options):
    options = {
        "by": world.max,
        "version": comment.version,
        "reason": "privacy",
        "clause": world.rules.clauses.get(number=2),
    } | options
    return deciding.reject(comment, **options)


@pytest.fixture
def world(db) -> SimpleNamespace:
    return a_world()


@pytest.fixture
def clock(time_machine):
    """`clock.shift(timedelta(minutes=5))`: time goes on from now and can be moved."""
    time_machine.move_to(timezone.now())
    return time_machine
