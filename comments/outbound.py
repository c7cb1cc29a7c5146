"""Post to an address that somebody typed, without being led into our own network, held up, or sent on elsewhere."""

import http.client
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

PATIENCE = 5.0  # seconds for each step
LONGEST = 10.0  # and for all of it: some answer one byte at a time
MOST_READ = 4096
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 written as IPv6


class NotSent(Exception):
    """Why it was not delivered, in words for the page of webhooks."""


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer. Redirects are not followed, and of the answer itself nothing is kept."""
    parts = parsed(url)
    connection = _connection(parts, address_of(parts))
    overdue = threading.Timer(LONGEST, _hang_up, [connection])
    overdue.daemon = True
    overdue.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        answer.read(MOST_READ)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotSent(f"{type(error).__name__}: no answer") from error
    finally:
        overdue.cancel()
        connection.close()
    if not 200 <= answer.status < 300:
        raise NotSent(f"answered {answer.status}")
    return answer.status


def parsed(url: str) -> SplitResult:
    """The parts of an address we would post to; what is wrong with it is said in a NotSent."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise NotSent("not an address") from None
    if parts.scheme not in (("https", "http") if settings.DEBUG else ("https",)):
        raise NotSent("only https is allowed")
    if not parts.hostname or not port_is_fine or parts.username is not None or not url.isascii() or " " in url:
        raise NotSent("not an address")
    return parts


def address_of(parts: SplitResult) -> str:
    """Resolve once, look at every answer, and connect to what was looked at: a name may answer differently a second later."""
    try:
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("the name is not known") from None
    addresses = [entry[4][0] for entry in found]
    if not addresses or not all(may_be_reached(address) for address in addresses):
        raise NotSent("the address is not a public one")
    return str(addresses[0])


def may_be_reached(address: str) -> bool:
    """Public addresses; while developing, this machine too."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return may_be_reached(str(ip.ipv4_mapped))
        if ip.sixtofour is not None or ip.teredo is not None or ip in TRANSLATED:
            return False
    if ip.is_loopback:
        return settings.DEBUG
    return ip.is_global and not ip.is_multicast


class _Pinned(http.client.HTTPConnection):
    """Goes to the address that was looked at, whatever its name says by now."""

    address = ""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), self.timeout)


class _PinnedSecure(http.client.HTTPSConnection):
    address = ""

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), self.timeout)
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _connection(parts: SplitResult, address: str) -> http.client.HTTPConnection:
    kind = _PinnedSecure if parts.scheme == "https" else _Pinned
    connection = kind(str(parts.hostname), _port(parts), timeout=PATIENCE)
    connection.address = address
    return connection


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
