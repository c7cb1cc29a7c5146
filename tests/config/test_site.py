"""What every response carries, what every template knows, how health is told and the log written."""

import json
import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, OperationalError, connection
from django.urls import resolve, reverse

from config import context, health
from config.logs import JsonLines, PlainLines


class TestHeaders:
    @pytest.fixture
    def headers(self, client):
        return client.get("/healthz").headers

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Content-Security-Policy", "default-src 'none'"),
            ("Content-Security-Policy", "script-src 'self'"),
            ("Content-Security-Policy", "frame-ancestors 'none'"),
            ("Permissions-Policy", "camera=()"),
            ("Permissions-Policy", "publickey-credentials-get=(self)"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Referrer-Policy", "same-origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
        ],
    )
    def test_limits_what_a_browser_does(self, headers, name, value):
        assert value in headers[name]

    def test_policy_has_no_holes(self, headers):
        policy = headers["Content-Security-Policy"]
        for hole in ("unsafe", "nonce", "http", "data:", "blob:", "*"):
            assert hole not in policy

    def test_no_cookie(self, client):
        assert not client.get("/healthz").cookies


class TestHealth:
    def test_alive_asks_nobody(self, client):
        assert client.get("/healthz").json() == {"status": "ok"}

    @pytest.mark.django_db
    def test_ready(self, client):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert "no-store" in answer.headers["Cache-Control"]

    @pytest.mark.django_db
    def test_not_ready_without_a_trigger(self, client):
        from audit import triggers

        trigger = next(trigger for trigger in triggers.declared() if trigger.sql(connection.vendor))
        with connection.cursor() as cursor:
            on_table = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {trigger.name}{on_table}")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["failing"]) == (503, ["triggers"])

    @pytest.mark.django_db
    def test_not_ready_with_a_migration_to_come(self, client):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        assert client.get("/readyz").json()["failing"] == ["migrations"]

    def test_not_ready_when_the_database_is_away(self, client, monkeypatch):
        def away():
            raise DatabaseError("the password is swordfish")

        monkeypatch.setattr(health, "CHECKS", {"database": away})
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "failing": ["database"]})

    @pytest.mark.parametrize("address", ["/healthz", "/readyz"])
    def test_nothing_to_post(self, client, address):
        assert client.post(address).status_code == 405


@pytest.mark.django_db
class TestClosedByDefault:
    @pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
    def test_the_way_in_is_open(self, client, name):
        assert client.get(reverse(name)).status_code == 200

    @pytest.mark.parametrize("name", ["account_email", "mfa_index", "usersessions_list", "admin:index"])
    def test_what_lies_behind_asks_for_a_sign_in(self, client, name):
        answer = client.get(reverse(name), follow=True)
        assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))


class SomebodySignedIn:
    is_authenticated = True
    role_codes = frozenset({"moderator"})


class Untouchable:
    """A user that cannot be looked at without noticing."""

    @property
    def is_authenticated(self):
        raise AssertionError("the session was read")


class TestContext:
    def test_without_a_session_cookie_nobody_looks_at_the_session(self, rf):
        request = rf.get("/")
        request.user = Untouchable()
        found = context.site(request)
        assert (found["viewer"], found["desks"]) == (None, [])

    def test_a_stale_cookie_is_nobody(self, rf, settings):
        rf.cookies[settings.SESSION_COOKIE_NAME] = "stale"
        request = rf.get("/")
        request.user = AnonymousUser()
        assert context.site(request)["viewer"] is None

    def test_desks_follow_the_roles(self, rf, settings):
        rf.cookies[settings.SESSION_COOKIE_NAME] = "fresh"
        request = rf.get("/")
        request.user = SomebodySignedIn()
        found = context.site(request)
        assert found["viewer"] is request.user
        assert [desk.slug for desk in found["desks"]] == ["moderation"]

    @pytest.mark.parametrize("desk", context.DESKS, ids=lambda desk: desk.slug)
    def test_every_desk_has_an_address(self, desk):
        assert resolve(desk.url).func.opens_for

    def test_an_error_page_before_authentication_is_no_trouble(self, rf, settings):
        rf.cookies[settings.SESSION_COOKIE_NAME] = "fresh"
        assert context.site(rf.get("/"))["viewer"] is None


class TestLog:
    @pytest.fixture
    def record(self):
        return logging.LogRecord("site", logging.WARNING, "f.py", 1, "no %s", ("page\r\nFAKE\x1b[2J",), None)

    def test_json_is_one_line(self, record):
        line = JsonLines().format(record)
        assert len(line.splitlines()) == 1
        assert json.loads(line)["message"] == "no page\r\nFAKE\x1b[2J"

    def test_plain_cannot_be_forged(self, record):
        line = PlainLines().format(record)
        assert line.endswith(r"WARNING site: no page\r\nFAKE\x1b[2J")
        assert len(line.splitlines()) == 1

    @pytest.mark.parametrize("formatter", [JsonLines(), PlainLines()])
    def test_tracebacks_are_kept(self, formatter, record):
        try:
            raise ValueError("the cause")
        except ValueError as error:
            record.exc_info = (ValueError, error, error.__traceback__)
        assert "the cause" in formatter.format(record)


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("address", ["/articles/?before=%00", "/healthz?x=a%00b", "/healthz?%00"])
    def test_nul_in_an_address_is_refused_before_a_view_sees_it(self, client, address):
        answer = client.get(address)
        assert answer.status_code == 400
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]

    def test_it_has_a_page_of_the_site(self, client):
        answer = client.get("/", headers={"host": "somebody-else.example"})
        assert answer.status_code == 400
        assert "Bedside" in answer.text
        assert "somebody-else" not in answer.text


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError("gone"), 503), (ValueError("ours"), 500)],
    ids=["database gone", "our error"],
)
def test_an_error_has_a_calm_page_that_needs_no_database(client, monkeypatch, error, status):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("config.health.CHECKS", {"database": fail})
    client.raise_request_exception = False
    monkeypatch.setattr("config.health.safely", fail)
    response = client.get("/readyz")
    assert response.status_code == status
    assert "Bedside" in response.content.decode()
    assert ("Retry-After" in response) is (status == 503)
