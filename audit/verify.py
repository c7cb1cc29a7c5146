"""Recompute what can be recomputed: apps register checks, `verify` names the first row that does not hold."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, models, transaction

from . import triggers
from .models import GENESIS, Entry


@dataclass(frozen=True)
class Failure:
    """One row that does not hold: its table, its primary key (or a name), and what is wrong with it."""

    table: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.what}"


Check = Callable[[], Iterator[Failure]]
CHECKS: list[tuple[str, Check]] = []


class NoSuchThing(Exception):
    """What was asked for is not there, or cannot be read; the text is a sentence."""


@dataclass(frozen=True)
class Outcome:
    """What one check of a bundle found; `left_out` says what it could not look at, and why."""

    name: str
    failures: list[str]
    left_out: list[str]


@dataclass(frozen=True)
class Bundles:
    """How one page is packed for somebody without our database, and how such a bundle is checked. Both may raise NoSuchThing."""

    pack: Callable[[str, int | None], bytes]  # "<kind>/<slug or uid>", number of the publication
    check: Callable[[Path], Iterator[Outcome]]


BUNDLES: list[Bundles] = []


def register(name: str) -> Callable[[Check], Check]:
    """Add a check under a name that `verify` prints; checks run in the order of the apps."""

    def add(check: Check) -> Check:
        CHECKS.append((name, check))
        return check

    return add


def failure(row: models.Model, what: str) -> Failure:
    return Failure(row._meta.db_table, str(row.pk), what)


@contextmanager
def one_moment() -> Iterator[None]:
    """All checks see the database as it is now, whatever people do meanwhile; nothing is locked, nothing can be written."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Django's own transactions take SQLite's one write lock at once.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def head_differs(known: str) -> Iterator[Failure]:
    """Whether the log still holds the entry that somebody wrote down once, as "<seq>:<hash>"."""
    seq, _, hash_ = known.partition(":")
    entry = Entry.objects.filter(seq=int(seq)).first() if seq.isascii() and seq.isdigit() and len(seq) < 19 else None
    if entry is None:
        yield Failure("audit_entry", seq, "is gone, though its hash was known")
    elif entry.hash != hash_:
        yield failure(entry, f"has not the hash that was known: {hash_}")


@register("triggers")
def standing_triggers() -> Iterator[Failure]:
    for name in triggers.missing():
        yield Failure("trigger", name, "is absent, switched off or different")


@register("audit chain")
def chain() -> Iterator[Failure]:
    seq, previous = 0, GENESIS
    for entry in Entry.objects.order_by("seq").iterator(chunk_size=2000):
        if entry.seq != seq + 1:
            yield failure(entry, f"follows entry {seq}: entries are missing")
        if entry.prev_hash != previous:
            yield failure(entry, "does not name the hash of the entry before it")
        if entry.digest() != entry.hash:
            yield failure(entry, "does not hash to its own hash")
        seq, previous = entry.seq, entry.hash
