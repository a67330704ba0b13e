"""Fetching of pictures from the public internet, with limits of size and time.

Written by hand since HTTP clients (requests, httpx, urllib3) look the host up again when they
connect, so that a check of its address can be bypassed (DNS rebinding), and have no limit on the
total time: a server that sends a byte at a time holds the connection forever.
"""

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
"""Returns the addresses of a host for a port; raises OSError if there is none."""

Connect = Callable[[str, int, float], socket.socket]
"""Connects to an address and a port within some seconds; raises OSError on failure."""

_MAX_REDIRECTS = 3
_REDIRECT_STATUS = {301, 302, 303, 307, 308}
_HEADERS = {
    "User-Agent": f"penchant/{__version__}",
    "Accept": "image/avif,image/webp,image/png,image/jpeg,image/gif",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """Look up the addresses of a host."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos]


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """Connect by TCP."""
    return socket.create_connection((address, port), timeout=seconds)


def is_public(address: str) -> bool:
    """Return whether an address is on the public internet, in any notation.

    Addresses that represent others (mapped, translated, tunneled) are not.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and (
        parsed.ipv4_mapped or parsed.sixtofour or parsed.teredo or parsed in _NAT64
    ):
        return False
    return parsed.is_global and not parsed.is_multicast


class Fetcher:
    """Fetch pictures from the web.

    A host is looked up once, and the connection goes to an address that was checked to be public:
    its name server can't redirect the request into the local network. The same holds for each
    redirect.

    Parameters
    ----------
    max_bytes
        Maximum size of a file.
    seconds
        Maximum total time, without the lookup of the host.
    resolve, connect
        Functions that look up hosts and connect to them.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 8 << 20,
        seconds: float = 10.0,
        resolve: Resolve = resolve,
        connect: Connect = connect,
    ) -> None:
        self._max_bytes, self._seconds = max_bytes, seconds
        self._resolve, self._connect = resolve, connect

    def get(self, url: str) -> bytes:
        """Fetch a file whose content type is that of a picture.

        Raises
        ------
        DataError
            If it can't be fetched, is not a picture, is too large, takes too long, or is not on the
            public internet.
        """
        deadline = time.monotonic() + self._seconds
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                result = self._request(urlsplit(url), deadline)
                if isinstance(result, bytes):
                    return result
                url = urljoin(url, result)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise DataError(
                f"{url} can't be fetched: {str(error) or type(error).__name__}"
            ) from error
        raise DataError(f"{url} has too many redirects")

    def _request(self, url: SplitResult, deadline: float) -> bytes | str:
        """Return the content, or the address of a redirect."""
        if url.scheme not in ("http", "https") or not url.hostname or url.username is not None:
            raise ValueError("not a plain web address")
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        connection = self._connect_to(url.hostname, port, deadline)
        if secure:
            connection = self._tls.wrap_socket(
                connection, server_hostname=url.hostname, do_handshake_on_connect=False
            )
        # socket timeouts restart with each byte: this limits the total time
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [connection])
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(connection, url, port)
        finally:
            timer.cancel()
            connection.close()

    def _exchange(self, connection: socket.socket, url: SplitResult, port: int) -> bytes | str:
        """Send the request over a connection and return the result."""
        client = http.client.HTTPConnection(url.hostname or "", port)
        if isinstance(connection, ssl.SSLSocket):
            connection.do_handshake()
            client.default_port = 443  # left out of the Host header
        client.sock = connection
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        client.request("GET", quote(path, safe=string.punctuation), headers=_HEADERS)
        return self._content(client.getresponse())

    def _connect_to(self, host: str, port: int, deadline: float) -> socket.socket:
        addresses = self._resolve(host, port)
        if not addresses or not all(map(is_public, addresses)):
            raise ValueError("not on the public internet")
        return self._connect(addresses[0], port, max(0.1, deadline - time.monotonic()))

    def _content(self, response: http.client.HTTPResponse) -> bytes | str:
        if response.status in _REDIRECT_STATUS:
            return response.headers.get("location", "")
        kind = response.headers.get_content_type()
        if response.status != 200 or not kind.startswith("image/") or "svg" in kind:
            raise ValueError(f"the response is {response.status}, with {kind}")
        content = response.read(self._max_bytes + 1)
        if len(content) > self._max_bytes:
            raise ValueError(f"the file is larger than {self._max_bytes:,} bytes")
        if response.length:
            raise ValueError("the connection ended early")
        return content

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _cut(connection: socket.socket) -> None:
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of TLS too: the underlying socket
    except OSError:  # already closed
        log.debug("a connection ended at its deadline")
