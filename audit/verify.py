"""Recompute what can be recomputed: apps register checks, `verify` names the first row that does not hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import models

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


def register(name: str) -> Callable[[Check], Check]:
    """Add a check under a name that `verify` prints; checks run in the order of the apps."""

    def add(check: Check) -> Check:
        CHECKS.append((name, check))
        return check

    return add


def failure(row: models.Model, what: str) -> Failure:
    return Failure(row._meta.db_table, str(row.pk), what)


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
