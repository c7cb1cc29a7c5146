"""What every test may rely on; CONTRIBUTING.md says when to use which fixture."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings

from audit import triggers
from tests.browser import _journey_database, _server, browser, new_page, page, site  # noqa: F401
from tests.databases import Committed, Copies
from tests.network import stay_here
from tests.worlds import Worlds

ROOT = Path(__file__).resolve().parent.parent
FLUSHING = {"transactional_db", "live_server", "django_db_reset_sequences", "django_db_serialized_rollback"}

ASKS_A_DATABASE = {"db", "committed_db", "_copies", "django_db_setup"}

# Playwright's synchronous interface runs an event loop in our thread; the ORM would refuse to work beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

hypothesis.settings.register_profile("ci", max_examples=50, derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("soak", max_examples=5_000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure() -> None:
    stay_here()
    # Most of what a test makes is gone by counting references alone; looking for cycles took 5 of 100 seconds.
    gc.set_threshold(200_000, 20, 50)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What asks no database has nothing to do with which one it is: it runs once, beside SQLite."""
    if config.getoption("--db") != "postgres":
        return
    asks = [item for item in items if item.get_closest_marker("django_db") or ASKS_A_DATABASE & set(item.fixturenames)]
    config.hook.pytest_deselected(items=list(set(items) - set(asks)))
    items[:] = asks


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse whatever would flush the database before it gets to try."""
    marker = item.get_closest_marker("django_db")
    case = getattr(item, "cls", None)
    flushes = (
        (marker is not None and (marker.kwargs.get("transaction") or marker.args[:1] == (True,)))
        or FLUSHING & set(getattr(item, "fixturenames", ()))
        or (case is not None and issubclass(case, TransactionTestCase) and not issubclass(case, TestCase))
    )
    if flushes:
        pytest.fail(
            "This test would flush the database afterwards, and append-only tables refuse that. "
            "Use the fixture `committed_db` instead of transaction=True, transactional_db, live_server "
            "or TransactionTestCase.",
            pytrace=False,
        )
    if "committed_db" in getattr(item, "fixturenames", ()) and (marker is not None or "db" in item.fixturenames):
        pytest.fail("A test has either `committed_db` (real commits) or `db` (rolled back), not both.", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.report_of_call = report
    return report


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, worker_id, tmp_path_factory) -> Iterator[None]:
    """One template database per worker, built by the migrations, never by copying the models."""
    from django.test.utils import setup_databases, teardown_databases

    default = django_settings.DATABASES["default"]
    if default["ENGINE"].endswith("sqlite3"):
        # A file, not memory: threads, processes and the browser's server share it.
        name = str(tmp_path_factory.mktemp("database") / "template.sqlite3")
    else:
        name = f"bedside_test_{worker_id}_{os.getpid()}"
    default.setdefault("TEST", {})["NAME"] = name
    with django_db_blocker.unblock():
        created = setup_databases(verbosity=0, interactive=False, aliases={"default"}, serialized_aliases=set())
        yield
        teardown_databases(created, verbosity=0)


@pytest.fixture(scope="session")
def _copies(django_db_setup, django_db_blocker) -> Copies:
    with django_db_blocker.unblock():
        return Copies()


@pytest.fixture(scope="session")
def _kept_worlds(_copies, _media, django_db_blocker) -> Iterator[Worlds]:
    worlds = Worlds(_copies)
    yield worlds
    with django_db_blocker.unblock():
        worlds.drop_all()


@pytest.fixture(autouse=True)
def _worlds(request) -> Iterator[None]:
    """What `tests.cast` plays may come from a database in which it was played before; see `tests.worlds`."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        worlds = request.getfixturevalue("_kept_worlds")
        request.getfixturevalue("db")
        with worlds.lent():
            yield
    else:
        yield


@pytest.fixture
def monkeypatch(request, monkeypatch) -> pytest.MonkeyPatch:
    """Where something is patched, scenes are played anew."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_kept_worlds").monkeypatch = monkeypatch
    return monkeypatch


@pytest.fixture
def committed_db(_copies, django_db_blocker) -> Iterator[Committed]:
    """A fresh copy of the template where commits, threads, other processes and on_commit are real."""
    with django_db_blocker.unblock():
        name = _copies.make()
        try:
            with _copies.use(name) as committed:
                yield committed
        finally:
            _copies.drop(name)


@pytest.fixture
def race(committed_db) -> Callable[..., list]:
    """`race(act, runners=4)`: act(0) … act(3) at the same moment; a list of results and raised exceptions."""
    return committed_db.race


@pytest.fixture
def manage(committed_db) -> Callable[..., subprocess.CompletedProcess]:
    """`manage("verify", "--json")`: manage.py in a process of its own on this test's database."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            input=stdin,
            env={
                **os.environ,
                "DATABASE_URL": committed_db.url,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "MEDIA_ROOT": str(django_settings.MEDIA_ROOT),
                **environment,
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session", autouse=True)
def _media(tmp_path_factory) -> Iterator[None]:
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Rate limits and cached pages of one test are no business of the next."""
    for name in caches:
        caches[name].clear()


@pytest.fixture
def without_triggers() -> Callable:
    """One table's own triggers are down: what the owner of the database can do, and `verify` must find."""

    @contextmanager
    def down(table: str) -> Iterator[None]:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            else:
                for trigger in triggers.declared():
                    if trigger.table == table:
                        cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")
            yield
            if connection.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        triggers.install()

    return down
