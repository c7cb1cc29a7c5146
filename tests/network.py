"""No test talks to another machine: sockets open to this one only."""

import ipaddress
import socket


class NetworkUse(RuntimeError):
    """A test tried to reach another machine."""


def is_here(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost", "testserver"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def stay_here() -> None:
    """Replace the ways out of this process. They are not put back: no test may need them."""
    connect, connect_ex, sendto, getaddrinfo = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.socket.sendto,
        socket.getaddrinfo,
    )

    def check(address: object) -> None:
        if isinstance(address, tuple) and not is_here(address[0]):
            raise NetworkUse(f"Tests stay on this machine, but something wanted to reach {address[0]}.")

    def guarded_connect(self, address):
        check(address)
        return connect(self, address)

    def guarded_connect_ex(self, address):
        check(address)
        return connect_ex(self, address)

    def guarded_sendto(self, data, *rest):
        check(rest[-1])
        return sendto(self, data, *rest)

    def guarded_getaddrinfo(host, *args, **kwargs):
        check((host,))
        return getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = guarded_connect
    socket.socket.connect_ex = guarded_connect_ex
    socket.socket.sendto = guarded_sendto
    socket.getaddrinfo = guarded_getaddrinfo
