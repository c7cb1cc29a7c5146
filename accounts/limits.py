"""How often somebody may do something. Counts live in the cache, which several processes must share."""

import hmac
import ipaddress

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac


def spend(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one use of `what` by `who`; False once `limit` uses within `seconds` are exceeded."""
    key = _key(what, who)
    # add and incr are atomic, so that requests at the same moment cannot share one count.
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) <= limit
    except ValueError:  # It ran out between the two lines.
        cache.set(key, 1, seconds)
        return limit >= 1


def forgive(what: str, who: str) -> None:
    """Start counting anew."""
    cache.delete(_key(what, who))


def client_of(request: HttpRequest) -> str:
    """A name for where a request comes from; it changes daily and cannot be turned back into an address."""
    salt = f"limits.client.{timezone.now():%Y-%m-%d}"
    return salted_hmac(salt, _network(request), algorithm="sha256").hexdigest()[:32]


def _network(request: HttpRequest) -> str:
    given = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    # Only what our own proxies added can be believed; they add at the right end.
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        given = hops[-settings.TRUSTED_PROXIES]
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given
    # One household has a whole IPv6 network to choose addresses from.
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _key(what: str, who: str) -> str:
    # Who may be an address or a name: it is not left lying in the cache, and cannot break the key.
    return f"limit.{what}.{hmac.new(settings.SECRET_KEY.encode(), who.encode(), 'sha256').hexdigest()[:32]}"
