"""Scenes that many tests begin with: played once by the verbs, kept as databases, lent to one test after another.

A test that asks for the cast and then for a live page gets the database in which both were made, on a connection that
is rolled back afterwards. Whoever wrote something before, travels in time, patches, changes settings or counts queries
gets them made anew. So every test sees what it would have seen without this, and nothing of any other test.
"""

import functools
import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone, translation

# The second test that begins like another one has the scene played into a database of its own.
WORTH_KEEPING = 2
# Each holds a connection.
MOST = 24

_worlds: "Worlds | None" = None


def kept(play: Callable) -> Callable:
    """What `play` makes may come from a kept world."""

    @functools.wraps(play)
    def played(*args, **options):
        loan = _worlds and _worlds.loan
        return _worlds.play(loan, play, args, options) if loan else play(*args, **options)

    return played


@dataclass
class World:
    """A database in which some scenes were played, and what they left beside it: what they gave, and what waits for a commit."""

    name: str
    gave: bytes = b""
    on_commit: list = field(default_factory=list)
    raw: object = None


@dataclass
class Loan:
    """What one test works on: the scenes so far, and the connection to the template that waits meanwhile."""

    home: object
    untouched: object
    path: tuple[str, ...] = ()
    world: World | None = None
    people: SimpleNamespace = field(default_factory=SimpleNamespace)


class Worlds:
    """The kept worlds of a worker."""

    def __init__(self, copies) -> None:
        global _worlds
        self.copies = copies
        self.worlds: dict[tuple[str, ...], World] = {}
        self.asked: Counter[tuple[str, ...]] = Counter()
        self.day = timezone.now().date()
        self.settings = settings._wrapped
        self.zone = timezone.get_current_timezone_name()
        self.loan: Loan | None = None
        # The fixture of the test, if it asked for it.
        self.monkeypatch = None
        _worlds = self

    @contextmanager
    def lent(self) -> Iterator[None]:
        """While a test runs inside the transaction that the fixture `db` rolls back."""
        self.loan = Loan(home=connection.connection, untouched=state())
        try:
            yield
        finally:
            loan, self.loan, self.monkeypatch = self.loan, None, None
            if loan.world:
                self.give_back(loan)

    def play(self, loan: Loan, play: Callable, args: tuple, options: dict) -> object:
        path = self.path(loan, play, args, options)
        if path is None:
            return self.plainly(loan, play, args, options)
        if path in self.worlds:
            return self.enter(loan, path)
        if self.asked[path] + 1 >= WORTH_KEEPING and len(self.worlds) < MOST:
            return self.keep(loan, path, play, args, options)
        gave = self.plainly(loan, play, args, options)
        self.asked[path] += 1
        return gave

    def path(self, loan: Loan, play: Callable, args: tuple, options: dict) -> tuple[str, ...] | None:
        """The scenes that lead to this one; None where a kept world would not be what the test asked for."""
        if not (self.nothing_special() and clean(loan)):
            return None
        names = {id(person): f"{handle}." for handle, person in vars(loan.people).items()} | {id(loan.people): "cast."}
        try:
            scene = json.dumps([play.__qualname__, args, options], sort_keys=True, default=lambda one: names[id(one)])
        except KeyError:
            return None
        return (*loan.path, scene)

    def nothing_special(self) -> bool:
        return not (
            time_machine.escape_hatch.is_travelling()
            or timezone.now().date() != self.day
            or timezone.get_current_timezone_name() != self.zone
            or translation.get_language() != settings.LANGUAGE_CODE
            or settings._wrapped is not self.settings
            or connection.force_debug_cursor
            or connection.execute_wrappers
            or patched(self.monkeypatch)
        )

    def plainly(self, loan: Loan, play: Callable, args: tuple, options: dict) -> object:
        """As if nothing was ever kept, also for the scenes that this one consists of."""
        self.loan = None
        try:
            return play(*args, **options)
        finally:
            self.loan = loan

    def enter(self, loan: Loan, path: tuple[str, ...]) -> object:
        self.leave(loan)
        self.arrive(loan, path)
        connection.run_on_commit.extend(self.worlds[path].on_commit)
        return self.remember(loan, pickle.loads(self.worlds[path].gave))

    def keep(self, loan: Loan, path: tuple[str, ...], play: Callable, args: tuple, options: dict) -> object:
        """Play the scene in a copy of the world before it, commit it there, and go on from it."""
        before = len(connection.run_on_commit)
        self.leave(loan)
        world = World(self.copy(loan))
        try:
            mount(world)
            gave = self.plainly(loan, play, args, options)
            connection.check_constraints()
            world.raw.commit()
            world.gave = pickle.dumps(gave)
        except Exception:
            # Also this way it has to end as it would without us: nothing is kept, and it is tried where it was asked for.
            self.asked[path] = -1_000_000
            del connection.run_on_commit[before:]
            world.raw.close()
            self.copies.drop(world.name)
            self.arrive(loan, loan.path)
            return self.plainly(loan, play, args, options)
        world.on_commit = [(set(), *rest) for _savepoints, *rest in connection.run_on_commit[before:]]
        self.worlds[path] = world
        self.arrive(loan, path)
        return self.remember(loan, gave)

    def remember(self, loan: Loan, gave: object) -> object:
        if hasattr(gave, "amara"):
            loan.people = gave
        return gave

    def copy(self, loan: Loan) -> str:
        """A copy of where the test is now. Nobody may be connected to what is copied."""
        source = self.worlds.get(loan.path)
        if source is None:
            loan.home.close()
        else:
            source.raw.close()
            source.raw = None
        try:
            return self.copies.of(source.name if source else self.copies.template)
        finally:
            if source is None:
                loan.home = opened(self.copies.template)
                connection.connection = loan.home
                begin()

    def arrive(self, loan: Loan, path: tuple[str, ...]) -> None:
        loan.path, loan.world = path, self.worlds.get(path)
        if loan.world:
            mount(loan.world)
        loan.untouched = state()

    def leave(self, loan: Loan) -> None:
        if loan.world:
            loan.world.raw.rollback()
        loan.world, connection.connection = None, loan.home

    def give_back(self, loan: Loan) -> None:
        """As the fixture `db` ends a test: what was deferred is checked, then all of it is rolled back."""
        world, broken = loan.world, connection.closed_in_transaction
        try:
            if not (broken or connection.needs_rollback):
                connection.check_constraints()
        finally:
            connection.connection = loan.home
            if broken:
                world.raw = None
                loan.home.close()
            else:
                world.raw.rollback()

    def drop(self) -> None:
        for world in self.worlds.values():
            if world.raw:
                world.raw.close()
            self.copies.drop(world.name)


def opened(name: str) -> object:
    """A connection to this database as Django would open it."""
    wrapper = connection.copy()
    wrapper.settings_dict["NAME"] = name
    wrapper.connect()
    return wrapper.connection


def mount(world: World) -> None:
    world.raw = world.raw or opened(world.name)
    connection.connection = world.raw
    begin()


def begin() -> None:
    """The transaction that Django believes to be in."""
    if connection.vendor == "sqlite":
        connection._start_transaction_under_autocommit()
    else:
        connection.connection.autocommit = False


def state() -> object:
    """Something that is different once this transaction wrote anything."""
    raw = connection.connection
    if connection.vendor == "sqlite":
        return raw.total_changes, raw.execute("PRAGMA schema_version").fetchone()
    return raw.execute("SELECT pg_current_xact_id_if_assigned()").fetchone()


def clean(loan: Loan) -> bool:
    return (
        connection.in_atomic_block
        and not (connection.savepoint_ids or connection.needs_rollback or connection.closed_in_transaction)
        and state() == loan.untouched
    )


def patched(monkeypatch) -> bool:
    return bool(monkeypatch and (monkeypatch._setattr or monkeypatch._setitem))
