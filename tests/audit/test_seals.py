"""Seals: no column of an evidence row changes unseen, and no row comes to be without a verb."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection
from django.utils.translation import gettext_lazy

from articles.models import PublicNotice, ReferenceStatus, Review, Revocation, SignOff
from articles.workflow import calling_back, publishing, signing
from audit import seals
from audit.models import Entry
from audit.moves import record
from tests import cast

EVIDENCE = {
    "Publication", "PublicNotice", "ReferenceAcknowledgement", "ReferenceStatus", "Revision", "Revocation", "SignOff",
    "Withdrawal",
}  # fmt: skip


@pytest.fixture
def people(db):
    return cast.people()


def named(check) -> list[str]:
    return [str(one) for one in check()]


def statement(text: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, params)


def test_all_evidence_is_sealed():
    assert {model.__name__ for model in seals.sealed_models()} == EVIDENCE


@pytest.mark.parametrize("model", seals.sealed_models(), ids=lambda model: model.__name__)
def test_the_newest_form_names_every_column(model):
    columns = [name.removesuffix("#") for name in seals.forms(model)[seals.newest_form(model)].split()]
    assert sorted(columns) == sorted(field.attname for field in model._meta.concrete_fields)


def test_the_tenth_form_is_newer_than_the_ninth(monkeypatch):
    monkeypatch.setattr(Revocation, "SEALED", {"s9": "id", "s10": "id reason"})
    assert seals.newest_form(Revocation) == "s10"
    assert seals.values(Revocation(pk=1, reason="x")) == {"id": 1, "reason": "x"}
    assert seals.values(Revocation(pk=1, reason="x"), "s9") == {"id": 1}


class TestText:
    """What is hashed is fixed to the letter: whoever changes it makes every seal ever written worthless."""

    def test_times_are_utc_with_microseconds_and_letters_stay(self):
        there = timezone(timedelta(hours=2))
        row = ReferenceStatus(
            id=7,
            reference_id=3,
            status="retracted",
            notice="",
            effective_on=date(2026, 2, 1),
            source="Société “X” 1",
            by_id=2,
            observed_at=datetime(2026, 2, 3, 1, 5, 6, 70, tzinfo=there),
        )
        text = (
            '{"by_id":2,"effective_on":"2026-02-01","id":7,"notice":"","observed_at":"2026-02-02T23:05:06.000070Z",'
            '"reference_id":3,"source":"Société “X” 1","status":"retracted"}'
        )
        assert seals.sealed_text(seals.values(row)) == text
        assert seals.seal(row) == f"s1:{hashlib.sha256(text.encode()).hexdigest()}"

    def test_true_false_and_nothing(self, monkeypatch):
        monkeypatch.setattr(Review, "SEALED", {"s1": "id reaffirms class_refused leans_on_id due_on"}, raising=False)
        row = Review(id=1, reaffirms=True)
        assert seals.sealed_text(seals.values(row)) == (
            '{"class_refused":false,"due_on":null,"id":1,"leans_on_id":null,"reaffirms":true}'
        )

    def test_a_text_that_stays_inside_is_sealed_by_its_digest(self, monkeypatch):
        monkeypatch.setattr(Revocation, "SEALED", {"s1": "id reason#"})
        told = seals.values(Revocation(pk=1, reason="Between us"))
        assert told == {"id": 1, "reason#": hashlib.sha256(b"Between us").hexdigest()}
        assert "Between us" not in seals.sealed_text(told)

    def test_what_a_verb_passes_and_what_comes_back_are_the_same(self):
        """A day given as text or with an hour, a word that is translated late: the seal is that of the stored row."""
        at = datetime(2026, 2, 3, tzinfo=UTC)
        stored = ReferenceStatus(reference_id=3, status="retracted", effective_on=date(2026, 2, 1), observed_at=at)
        given = ReferenceStatus(
            reference_id="3", status=gettext_lazy("retracted"), effective_on="2026-02-01", observed_at=at
        )
        assert seals.seal(given) == seals.seal(stored)

    @pytest.mark.parametrize("value", [datetime(2026, 1, 1), 1.5, [1]], ids=["no zone", "a float", "a list"])
    def test_what_two_databases_could_keep_differently_is_refused(self, value):
        with pytest.raises(TypeError):
            seals._plain(value)


def world(people) -> None:
    """At least one row of every kind but an acknowledgement, each through its verb."""
    page = cast.live_page(people)
    publishing.post_notice(page, by=people.edda, kind="update", text="Two sentences were made clearer.")
    reference = page.live_publication.revision.cited.first().reference
    calling_back.record_reference_status(reference, status="corrected", by=people.edda)
    signing.revoke(SignOff.objects.get(), by=people.ruth, reason="error_found")


def test_a_row_read_back_has_the_seal_it_was_recorded_with(people):
    """On SQLite and on PostgreSQL: both keep microseconds, and neither changes a letter."""
    world(people)
    assert Entry.objects.filter(payload__contains=seals.SEALED).count() == 7
    assert named(seals.seals) == []
    assert named(seals.recorded) == []


class TestAltered:
    def test_a_changed_row_is_named_with_its_entry(self, people, without_triggers):
        world(people)
        notice = PublicNotice.objects.get()
        with without_triggers("articles_publicnotice"):
            PublicNotice.objects.update(text="Nothing was wrong.")
        entry = Entry.objects.get(object_type="articles.publicnotice")
        assert named(seals.seals) == [
            f"articles_publicnotice {notice.pk}: is not the row that entry {entry.seq} sealed"
        ]

    def test_a_new_entry_does_not_whitewash_an_altered_row(self, people, without_triggers):
        world(people)
        with without_triggers("articles_publicnotice"):
            PublicNotice.objects.update(text="Nothing was wrong.")
        notice = PublicNotice.objects.get()
        record(notice, by=None, verb="notice.posted", seal=seals.seal(notice))
        assert len(named(seals.seals)) == 1

    def test_a_row_that_is_gone_is_named(self, people, without_triggers):
        world(people)
        pk = PublicNotice.objects.get().pk
        with without_triggers("articles_publicnotice"):
            PublicNotice.objects.all().delete()
        assert named(seals.seals)[0].startswith(f"articles_publicnotice {pk}: is gone")

    @pytest.mark.parametrize("object_id", ["abc", "", "99999999999999999999999", "7", "-1", "1e3"])
    def test_an_entry_about_no_row_of_ours_stops_nothing(self, people, object_id):
        world(people)
        forge("articles.publicnotice", object_id, {"seal": "s1:00"})
        assert named(seals.seals) == [f"articles_publicnotice {object_id}: is gone; entry {last().seq} recorded it"]

    @pytest.mark.parametrize("told", ["s99:00", "s:00", "sx:00"])
    def test_a_form_that_nobody_knows_is_named(self, people, told):
        world(people)
        forge("articles.publicnotice", str(PublicNotice.objects.get().pk), {"seal": told})
        assert named(seals.seals) == [f"audit_entry {last().seq}: seals a row in a form that is not known here"]

    @pytest.mark.parametrize("object_type", ["articles.nothing", "nonsense", "articles.note"])
    def test_a_seal_on_something_that_is_not_sealed_is_named(self, people, object_type):
        world(people)
        forge(object_type, "1", {"seal": "s1:00"})
        assert named(seals.seals) == [f"audit_entry {last().seq}: seals a row of a kind that is not sealed"]


class TestRecorded:
    def test_a_row_that_no_verb_made_is_named(self, people):
        world(people)
        page = PublicNotice.objects.get().page
        smuggled = PublicNotice.objects.create(page=page, kind="update", text="All is well.", by=people.edda)
        said = "was never recorded: no verb made it"
        assert named(seals.recorded) == [f"articles_publicnotice {smuggled.pk}: {said}"]

    def test_an_entry_without_a_seal_is_enough_for_rows_from_before_seals(self, people):
        page = cast.live_page(people)
        old = PublicNotice.objects.create(page=page, kind="update", text="From before.", by=people.edda)
        record(old, by=people.edda, verb="notice.posted")
        assert named(seals.recorded) == []
        publishing.post_notice(page, by=people.edda, kind="update", text="From now on.")
        assert named(seals.recorded) == []

    def test_since_seals_exist_an_entry_without_one_is_not_enough(self, people):
        world(people)
        page = PublicNotice.objects.get().page
        smuggled = PublicNotice.objects.create(page=page, kind="update", text="All is well.", by=people.edda)
        record(smuggled, by=None, verb="notice.posted")
        assert [one.row for one in seals.recorded()] == [str(smuggled.pk)]


def test_a_thousand_rows_are_never_in_memory_at_once(people, django_assert_max_num_queries):
    page = cast.live_page(people)
    for number in range(250):
        publishing.post_notice(page, by=people.edda, kind="update", text=f"Notice {number}")
    with django_assert_max_num_queries(2 * len(EVIDENCE) + 2 + 6):
        assert named(seals.seals) == []
    with django_assert_max_num_queries(3 * len(EVIDENCE) + 4):
        assert named(seals.recorded) == []


def forge(object_type: str, object_id: str, facts: dict) -> None:
    """An entry that continues the chain as it must, written past `record`."""
    before = last()
    entry = Entry(
        seq=before.seq + 1,
        at=before.at,
        verb="forged.entry",
        object_type=object_type,
        object_id=object_id,
        payload=json.dumps(facts, separators=(",", ":")),
        prev_hash=before.hash,
    )
    entry.hash = entry.digest()
    entry.save(force_insert=True)


def last() -> Entry:
    return Entry.objects.order_by("-seq").first()
