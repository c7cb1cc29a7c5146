"""A kept scene is what its verbs made, and nothing that a test does in it is there for the next one."""

import pytest
import time_machine
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import notices
from articles.models import Page
from articles.signals import page_published
from audit.models import Entry
from tests import cast, worlds

pytestmark = pytest.mark.django_db


def done() -> None:
    """What was to be done after the commit."""


@worlds.kept
def promised(people) -> None:
    cast.draft(people.amara)
    transaction.on_commit(done)


def home() -> bool:
    """Whether the test still works on the template."""
    return worlds._worlds.loan.world is None


@pytest.fixture(autouse=True)
def _worth_it(monkeypatch) -> None:
    """Every scene is kept at once, also where one test runs alone."""
    monkeypatch.setattr(worlds, "WORTH_KEEPING", 1)
    # Otherwise this would be a patch on account of which nothing is kept.
    worlds._worlds.monkeypatch = None


@pytest.mark.parametrize("time", ["made", "lent", "lent again"])
class TestLent:
    def test_it_is_what_the_verbs_made(self, time):
        people = cast.people()
        page = cast.live_page(people)
        assert not home()
        assert page.owner == people.amara
        assert Page.objects.get() == page
        assert page.live_publication.published_by == people.edda
        assert Entry.objects.count() == Entry.objects.order_by("-seq").first().seq > 3

    def test_what_a_test_does_there_is_gone_for_the_next(self, time):
        page = cast.live_page(cast.people())
        assert (page.version, page.risk) == (Page.objects.get().version, "standard")
        Page.objects.update(risk="high")
        cast.person("somebody")

    def test_what_waits_for_the_commit_waits_there_too(self, time, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as waiting:
            promised(cast.people())
        assert waiting == [done]

    def test_what_the_people_know_of_themselves_is_known(self, time):
        people = cast.people()
        assert "role_codes" not in vars(people.edda)
        cast.live_page(people)
        assert vars(people.edda)["role_codes"] == {"editor"}

    def test_a_review_knows_the_very_people_of_the_test(self, time):
        people = cast.people()
        assert cast.open_review(people).opened_by is people.amara

    def test_one_scene_follows_another(self, time):
        people = cast.people()
        first = cast.live_page(people, title="One")
        second = cast.live_page(people, title="Two")
        assert list(Page.objects.order_by("pk")) == [first, second]

    def test_the_triggers_are_there(self, time):
        page = cast.live_page(cast.people())
        with pytest.raises(Exception, match="(?i)publication"), transaction.atomic():
            page.publications.update(title="Another")

    def test_a_broken_constraint_is_found_at_the_end(self, time):
        page = cast.draft(cast.people().amara)
        loan = worlds._worlds.loan
        with connection.cursor() as cursor:
            cursor.execute("UPDATE articles_draft SET updated_by_id = 999999 WHERE page_id = %s", [page.pk])
        with pytest.raises(IntegrityError):
            worlds._worlds.give_back(loan)
        loan.world = None
        assert not Page.objects.exists()

    def test_an_empty_database_is_empty(self, time):
        assert not Page.objects.exists()
        assert home()


class TestMadeAnew:
    """Where a kept scene would not be what the test asked for."""

    def test_after_somebody_wrote(self):
        cast.person("first")
        cast.people()
        assert home()

    def test_after_a_savepoint(self):
        with transaction.atomic():
            cast.people()
        assert home()

    def test_on_another_day(self):
        with time_machine.travel(timezone.now()):
            cast.people()
        assert home()

    def test_under_other_settings(self, settings):
        settings.DEMO = True
        cast.people()
        assert home()

    def test_when_something_is_patched(self, monkeypatch):
        people = cast.people()
        told: list = []
        worlds._worlds.monkeypatch = monkeypatch
        monkeypatch.setattr(notices, "signed", lambda *args, **options: told.append(args))
        cast.live_page(people)
        assert len(told) == 1

    def test_when_somebody_listens(self):
        people = cast.people()
        told = []

        def listen(**news):
            told.append(news["page"])

        page_published.connect(listen)
        try:
            page = cast.live_page(people)
        finally:
            page_published.disconnect(listen)
        assert told == [page]

    def test_when_queries_are_counted(self):
        with CaptureQueriesContext(connection) as counted:
            cast.people()
        assert len(counted) > 20

    def test_for_people_that_are_not_the_cast_of_this_test(self):
        people = cast.people()
        stranger = cast.person("stranger", "writer")
        assert cast.draft(stranger).owner == stranger
        assert people.amara.pk


@worlds.kept
def broken(people) -> None:
    cast.draft(people.amara)
    raise ValueError("not this time")


def test_a_scene_that_fails_fails_where_it_was_asked_for_and_leaves_what_it_wrote():
    people = cast.people()
    for pages in (1, 2):
        with pytest.raises(ValueError, match="not this time"):
            broken(people)
        assert Page.objects.count() == pages


def test_scenes_that_nobody_asked_for_go(monkeypatch):
    monkeypatch.setattr(worlds, "MOST", 2)
    worlds._worlds.monkeypatch = None
    people = cast.people()
    for number in (1, 2, 3):
        cast.draft(people.amara, title=f"Number {number}")
        assert Page.objects.count() == number
    assert len(worlds._worlds.worlds) == 2
