"""System checks: each contradiction is named, and settings that agree are quiet."""

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks

from config import checks


@pytest.fixture
def sound(settings):
    """Settings as they should be in production."""
    settings.DEMO = False
    settings.HTTPS = True
    settings.SITE_URL = "https://bedside.example"
    settings.ALLOWED_HOSTS = ["bedside.example"]
    settings.REQUIRE_STAFF_MFA = True
    settings.DEMO_PASSWORD = ""
    settings.TRUSTED_PROXIES = 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    return settings


def ids(messages) -> list[str]:
    return [message.id for message in messages]


def all_found() -> list[str]:
    return ids([*checks.contradictions(), *checks.not_for_readers()])


def test_settings_that_agree_are_quiet(sound):
    assert all_found() == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("ALLOWED_HOSTS", ["www.bedside.example"], ["bedside.E001"]),
        ("ALLOWED_HOSTS", [".bedside.example"], []),
        ("DEMO_PASSWORD", "open sesame", ["bedside.E002"]),
        ("REQUIRE_STAFF_MFA", False, ["bedside.W001"]),
        ("DEMO", True, ["bedside.W002", "bedside.E003"]),
        ("HTTPS", False, ["bedside.E004"]),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", ["bedside.E005"]),
        ("TRUSTED_PROXIES", 0, ["bedside.W003"]),
        (
            "CACHES",
            {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
            ["bedside.W004"],
        ),
    ],
)
def test_each_contradiction_is_named(sound, name, value, found):
    setattr(sound, name, value)
    assert all_found() == found


def test_an_address_in_brackets_is_a_host_too(sound):
    sound.SITE_URL, sound.ALLOWED_HOSTS = "https://[::1]:8443", ["[::1]"]
    assert all_found() == []


def test_the_checks_are_registered(settings):
    settings.ALLOWED_HOSTS = ["elsewhere.example"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "bedside.E001" in ids(run_checks())
    assert "bedside.E005" not in ids(run_checks())
    assert "bedside.E005" in ids(run_checks(include_deployment_checks=True))


@pytest.fixture
def demo_user(db):
    return get_user_model().objects.create(email="reader@example.org", handle="reader", is_demo=True)


def test_demo_people_outside_demo_mode_are_an_error(settings, demo_user):
    settings.DEMO = False
    found = [message for message in run_checks(databases=["default"]) if message.id == "bedside.E006"]
    assert ["'default' holds demo users" in message.msg for message in found] == [True]


def test_demo_people_are_at_home_in_demo_mode(settings, demo_user):
    settings.DEMO = True
    assert "bedside.E006" not in ids(run_checks(databases=["default"]))


def test_databases_are_left_alone_unless_asked_for(demo_user):
    assert "bedside.E006" not in ids(run_checks())
