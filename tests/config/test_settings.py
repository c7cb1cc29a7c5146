"""The settings as a whole, in the modes that a machine can start in."""

import os
import runpy
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

SETTINGS = Path(__file__).resolve().parent.parent.parent / "config" / "settings.py"
PRODUCTION = {"SECRET_KEY": "k" * 50, "SITE_URL": "https://bedside.example"}


@pytest.fixture
def start(monkeypatch):
    """Read the settings file afresh, as a process with only these variables would."""

    def run(**environment: str) -> dict:
        monkeypatch.setattr(os, "environ", environment)
        return runpy.run_path(str(SETTINGS))

    return run


@pytest.fixture
def read(start):
    def values(names: str, **environment: str) -> list:
        found = start(**environment)
        return [found[name] for name in names.split()]

    return values


def test_production_is_the_default(read):
    found = read("DEMO DEBUG REQUIRE_STAFF_MFA ALLOWED_HOSTS LOG_FORMAT STALE_IF_ERROR", **PRODUCTION)
    assert found == [False, False, True, ["bedside.example"], "json", 600]


def test_production_cookies(read):
    names = "SESSION_COOKIE_NAME CSRF_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE"
    assert read(names, **PRODUCTION) == ["__Host-session", "__Host-csrf", True, True]


def test_production_transport(read):
    assert read("SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS", **PRODUCTION) == [True, 63_072_000]


@pytest.mark.parametrize(("proxies", "header"), [("0", None), ("1", ("HTTP_X_FORWARDED_PROTO", "https"))])
def test_forwarded_headers_are_believed_only_behind_a_known_proxy(proxies, header, read):
    found = read("SECURE_PROXY_SSL_HEADER ALLAUTH_TRUSTED_PROXY_COUNT", TRUSTED_PROXIES=proxies, **PRODUCTION)
    assert found == [header, int(proxies)]


def test_demo_mode_needs_nothing(read):
    names = "SITE_URL REQUIRE_STAFF_MFA SESSION_COOKIE_NAME SESSION_COOKIE_SECURE"
    assert read(names, DEMO="1", SECRET_KEY="k" * 50) == ["http://127.0.0.1:8000", False, "session", False]


def test_demo_mode_sends_no_mail(read):
    assert read("EMAIL_BACKEND", DEMO="1", SECRET_KEY="k" * 50) == ["django.core.mail.backends.dummy.EmailBackend"]


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [("SECRET_KEY", "Neither SECRET_KEY nor SECRET_KEY_FILE is set"), ("SITE_URL", "SITE_URL is not set")],
)
def test_production_does_not_start_without(missing, sentence, start):
    with pytest.raises(ImproperlyConfigured, match=sentence):
        start(**{name: value for name, value in PRODUCTION.items() if name != missing})


NEAR_MISSES = {
    "DEMO": "yes",
    "DEBUG": "TRUE",
    "SITE_URL": "https://bedside.example/",
    "TRUSTED_PROXIES": "nginx",
    "TIME_ZONE": "Vienna",
    "STALE_IF_ERROR": "10m",
    "DATABASE_URL": "pg://x/y",
    "ALLOWED_HOSTS": "*",
}


@pytest.mark.parametrize(("name", "value"), NEAR_MISSES.items())
def test_production_does_not_start_with_a_near_miss(name, value, start):
    with pytest.raises(ImproperlyConfigured) as refusal:
        start(**{**PRODUCTION, name: value})
    assert str(refusal.value).startswith(f"{name} is {value!r}, but it must be ")


def test_content_policy_lets_nothing_inline_and_nobody_else_in(settings):
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = {source for values in directives.values() for source in values}
    assert sources == {"'self'", "'none'"}
    assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == ["'none'"]
    assert not hasattr(settings, "CONTENT_SECURITY_POLICY_REPORT_ONLY")


def test_cheap_middleware_comes_before_whatever_reads_the_session(settings):
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    assert order[:4] == ["SecurityMiddleware", "WhiteNoiseMiddleware", "CSPMiddleware", "browser_limits"]
    assert order.index("AuthenticationMiddleware") < order.index("LoginRequiredMiddleware")
    assert "LocaleMiddleware" not in order
