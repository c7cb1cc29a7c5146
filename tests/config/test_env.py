"""Settings from the environment: what is accepted, and how a near-miss is refused."""

import os
import re
import stat
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config import env

BASE = Path("/srv/bedside")


@pytest.fixture
def given(monkeypatch):
    def set_variable(value: str | None, name: str = "NAME") -> None:
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    return set_variable


def refused(*words: str):
    return pytest.raises(ImproperlyConfigured, match=".*".join(re.escape(word) for word in words))


class TestFlag:
    @pytest.mark.parametrize(("value", "read"), env.FLAGS.items())
    def test_accepts(self, given, value, read):
        given(value)
        assert env.flag("NAME", default=not read) is read

    @pytest.mark.parametrize("value", [None, ""])
    def test_unset_is_the_default(self, given, value):
        given(value)
        assert env.flag("NAME", default=True) is True

    @pytest.mark.parametrize("value", ["yes", "no", "on", "off", "TRUE", "2", "-1", " ", "true ", "Ture", "None"])
    def test_refuses_near_misses_with_name_value_and_what_is_allowed(self, given, value):
        given(value)
        with refused("NAME is", repr(value), "1, true, True, 0, false, False"):
            env.flag("NAME", default=False)


class TestNumber:
    @pytest.mark.parametrize(("value", "read"), [("0", 0), ("5", 5), (" 3 ", 3), (None, 1)])
    def test_accepts(self, given, value, read):
        given(value)
        assert env.number("NAME", default=1, least=0, most=5) == read

    @pytest.mark.parametrize("value", ["-1", "6", "1.5", "1e0", "one", "0x1", "٣", "²", "+1"])
    def test_refuses(self, given, value):
        given(value)
        with refused("NAME is", repr(value), "a whole number from 0 to 5"):
            env.number("NAME", default=1, least=0, most=5)


class TestWords:
    def test_choice(self, given):
        given("jsn")
        with refused("NAME is 'jsn'", "plain, json"):
            env.choice("NAME", default="json", allowed=("plain", "json"))

    def test_zone(self, given):
        given("Europe/Vienna")
        assert env.zone("NAME", default="UTC") == "Europe/Vienna"
        given("Vienna")
        with refused("NAME is 'Vienna'", "time zone"):
            env.zone("NAME", default="UTC")

    def test_required_text(self, given):
        given("  ")
        with refused("NAME is not set", ".env.example"):
            env.text("NAME")


class TestHosts:
    def test_accepts_a_list(self, given):
        given("bedside.example, www.bedside.example ,.bedside.test")
        assert env.hosts("NAME", default=[]) == ["bedside.example", "www.bedside.example", ".bedside.test"]

    @pytest.mark.parametrize(
        "value", ["*", "a.example,*", "https://a.example", "a.example/", "a.example,,b.example", "a b"]
    )
    def test_refuses(self, given, value):
        given(value)
        with refused("NAME is", repr(value), "host names"):
            env.hosts("NAME", default=[])


class TestOrigin:
    @pytest.mark.parametrize("value", ["https://bedside.example", "http://127.0.0.1:8000", "http://[::1]:8000"])
    def test_accepts(self, given, value):
        given(value)
        assert env.origin("NAME", default=None) == value

    @pytest.mark.parametrize(
        "value",
        [
            "bedside.example",
            "https://bedside.example/",
            "https://bedside.example/path",
            "https://bedside.example?x",
            "https://bedside.example?",
            "https://bedside.example#",
            "https://me@bedside.example",
            "ftp://bedside.example",
            "https://",
            "https:bedside.example",
            "https://bedside.example:port",
            "https://bedside.example:99999",
            "https://[::1",
        ],
    )
    def test_refuses(self, given, value):
        given(value)
        with refused("NAME is", repr(value), "an origin such as https://bedside.example"):
            env.origin("NAME", default=None)


class TestSecret:
    def test_from_the_variable(self, given):
        given("given")
        assert env.secret("NAME") == "given"

    def test_from_a_file(self, given, tmp_path):
        (tmp_path / "secret").write_text("kept in a file\n")
        given(str(tmp_path / "secret"), "NAME_FILE")
        assert env.secret("NAME") == "kept in a file"

    def test_refuses_both(self, given, tmp_path):
        given("given")
        given(str(tmp_path / "secret"), "NAME_FILE")
        with refused("NAME and NAME_FILE are both set"):
            env.secret("NAME")

    @pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
    def test_refuses_a_file_that_is_absent_empty_or_binary(self, given, tmp_path, content):
        path = tmp_path / "secret"
        if content is not None:
            path.write_bytes(content)
        given(str(path), "NAME_FILE")
        with refused("NAME_FILE is", str(path), "the path of a"):
            env.secret("NAME")


class TestSecretKey:
    def test_is_required_outside_demo_mode(self, given):
        with refused("Neither SIGNING nor SIGNING_FILE is set", "32 random characters"):
            env.secret_key("SIGNING", keep_in=None)

    def test_refuses_a_short_one_without_repeating_it(self, given):
        given("hunter2", "SIGNING")
        with refused("SIGNING has 7 characters", "at least 32") as caught:
            env.secret_key("SIGNING", keep_in=None)
        assert "hunter2" not in str(caught.value)

    def test_demo_mode_makes_one_and_keeps_it(self, tmp_path):
        path = tmp_path / "var" / "secret_key"
        first = env.secret_key("SIGNING", keep_in=path)
        assert len(first) >= env.SHORTEST_SECRET
        assert env.secret_key("SIGNING", keep_in=path) == first
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.listdir(path.parent) == ["secret_key"]

    def test_two_processes_that_start_together_agree(self, tmp_path, monkeypatch):
        # The server and the worker of `make run` start at the same moment.
        path, keys = tmp_path / "secret_key", set()
        pids = iter(range(8))
        monkeypatch.setattr(os, "getpid", lambda: next(pids))
        threads = [threading.Thread(target=lambda: keys.add(env.kept_secret(path))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(keys) == 1

    def test_a_given_one_wins_in_demo_mode_too(self, given, tmp_path):
        given("x" * 40, "SIGNING")
        assert env.secret_key("SIGNING", keep_in=tmp_path / "secret_key") == "x" * 40


def read_database(pool: bool = False) -> dict:
    return env.database("NAME", default="sqlite:///var/bedside.sqlite3", base=BASE, pool=pool)


class TestDatabase:
    @pytest.mark.parametrize(
        ("value", "path"),
        [
            (None, "/srv/bedside/var/bedside.sqlite3"),
            ("sqlite:///var/other.sqlite3", "/srv/bedside/var/other.sqlite3"),
            ("sqlite:////data/site.sqlite3", "/data/site.sqlite3"),
            ("sqlite:////data/my%20site.sqlite3", "/data/my site.sqlite3"),
        ],
    )
    def test_sqlite(self, given, value, path):
        given(value)
        entry = read_database(pool=True)
        assert entry["ENGINE"] == "django.db.backends.sqlite3"
        assert entry["NAME"] == path
        assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert "pool" not in entry["OPTIONS"]

    def test_postgres_with_a_pool(self, given):
        given("postgres://me:p%40ss@db.example:5433/site?sslmode=require&pool_min=2&pool_max=6")
        entry = read_database(pool=True)
        expected = {"NAME": "site", "USER": "me", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "5433"}
        assert {key: entry[key] for key in expected} == expected
        assert entry["CONN_MAX_AGE"] == 0
        assert entry["OPTIONS"] == {
            "sslmode": "require",
            "pool": {"min_size": 2, "max_size": 6, "timeout": 3},
        }

    def test_postgres_without_one(self, given):
        given("postgresql:///site?pool_max=6")
        assert read_database(pool=False)["OPTIONS"] == {}

    @pytest.mark.parametrize(
        "value",
        [
            "sqlite://var/site.sqlite3",
            "sqlite:///",
            "sqlite:///var/",
            "sqlite3:///var/site.sqlite3",
            "var/site.sqlite3",
            "postgres://db.example",
            "postgres://db.example/",
            "postgres://db.example/a/b",
            "postgres://db.example:port/site",
            "postgress://db.example/site",
            "mysql://db.example/site",
        ],
    )
    def test_refuses(self, given, value):
        given(value)
        with refused("NAME is", repr(value), "sqlite:///relative", "postgres://"):
            read_database()

    def test_refuses_unknown_options(self, given):
        given("postgres://db.example/site?ssl_mode=require")
        with refused("NAME is", "'ssl_mode'", "sslmode"):
            read_database()

    @pytest.mark.parametrize(
        "sizes", ["pool_min=5&pool_max=2", "pool_max=0&pool_min=0", "pool_max=many", "pool_min=-1"]
    )
    def test_refuses_odd_pools(self, given, sizes):
        given(f"postgres://db.example/site?{sizes}")
        with refused("pool_min, pool_max in NAME", "whole numbers"):
            read_database(pool=True)

    def test_a_refusal_does_not_tell_the_password(self, given):
        given("postgress://me:swordfish@db.example/site")
        with refused("postgress://me:…@db.example/site") as caught:
            read_database()
        assert "swordfish" not in str(caught.value)


class TestCache:
    def test_accepts(self, given):
        given(None)
        assert env.cache("NAME")["BACKEND"].endswith("LocMemCache")
        given("rediss://:pw@cache.example:6380/1")
        entry = env.cache("NAME")
        # Making the client needs the library but no server.
        client = import_string(entry["BACKEND"])(entry["LOCATION"], {})._cache.get_client()
        assert client.connection_pool.connection_kwargs["host"] == "cache.example"

    @pytest.mark.parametrize("value", ["redis://", "memory", "memory://x", "locmem://", "db://cache", "redis:6379"])
    def test_refuses(self, given, value):
        given(value)
        with refused("NAME is", repr(value), "memory:// or redis://"):
            env.cache("NAME")


class TestEmail:
    @pytest.mark.parametrize(
        ("value", "port", "tls", "ssl"),
        [
            ("smtp://mail.example", 25, False, False),
            ("smtp+tls://me:pw@mail.example", 587, True, False),
            ("smtps://me:pw@mail.example:4650", 4650, False, True),
        ],
    )
    def test_smtp(self, given, value, port, tls, ssl):
        given(value)
        read = env.email("NAME", default="none://")
        assert read["EMAIL_HOST"] == "mail.example"
        assert (read["EMAIL_PORT"], read["EMAIL_USE_TLS"], read["EMAIL_USE_SSL"]) == (port, tls, ssl)

    @pytest.mark.parametrize(
        ("value", "backend"),
        [
            ("console://", "console"),
            ("memory://", "locmem"),
            ("none://", "dummy"),
            ("folder:///m", "filebased"),
        ],
    )
    def test_without_a_server(self, given, value, backend):
        given(value)
        assert (
            env.email("NAME", default="none://")["EMAIL_BACKEND"] == f"django.core.mail.backends.{backend}.EmailBackend"
        )

    @pytest.mark.parametrize(
        "value",
        ["smtp://", "smtp://mail.example/inbox", "smtp://mail.example?tls=1", "folder://m", "console"],
    )
    def test_refuses(self, given, value):
        given(value)
        with refused("NAME is", repr(value), "smtp://"):
            env.email("NAME", default="none://")
