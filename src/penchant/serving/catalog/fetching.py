"""Files of the web: never from a network of our own, never without end."""

from __future__ import annotations

import http.client
import ipaddress
import logging
import socket
import ssl
import string
import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from penchant import __version__
from penchant.errors import DataError

log = logging.getLogger("penchant")

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host, for a port; OSError where there is none."""

Connect = Callable[[str, int, float], socket.socket]
"""A connection to an address and a port, within some seconds; OSError where there is none."""

_REDIRECTS = 3
_MOVED = {301, 302, 303, 307, 308}
_HEADERS = {
    "User-Agent": f"penchant/{__version__}",
    "Accept": "image/avif,image/webp,image/png,image/jpeg,image/gif",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system knows of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A connection by TCP."""
    return socket.create_connection((address, port), timeout=seconds)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, however it is written.

    Addresses that stand for others (mapped, translated, tunneled) are not.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and (
        found.ipv4_mapped or found.sixtofour or found.teredo or found in _NAT64
    ):
        return False
    return found.is_global and not found.is_multicast


class Fetcher:
    """Fetches files of the web.

    A host is looked up once, and connected to by an address that was found to be public: whoever
    answers for its name can't lead us into this network in between. The same holds for each
    address that an answer leads to.

    Parameters
    ----------
    most
        Bytes of a file, at most.
    seconds
        How long all of it may take; to look up a host takes as long as the system takes.
    resolve, connect
        How hosts are looked up and connected to.
    """

    def __init__(
        self,
        *,
        most: int = 8 << 20,
        seconds: float = 10.0,
        resolve: Resolve = resolve,
        connect: Connect = connect,
    ) -> None:
        self._most, self._seconds = most, seconds
        self._resolve, self._connect = resolve, connect

    def get(self, url: str) -> bytes:
        """What is at an address, if it says that it is a picture.

        Raises
        ------
        DataError
            If it can't be had, is something else, is too large, takes too long, or is not on the
            public internet.
        """
        deadline = time.monotonic() + self._seconds
        try:
            for _ in range(_REDIRECTS + 1):
                found = self._ask(urlsplit(url), deadline)
                if isinstance(found, bytes):
                    return found
                url = urljoin(url, found)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise DataError(f"{url} can't be had: {str(error) or type(error).__name__}") from error
        raise DataError(f"{url} leads from one address to the next")

    def _ask(self, url: SplitResult, deadline: float) -> bytes | str:
        """What is there, or where it is said to be."""
        if url.scheme not in ("http", "https") or not url.hostname or url.username is not None:
            raise ValueError("it is no plain address of the web")
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        connection = self._connected(url.hostname, port, deadline)
        if secure:
            connection = self._tls.wrap_socket(
                connection, server_hostname=url.hostname, do_handshake_on_connect=False
            )
        # timeouts of sockets begin anew with each byte: this ends whoever sends them one by one
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [connection])
        timer.daemon = True
        timer.start()
        try:
            return self._spoken(connection, url, port)
        finally:
            timer.cancel()
            connection.close()

    def _spoken(self, connection: socket.socket, url: SplitResult, port: int) -> bytes | str:
        """What is answered over a connection."""
        client = http.client.HTTPConnection(url.hostname or "", port)
        if isinstance(connection, ssl.SSLSocket):
            connection.do_handshake()
            client.default_port = 443  # not to be told, then
        client.sock = connection
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        client.request("GET", quote(path, safe=string.punctuation), headers=_HEADERS)
        return self._content(client.getresponse())

    def _connected(self, host: str, port: int, deadline: float) -> socket.socket:
        found = self._resolve(host, port)
        if not found or not all(map(is_public, found)):
            raise ValueError("it is not on the public internet")
        return self._connect(found[0], port, max(0.1, deadline - time.monotonic()))

    def _content(self, answer: http.client.HTTPResponse) -> bytes | str:
        if answer.status in _MOVED:
            return answer.headers.get("location", "")
        kind = answer.headers.get_content_type()
        if answer.status != 200 or not kind.startswith("image/") or "svg" in kind:
            raise ValueError(f"it answers {answer.status}, with {kind}")
        content = answer.read(self._most + 1)
        if len(content) > self._most:
            raise ValueError(f"it is larger than {self._most:,} bytes")
        if answer.length:
            raise ValueError("it ends before its end")
        return content

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _cut(connection: socket.socket) -> None:
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of TLS too: the one below it
    except OSError:  # it is closed already
        log.debug("a connection ended just as its time did")
