"""The one way a row changes state, and the chain it is written in."""

import hashlib
import json

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Subscription
from audit import verify
from audit.models import GENESIS, Entry
from audit.moves import WrongState, move, record
from tests import cast


@pytest.fixture
def subscription(db) -> Subscription:
    return Subscription.objects.create(email="rita@example.org", consent_text="By giving your address …")


class TestMove:
    def test_it_moves_counts_on_and_writes_one_entry(self, subscription):
        rita = cast.person("rita")
        move(subscription, "left", by=rita, verb="newsletter.left", facts={"how": "link"})
        entry = Entry.objects.get()
        assert (subscription.status, subscription.version) == ("left", 1)
        assert (entry.verb, entry.actor, entry.object_type, entry.object_id) == (
            "newsletter.left", rita, "accounts.subscription", str(subscription.pk),
        )  # fmt: skip
        assert json.loads(entry.payload) == {"from": "pending", "how": "link", "to": "left"}

    def test_it_refuses_a_state_that_does_not_follow(self, subscription):
        with pytest.raises(WrongState, match="cannot go from"):
            move(subscription, "pending", by=None, verb="newsletter.joined")
        assert not Entry.objects.exists()

    def test_the_second_from_the_same_page_loses(self, subscription):
        stale = Subscription.objects.get(pk=subscription.pk)
        move(subscription, "left", by=None, verb="newsletter.left")
        with pytest.raises(WrongState, match="Somebody else"):
            move(stale, "left", by=None, verb="newsletter.left")
        assert Entry.objects.count() == 1

    def test_without_its_entry_there_is_no_move(self, subscription):
        with pytest.raises(DatabaseError), transaction.atomic():
            move(subscription, "left", by=None, verb="NOT A CODE")
        assert Subscription.objects.get().status == "pending"


def test_of_eight_who_press_at_once_exactly_one_wins(committed_db):
    pk = Subscription.objects.create(email="rita@example.org", consent_text="…").pk
    rows = [Subscription.objects.get(pk=pk) for _ in range(8)]
    results = committed_db.race(lambda n: move(rows[n], "left", by=None, verb="newsletter.left"), runners=8)
    assert [type(one) for one in results].count(Entry) == 1, results
    assert [type(one) for one in results].count(WrongState) == 7, results


def test_writers_at_once_make_one_chain_without_a_fork(committed_db):
    subject = Subscription.objects.create(email="rita@example.org", consent_text="…")

    def write(_n: int) -> None:
        for _ in range(5):
            record(subject, by=None, verb="newsletter.looked_at")

    assert committed_db.race(write, runners=4) == [None] * 4
    assert list(Entry.objects.values_list("seq", flat=True)) == list(range(1, 21))
    assert list(verify.chain()) == []


class TestChain:
    def test_each_entry_names_the_one_before(self, subscription):
        first, second = (record(subscription, by=None, verb="newsletter.looked_at") for _ in range(2))
        assert (first.prev_hash, second.prev_hash) == (GENESIS, first.hash)
        assert first.hash == Entry.objects.get(seq=1).digest()

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"seq": 7}, "seq must follow"),
            ({"seq": 1}, "(?i)seq must follow|unique"),
            ({"prev_hash": "0" * 64}, "prev_hash must be"),
        ],
        ids=["a gap", "a fork", "another past"],
    )
    def test_the_database_refuses_an_entry_that_does_not_follow(self, subscription, changes, sentence):
        last = record(subscription, by=None, verb="newsletter.looked_at")
        entry = Entry(
            **{
                "seq": 2, "at": last.at, "verb": "forged.entry", "object_type": "x", "object_id": "1", "payload": "{}",
                "prev_hash": last.hash, **changes,
            }
        )  # fmt: skip
        entry.hash = entry.digest()
        with pytest.raises(DatabaseError, match=sentence), transaction.atomic():
            entry.save(force_insert=True)

    def test_a_false_digest_is_refused_by_postgresql_and_named_by_verify_on_sqlite(self, subscription):
        last = record(subscription, by=None, verb="newsletter.looked_at")
        entry = Entry(
            seq=2,
            at=last.at,
            verb="forged.entry",
            object_type="x",
            object_id="1",
            payload="{}",
            prev_hash=last.hash,
            hash=hashlib.sha256(b"something else").hexdigest(),
        )
        if connection.vendor == "postgresql":
            with pytest.raises(DatabaseError, match="hash does not fit"), transaction.atomic():
                entry.save(force_insert=True)
        else:
            entry.save(force_insert=True)
            assert [(one.row, one.what) for one in verify.chain()] == [("2", "does not hash to its own hash")]

    @pytest.mark.parametrize("column", ["verb", "payload", "object_id", "at", "hash", "prev_hash"])
    def test_verify_names_the_entry_that_was_altered_past_the_triggers(self, subscription, without_triggers, column):
        for _ in range(3):
            record(subscription, by=None, verb="newsletter.looked_at")
        value = {"at": "2020-01-01 00:00:00+00:00"}.get(column, "f" * 64 if "hash" in column else "changed.by_hand")
        with without_triggers("audit_entry"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE audit_entry SET {column} = %s WHERE seq = 2", [value])
        assert next(iter(verify.chain())).row == "2"

    def test_verify_notices_an_entry_that_was_taken_out(self, subscription, without_triggers):
        for _ in range(3):
            record(subscription, by=None, verb="newsletter.looked_at")
        with without_triggers("audit_entry"):
            Entry.objects.filter(seq=2).delete()
        assert "entries are missing" in next(iter(verify.chain())).what
