"""Scenes that many tests begin with: played once by the verbs, kept as databases, lent to one test after another.

A test that asks for the cast and then for a live page gets the database in which both were made, on a connection that
is rolled back afterwards. Whoever wrote something before, travels in time, patches, changes settings or counts queries
gets them made anew. So every test sees what it would have seen without this, and nothing of any other test.
"""

import functools
import io
import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace

import time_machine
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.db.models import signals as models_signals
from django.dispatch import Signal
from django.utils import timezone, translation

# The second test that begins like another one has the scene played into a database of its own.
WORTH_KEEPING = 2
# Each holds a connection; the one that was not asked for the longest goes first.
MOST = 16
NEWS = ("accounts.signals", "accounts.policies", "articles.signals")

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
        self.listeners = listeners()
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
        if self.asked[path] + 1 >= WORTH_KEEPING:
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
            told = [play.__module__, play.__qualname__, args, options]
            scene = json.dumps(told, sort_keys=True, default=lambda one: names[id(one)])
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
            or listeners() != self.listeners
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
        world = self.worlds[path] = self.worlds.pop(path)
        self.leave(loan)
        self.arrive(loan, path)
        connection.run_on_commit.extend(world.on_commit)
        return self.remember(loan, unpacked(world.gave, loan.people))

    def keep(self, loan: Loan, path: tuple[str, ...], play: Callable, args: tuple, options: dict) -> object:
        """Play the scene in a copy of the world before it, commit it there, and go on from it."""
        before, source = len(connection.run_on_commit), loan.world
        self.leave(loan)
        world = World(self.copy(loan, source))
        try:
            mount(world)
            gave = self.plainly(loan, play, args, options)
            connection.check_constraints()
            world.raw.commit()
            world.gave = packed(gave, loan.people)
        except Exception:
            # Also this way it has to end as it would without us: nothing is kept, and it is tried where it was asked for.
            self.asked[path] = -1_000_000
            del connection.run_on_commit[before:]
            world.raw.close()
            self.copies.drop(world.name)
            self.arrive(loan, loan.path)
            return self.plainly(loan, play, args, options)
        world.on_commit = [(set(), *rest) for _savepoints, *rest in connection.run_on_commit[before:]]
        while len(self.worlds) >= MOST:
            self.drop(next(iter(self.worlds)))
        self.worlds[path] = world
        self.arrive(loan, path)
        return self.remember(loan, gave)

    def remember(self, loan: Loan, gave: object) -> object:
        company = getattr(gave, "people", gave)
        if hasattr(company, "amara"):
            loan.people = company
        return gave

    def copy(self, loan: Loan, source: World | None) -> str:
        """A copy of where the test was. Nobody may be connected to what is copied."""
        if source:
            source.raw.close()
            source.raw = None
            return self.copies.of(source.name)
        loan.home.close()
        try:
            return self.copies.of(self.copies.template)
        finally:
            loan.home = connection.connection = opened(self.copies.template)
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

    def drop(self, path: tuple[str, ...]) -> None:
        world = self.worlds.pop(path)
        if world.raw:
            world.raw.close()
        self.copies.drop(world.name)

    def drop_all(self) -> None:
        for path in list(self.worlds):
            self.drop(path)


class Packer(pickle.Pickler):
    """Who played a scene is told by name: whoever unpacks it has people of that name."""

    def __init__(self, out: io.BytesIO, people: SimpleNamespace) -> None:
        super().__init__(out)
        self.names = {id(person): handle for handle, person in vars(people).items()}

    def persistent_id(self, one: object) -> str | None:
        return self.names.get(id(one))


class Unpacker(pickle.Unpickler):
    def __init__(self, data: bytes, people: SimpleNamespace) -> None:
        super().__init__(io.BytesIO(data))
        self.people = people

    def persistent_load(self, handle: str) -> object:
        return getattr(self.people, handle)


def packed(gave: object, people: SimpleNamespace) -> bytes:
    """What a scene gave, and what it left on the people who played it, such as their roles, read once."""
    out = io.BytesIO()
    left = {handle: vars(person) for handle, person in vars(people).items() if isinstance(person, Model)}
    Packer(out, people).dump((gave, left))
    return out.getvalue()


def unpacked(data: bytes, people: SimpleNamespace) -> object:
    gave, left = Unpacker(data, people).load()
    for handle, seen in left.items():
        vars(getattr(people, handle)).update(seen)
    return gave


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


def listeners() -> int:
    """How many receivers wait for news; a test that adds one wants to be told."""
    modules = (models_signals, *(import_module(name) for name in NEWS))
    return sum(len(one.receivers) for module in modules for one in vars(module).values() if isinstance(one, Signal))


def patched(monkeypatch) -> bool:
    return bool(monkeypatch and (monkeypatch._setattr or monkeypatch._setitem))
