"""Read settings from the environment and refuse values that are only almost right.

Every refusal names the variable, the value it had and what would have been allowed.
"""

import os
import secrets
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from config import opening_hours

FLAGS = {"1": True, "true": True, "True": True, "0": False, "false": False, "False": False}
SHORTEST_SECRET = 32
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
)
POSTGRES_OPTIONS = {"sslmode", "sslrootcert", "connect_timeout", "application_name", "options"}


def refuse(name: str, value: str, allowed: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value!r}, but it must be {allowed}.")


def text(name: str, *, default: str | None = None) -> str:
    """The variable without surrounding blanks; without a default it is required."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set, but Bedside cannot start without it (see .env.example).")
    return default


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "")
    if value == "":
        return default
    if value not in FLAGS:
        raise refuse(name, value, f"one of {', '.join(FLAGS)}")
    return FLAGS[value]


def number(name: str, *, default: int, least: int, most: int) -> int:
    value = text(name, default=str(default))
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise refuse(name, value, f"a whole number from {least} to {most}")
    return int(value)


def rising(name: str, *, default: str, count: int, most: int) -> tuple[int, ...]:
    """So many whole numbers separated by commas, each greater than the one before."""
    value = text(name, default=default)
    parts = [part.strip() for part in value.split(",")]
    numbers = tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 9)
    if len(numbers) != len(parts) or len(numbers) != count or not 0 < numbers[0] <= numbers[-1] <= most:
        raise refuse(
            name, value, f"{count} whole numbers separated by commas, each greater than the last, at most {most}"
        )
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise refuse(
            name, value, f"{count} whole numbers separated by commas, each greater than the last, at most {most}"
        )
    return numbers


def addresses(name: str) -> tuple[str, ...]:
    """E-mail addresses separated by commas; empty means nobody."""
    value = text(name, default="")
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise refuse(name, value, "empty, or e-mail addresses separated by commas") from None
    return found


def country(name: str) -> str:
    """Two capital letters as in ISO 3166, or nothing."""
    value = text(name, default="")
    if value and not (len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()):
        raise refuse(name, value, "empty, or the two capital letters of a country such as US")
    return value


def choice(name: str, *, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default=default)
    if value not in allowed:
        raise refuse(name, value, f"one of {', '.join(allowed)}")
    return value


def zone(name: str, *, default: str) -> str:
    value = text(name, default=default)
    if value not in available_timezones():
        raise refuse(name, value, "a time zone name such as UTC or Europe/Vienna")
    return value


def hours(name: str) -> tuple[opening_hours.Span, ...]:
    """Opening hours of a week; empty means always."""
    value = text(name, default="")
    try:
        return opening_hours.parse(value)
    except ValueError as part:
        allowed = 'empty or like "mon-fri 09:00-17:00; sat,sun 10:00-12:00", days in English, hours of two digits'
        raise refuse(name, value, f"{allowed} (not understood: {part})") from None


def hosts(name: str, *, default: list[str]) -> list[str]:
    """Comma-separated host names. A star is refused: it switches the Host check off."""
    value = text(name, default=",".join(default))
    names = [host.strip() for host in value.split(",")]
    for host in names:
        if not host or host == "*" or "/" in host or "://" in host or " " in host:
            raise refuse(name, value, "host names separated by commas, without scheme, path or a bare star")
    return names


def origin(name: str, *, default: str | None) -> str:
    """Scheme, host and port, and nothing after them."""
    value = text(name, default=default)
    allowed = "an origin such as https://bedside.example, without a path or a final slash"
    parts = split(name, value, allowed)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise refuse(name, value, allowed)
    if parts.path or parts.query or parts.fragment or value.endswith(("?", "#")):
        raise refuse(name, value, allowed)
    return value


def secret(name: str, *, default: str | None = None) -> str:
    """The variable itself or the contents of the file that NAME_FILE points to, never both."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if path and os.environ.get(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set, but only one of them may be.")
    if not path:
        return text(name, default=default)
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise refuse(f"{name}_FILE", path, f"the path of a readable file ({error.__class__.__name__})") from None
    if not value:
        raise refuse(f"{name}_FILE", path, "the path of a file that is not empty")
    return value


def secret_key(name: str = "SECRET_KEY", *, keep_in: Path | None) -> str:
    """The signing key. Only demo mode passes `keep_in`, the file where a generated key is kept."""
    given = os.environ.get(name) or os.environ.get(f"{name}_FILE")
    if keep_in is not None and not given:
        return kept_secret(keep_in)
    try:
        value = secret(name)
    except ImproperlyConfigured as error:
        if given:
            raise
        raise ImproperlyConfigured(
            f"Neither {name} nor {name}_FILE is set, but outside demo mode one of them must be: "
            f"at least {SHORTEST_SECRET} random characters."
        ) from error
    if len(value) < SHORTEST_SECRET:
        # The value itself is not repeated: the message may end up in a log.
        raise ImproperlyConfigured(
            f"{name} has {len(value)} characters, but it must have at least {SHORTEST_SECRET} random ones."
        )
    return value


def kept_secret(path: Path) -> str:
    """A key generated at first use; two processes that start together end up with the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or not path.read_text(encoding="utf-8"):
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text(encoding="utf-8").strip()


def database(name: str, *, default: str, base: Path, pool: bool) -> dict:
    """A Django database entry from sqlite:///relative, sqlite:////absolute or postgres://…"""
    value = text(name, default=default)
    allowed = "sqlite:///relative, sqlite:////absolute or postgres://user:password@host:5432/name"
    parts = split(name, hide_password(value), allowed, real=value)
    if parts.scheme == "sqlite":
        return sqlite(name, value, parts, base, allowed)
    if parts.scheme in ("postgres", "postgresql"):
        return postgres(name, value, parts, pool, allowed)
    raise refuse(name, hide_password(value), allowed)


def sqlite(name: str, value: str, parts: SplitResult, base: Path, allowed: str) -> dict:
    path = unquote(parts.path.removeprefix("/"))
    if parts.netloc or parts.query or parts.fragment or not path or path.endswith("/"):
        raise refuse(name, value, allowed)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(base / path),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS},
    }


def postgres(name: str, value: str, parts: SplitResult, pool: bool, allowed: str) -> dict:
    options: dict = dict(parse_qsl(parts.query, keep_blank_values=True))
    sizes = {key: options.pop(key) for key in ("pool_min", "pool_max") if key in options}
    unknown = sorted(set(options) - POSTGRES_OPTIONS)
    if unknown:
        raise refuse(
            name,
            hide_password(value),
            f"without {unknown[0]!r} (allowed: {', '.join(sorted(POSTGRES_OPTIONS))})",
        )
    if not parts.path.strip("/") or "/" in parts.path[1:] or parts.fragment:
        raise refuse(name, hide_password(value), allowed)
    if pool:
        options["pool"] = pool_sizes(name, sizes)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        # The pool keeps connections; Django refuses a second keeper beside it.
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
    }


def pool_sizes(name: str, sizes: dict[str, str]) -> dict[str, int]:
    smallest, largest = sizes.get("pool_min", "1"), sizes.get("pool_max", "8")
    if not (smallest.isdigit() and largest.isdigit() and 0 <= int(smallest) <= int(largest) and int(largest) > 0):
        raise refuse(f"pool_min, pool_max in {name}", f"{smallest}, {largest}", "whole numbers with min ≤ max")
    return {"min_size": int(smallest), "max_size": int(largest), "timeout": 3}


def cache(name: str, *, part: str = "") -> dict:
    """A Django cache entry from memory:// (one process) or redis://host:6379/0 (many); `part` keeps its keys apart."""
    value = text(name, default="memory://")
    allowed = "memory:// or redis://host:6379/0 (rediss:// for TLS)"
    parts = split(name, hide_password(value), allowed, real=value)
    if value == "memory://":
        options = {"MAX_ENTRIES": 2_000} if part else {"MAX_ENTRIES": 20_000}
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": f"bedside-{part}",
            "OPTIONS": options,
        }
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": value, "KEY_PREFIX": part}
    raise refuse(name, hide_password(value), allowed)


def email(name: str, *, default: str) -> dict[str, object]:
    """Django's EMAIL_… settings from smtp://, smtps://, console://, folder:///path, memory:// or none://"""
    value = text(name, default=default)
    allowed = (
        "smtp://user:password@host:25, smtp+tls://user:password@host:587, smtps://user:password@host:465, "
        "folder:///absolute/path, console://, memory:// or none://"
    )
    backend = "django.core.mail.backends"
    plain = {"console://": "console", "memory://": "locmem", "none://": "dummy"}
    if value in plain:
        return {"EMAIL_BACKEND": f"{backend}.{plain[value]}.EmailBackend"}
    parts = split(name, hide_password(value), allowed, real=value)
    if parts.scheme == "folder" and not parts.netloc and len(parts.path) > 1:
        return {"EMAIL_BACKEND": f"{backend}.filebased.EmailBackend", "EMAIL_FILE_PATH": unquote(parts.path)}
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname or parts.path.strip("/") or parts.query:
        raise refuse(name, hide_password(value), allowed)
    return {
        "EMAIL_BACKEND": f"{backend}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


def split(name: str, shown: str, allowed: str, *, real: str | None = None) -> SplitResult:
    try:
        parts = urlsplit(shown if real is None else real)
        # Reading the port is what makes urlsplit look at it.
        _ = parts.port
    except ValueError:
        raise refuse(name, shown, allowed) from None
    return parts


def hide_password(url: str) -> str:
    """The URL as it may appear in a message that ends up in a log."""
    scheme, divider, rest = url.partition("://")
    if "@" not in rest:
        return url
    credentials, _, host = rest.rpartition("@")
    return f"{scheme}{divider}{credentials.partition(':')[0]}:…@{host}"
