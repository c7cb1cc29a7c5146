"""One demo world for all journeys of a worker: every page type exists there, on every desk something waits."""

from itertools import count
from types import SimpleNamespace

import pytest

from accounts import policies
from accounts.models import User
from comments.demo import world
from tests import cast
from tests.journeys.steps import already_signed_in

_built: set[str] = set()
_numbers = count(1)


@pytest.fixture
def town(site, settings, _journey_database) -> str:
    """The address of the site with the demo world in it. It keeps what journeys do there: never count its rows."""
    settings.DEMO = True
    if _journey_database not in _built:
        world.build(cast.PASSWORD)
        _built.add(_journey_database)
    return site.url


@pytest.fixture
def visit(town, new_page):
    """`visit("moderator", …)`: a page of whoever has this demo login, signed in already; "" is a stranger."""

    def page_of(login: str = "", **options):
        who = User.objects.get(email=f"{login}@example.org") if login else None
        return already_signed_in(new_page(**options), who)

    return page_of


@pytest.fixture
def company(town) -> SimpleNamespace:
    """The cast anew, for this journey alone, with a live article; Rita has agreed to the rules, Nora has not."""
    number = next(_numbers)
    people = cast.people(str(number))
    people.rules = cast.rules(people)
    people.page = cast.live_article(people, title=f"Sleep in the weeks after treatment, part {number}")
    policies.accept(people.rita, people.rules)
    return people
