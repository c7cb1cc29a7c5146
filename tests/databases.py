"""Databases of the tests: one migrated template per worker, and copies of it for whatever must really commit.

Flushing is not possible here: evidence tables refuse DELETE and TRUNCATE, and must.
"""

import itertools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, connections


class Copies:
    """Copies of the worker's template database, made and dropped."""

    def __init__(self) -> None:
        self.template = connection.settings_dict["NAME"]
        self.numbers = itertools.count(1)

    def make(self) -> str:
        """A copy of the template."""
        connections.close_all()
        return self.of(self.template)

    def of(self, source: str) -> str:
        """A copy of a database to which nobody is connected."""
        number = next(self.numbers)
        if connection.vendor == "sqlite":
            name = str(Path(self.template).with_suffix(f".{number}.sqlite3"))
            copy_sqlite(source, name)
            return name
        name = f"{self.template}_{number}"
        on_server(
            # A test that failed may have left a session behind; the next one is not to suffer for it.
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}' AND pid <> pg_backend_pid()",
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{source}"',
        )
        return name

    def drop(self, name: str) -> None:
        if connection.vendor == "sqlite":
            for file in Path(name).parent.glob(f"{Path(name).name}*"):
                file.unlink(missing_ok=True)
        else:
            on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextmanager
    def use(self, name: str) -> Iterator["Committed"]:
        """Every connection of this process, in every thread, goes to the copy until the block ends."""
        connections.close_all()
        # All threads' connections share this dict.
        connections.databases["default"]["NAME"] = name
        try:
            yield Committed(name)
        finally:
            connections.close_all()
            connections.databases["default"]["NAME"] = self.template


def on_server(*statements: str) -> None:
    """Statements about databases run from the maintenance database, outside a transaction."""
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def copy_sqlite(source: str, target: str) -> None:
    # The backup interface includes what still stands in the write-ahead log.
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


class Committed:
    """The copy a test works on."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def url(self) -> str:
        """DATABASE_URL for another process."""
        if connection.vendor == "sqlite":
            return f"sqlite:///{self.name}"
        server = os.environ["DATABASE_URL"].partition("?")[0].rpartition("/")[0]
        return f"{server}/{self.name}"

    def race(self, act: Callable[[int], object], *, runners: int = 4) -> list[object]:
        """Run `act(0)` … `act(n - 1)` at once in threads; each result, or the exception it raised."""
        results: list[object] = [None] * runners
        together = threading.Barrier(runners)

        def runner(number: int) -> None:
            try:
                connection.ensure_connection()
                together.wait(timeout=10)
                results[number] = act(number)
            except Exception as error:
                results[number] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=runner, args=(number,)) for number in range(runners)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in threads), "a runner did not come back: a deadlock?"
        return results
