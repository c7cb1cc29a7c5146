"""The fixtures that all other tests lean on do what CONTRIBUTING.md says of them."""

import socket
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.mail import get_connection
from django.db import connection, transaction
from django.utils import timezone

from tests.network import NetworkUse, is_here

ROOT = Path(__file__).resolve().parent.parent.parent


def a_session(key: str) -> Session:
    return Session.objects.create(session_key=key, session_data="", expire_date=timezone.now())


class TestRolledBack:
    @pytest.mark.parametrize("time", ["first", "second"])
    def test_each_test_starts_from_the_template(self, db, time):
        assert not Session.objects.exists()
        a_session("rolled-back")

    def test_on_commit_does_not_run(self, db):
        ran = []
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append("ran"))
        assert ran == []


class TestCommitted:
    @pytest.mark.parametrize("time", ["first", "second"])
    def test_each_test_has_its_own_copy(self, committed_db, time):
        assert not Session.objects.exists()
        a_session("committed")

    def test_the_copy_is_not_the_template(self, committed_db, _copies):
        assert connection.settings_dict["NAME"] == committed_db.name != _copies.template

    def test_it_leaves_nothing_in_the_template(self, _copies, django_db_blocker):
        with django_db_blocker.unblock():
            name = _copies.make()
            with _copies.use(name):
                a_session("committed")
            assert connection.settings_dict["NAME"] == _copies.template
            assert not Session.objects.exists()
            _copies.drop(name)
            connection.close()

    def test_migrations_made_it(self, committed_db):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
            assert cursor.fetchone()[0] > 30

    def test_on_commit_runs(self, committed_db):
        ran = []
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append("ran"))
            assert ran == []
        assert ran == ["ran"]

    def test_threads_see_each_others_commits(self, race):
        results = race(lambda number: a_session(f"runner-{number}").session_key, runners=4)
        assert sorted(results) == ["runner-0", "runner-1", "runner-2", "runner-3"]
        assert Session.objects.count() == 4

    def test_a_race_hands_back_what_was_raised(self, race):
        a_session("taken")

        def insert(number: int) -> str:
            with transaction.atomic():
                Session(session_key="taken", session_data="", expire_date=timezone.now()).save(force_insert=True)
            return "inserted"

        assert [type(result).__name__ for result in race(insert, runners=2)] == ["IntegrityError"] * 2

    def test_another_process_works_on_it(self, committed_db, manage):
        a_session("seen-by-the-other-process")
        code = "from django.contrib.sessions.models import Session as S; print(S.objects.get().session_key)"
        done = manage("shell", "--no-imports", "-c", code)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == "seen-by-the-other-process"

    def test_sqlite_is_set_up_for_writers_and_triggers(self, committed_db):
        if connection.vendor != "sqlite":
            assert connection.settings_dict["OPTIONS"].get("pool") is None
            return
        assert Path(committed_db.name).is_file()
        with connection.cursor() as cursor:
            found = {}
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers"):
                cursor.execute(f"PRAGMA {pragma}")
                found[pragma] = cursor.fetchone()[0]
        assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "recursive_triggers": 1}

    def test_a_second_writer_on_sqlite_waits_for_the_first(self, committed_db):
        if connection.vendor != "sqlite":
            return  # PostgreSQL has many writers.
        with transaction.atomic():
            other = sqlite3.connect(committed_db.name, timeout=0)
            try:
                # IMMEDIATE takes the write lock at BEGIN, so nobody fails half-way through.
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("BEGIN IMMEDIATE")
            finally:
                other.close()


class TestClean:
    @pytest.mark.parametrize("time", ["first", "second"])
    def test_the_cache_is_empty_at_the_start(self, time):
        assert cache.get("left-over") is None
        cache.set("left-over", "from another test")

    def test_no_mail_leaves(self):
        assert type(get_connection()).__module__ == "django.core.mail.backends.locmem"


class TestNetwork:
    def test_another_machine_is_out_of_reach(self):
        with socket.socket() as wire, pytest.raises(NetworkUse, match="192.0.2.1"):
            wire.connect(("192.0.2.1", 80))

    def test_a_name_is_not_even_looked_up(self):
        with pytest.raises(NetworkUse, match="example.org"):
            socket.create_connection(("example.org", 80), timeout=1)

    def test_datagrams_stay_here_too(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire, pytest.raises(NetworkUse):
            wire.sendto(b"x", ("192.0.2.1", 53))

    def test_this_machine_is_reachable(self):
        with socket.socket() as server, socket.socket() as client:
            server.bind(("127.0.0.1", 0))
            server.listen()
            client.connect(server.getsockname())

    @pytest.mark.parametrize(
        ("host", "here"),
        [
            ("127.0.0.1", True),
            ("127.8.8.8", True),
            ("::1", True),
            ("10.0.0.1", False),
            ("localhost.example", False),
        ],
    )
    def test_what_counts_as_here(self, host, here):
        assert is_here(host) is here


class TestRefusals:
    """Run in a process of their own, since they are about tests that fail."""

    @pytest.fixture
    def outcome(self, tmp_path):
        def run(code: str) -> str:
            file = tmp_path / "test_inner.py"
            file.write_text(textwrap.dedent(code))
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "tests.conftest",
                "-p",
                "no:cacheprovider",
                "--db=sqlite",
            ]
            place = [f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml"), str(file)]
            done = subprocess.run(
                [*command, *place], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 1, done.stdout + done.stderr
            return done.stdout

        return run

    def test_whatever_would_flush_the_database_is_refused(self, outcome):
        said = outcome(
            """
            import pytest
            from django.test import TransactionTestCase

            @pytest.mark.django_db(transaction=True)
            def test_marked(): ...

            def test_fixture(transactional_db): ...

            def test_server(live_server): ...

            class TestCase(TransactionTestCase):
                def test_method(self): ...

            def test_both(db, committed_db): ...
            """
        )
        assert "Use the fixture `committed_db`" in said
        assert "either `committed_db` (real commits) or `db` (rolled back), not both" in said
        assert "5 errors" in said
