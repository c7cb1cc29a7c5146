"""System checks: settings that are each allowed but contradict one another or what is in the database."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections
from django.http.request import validate_host

NOT_SENDING = ("console", "locmem", "dummy")


@register(Tags.security)
def settings_agree(app_configs: Sequence[AppConfig] | None, **kwargs) -> list[CheckMessage]:
    return list(contradictions())


def contradictions() -> Iterator[CheckMessage]:
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        yield Error(
            f"SITE_URL is {settings.SITE_URL!r}, but its host is not in ALLOWED_HOSTS "
            f"({', '.join(settings.ALLOWED_HOSTS)}).",
            hint="Links in our own mails would be refused. Add the host to ALLOWED_HOSTS.",
            id="bedside.E001",
        )
    if settings.DEMO_PASSWORD and not settings.DEMO:
        yield Error("DEMO_PASSWORD is set, but DEMO is off.", hint="Unset one or set the other.", id="bedside.E002")
    if not settings.REQUIRE_STAFF_MFA and not settings.DEMO:
        yield Warning(
            "REQUIRE_STAFF_MFA is off outside demo mode: a stolen password is enough to sign a review.",
            id="bedside.W001",
        )
    if settings.DEMO and settings.HTTPS:
        yield Warning(
            "DEMO is on for a site with an https address: anybody may read the demo logins.",
            id="bedside.W002",
        )


@register(Tags.security, deploy=True)
def fit_for_readers(app_configs: Sequence[AppConfig] | None, **kwargs) -> list[CheckMessage]:
    return list(not_for_readers())


def not_for_readers() -> Iterator[CheckMessage]:
    """What is fine on a desk and wrong in production."""
    if settings.DEMO:
        yield Error("DEMO is on.", hint="Demo mode is for one machine.", id="bedside.E003")
    if not settings.HTTPS:
        yield Error(f"SITE_URL is {settings.SITE_URL!r}, which is not https.", id="bedside.E004")
    if settings.EMAIL_BACKEND.split(".")[-2] in NOT_SENDING:
        yield Error(
            "EMAIL_URL sends nothing, but nobody can sign up without confirming an e-mail address.",
            id="bedside.E005",
        )
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield Warning(
            "SITE_URL is https, but TRUSTED_PROXIES is 0: unless gunicorn itself speaks TLS, "
            "every request is redirected for ever.",
            id="bedside.W003",
        )
    if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        yield Warning(
            "CACHE_URL is memory://: each process counts log-in attempts and used one-time codes for itself.",
            hint="Use redis:// with more than one process.",
            id="bedside.W004",
        )


@register(Tags.database)
def nobody_is_made_up(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs
) -> list:
    """Demo people have published passwords. Runs with `check --database default` and before migrate."""
    if settings.DEMO:
        return []
    found = [alias for alias in databases or () if has_demo_users(alias)]
    return [
        Error(
            f"The database {alias!r} holds demo users, but DEMO is off.",
            hint="A demo database cannot become a real one: start with an empty one.",
            id="bedside.E006",
        )
        for alias in found
    ]


def has_demo_users(alias: str) -> bool:
    User = get_user_model()
    try:
        if User._meta.db_table not in connections[alias].introspection.table_names():
            return False
        return User.objects.using(alias).filter(is_demo=True).exists()
    except DatabaseError:
        # The table may be older than the column: migrate runs this check before it starts.
        return False
