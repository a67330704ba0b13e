"""Checks and limits in front of the application: host, origin, token, rate, size, headers."""

from __future__ import annotations

import asyncio
import functools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penchant.serving.problems import RejectedRequest
from penchant.serving.process.settings import ServeSettings, is_loopback

if TYPE_CHECKING:
    from penchant.serving.process.metrics import Metrics

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{pictures}; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = tuple(
    (name.encode(), value.encode())
    for name, value in {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }.items()
)
_NO_STORE = ((b"cache-control", b"no-store"),)
_MAX_CLIENTS = 10_000
_MAX_DIGITS = 4_000  # of a number that Python parses

Headers = tuple[tuple[bytes, bytes], ...]


class Additional:
    """Headers that responses get, except those they already have.

    Parameters
    ----------
    headers
        Names, in lower case, and values.
    """

    def __init__(self, headers: Headers) -> None:
        self._headers, self._names = headers, frozenset(name for name, _ in headers)

    def after(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the headers of a response with these after them."""
        own = list(headers)
        names = {name.lower() for name, _ in own}
        if self._names.isdisjoint(names):
            return [*own, *self._headers]
        return own + [header for header in self._headers if header[0] not in names]


class TokenBuckets:
    """Rate limits of clients: a token bucket each.

    Parameters
    ----------
    rate
        Tokens per second; 0: no limit.
    burst
        Capacity of a bucket.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, float(burst)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float) -> float:
        """Take a token; return 0, or the seconds until the next token if there is none."""
        if not self._rate:
            return 0.0
        left, then = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._left[client] = (left if wait else left - 1, now)
        if len(self._left) > _MAX_CLIENTS:
            self._left.popitem(last=False)
        return wait


class Guard:
    """ASGI middleware that rejects, limits and counts requests, and adds headers.

    Parameters
    ----------
    app
        The wrapped application.
    settings
        The limits.
    metrics
        Where requests are counted.
    response_for
        Returns the response to a request that was rejected, or raised an exception.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: ServeSettings,
        metrics: Metrics,
        response_for: Callable[[Request, Exception], Response],
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._response_for = response_for
        pictures = " https: http:" if settings.picture_cache is None else ""
        policy = (b"content-security-policy", CSP.format(pictures=pictures).encode())
        self._headers = Additional((policy, *HEADERS))
        self._api_headers = Additional((policy, *HEADERS, *_NO_STORE))
        self._buckets = TokenBuckets(settings.requests_per_second, settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        is_api = scope["path"].startswith("/api/")
        sender = _Sender(send, self._api_headers if is_api else self._headers)
        body = _Body(receive, self._settings)
        try:
            self._check(scope, began)
            await self._app(scope, body.receive, sender.send)
        except Exception as error:
            if sender.status:  # the response has begun: only the connection can be aborted
                raise
            await self._response_for(Request(scope), error)(scope, receive, sender.send)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.request(scope.get("endpoint"), sender.status or 500, seconds)

    def _check(self, scope: Scope, now: float) -> None:
        check_size(scope, self._settings)
        if not scope["query_string"].isascii():
            scope["query_string"] = escaped_query(scope["query_string"])
        headers = _headers(scope)
        client = (scope.get("client") or ("", 0))[0]
        wait = self._buckets.take(client, now)
        if wait:
            after = {"Retry-After": str(int(wait) + 1)}
            raise RejectedRequest(429, "too many requests: slow down", after)
        host = headers.get(b"host", b"").decode("latin-1")
        check_host(host, self._settings)
        if scope["method"] not in SAFE:
            check_origin(headers, host)
        if _content_length(headers) > self._settings.max_body:
            raise _too_large(self._settings.max_body)


def check_size(scope: Scope, settings: ServeSettings) -> None:
    """Reject requests whose URL or head is too large.

    Raises
    ------
    RejectedRequest
        With status 414 or 431.
    """
    url = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    if url > settings.max_url:
        raise RejectedRequest(414, f"an address may have {settings.max_url:,} bytes at most")
    size = url + sum(len(name) + len(value) for name, value in scope["headers"])
    if size > settings.max_head:
        raise RejectedRequest(
            431, f"the head of a request may have {settings.max_head:,} bytes at most"
        )


def escaped_query(query: bytes) -> bytes:
    """Return a query string with its bytes outside ASCII escaped: é as %C3%A9.

    Routes would decode them as Latin-1.

    Raises
    ------
    RejectedRequest
        With status 400, if they are not UTF-8.
    """
    try:
        query.decode("utf-8")
    except UnicodeDecodeError:
        raise RejectedRequest(
            400, "the parameters of the address are not UTF-8: escape other bytes, as in %E9"
        ) from None
    return b"".join(b"%%%02X" % byte if byte > 127 else bytes([byte]) for byte in query)


def check_host(host: str, settings: ServeSettings) -> None:
    """Reject requests whose Host header does not name this server.

    This prevents DNS rebinding: a web page's own host name may resolve to 127.0.0.1, and a browser
    would then treat this server as part of that page's site.

    Raises
    ------
    RejectedRequest
        With status 421.
    """
    name = _host_name(host)
    if "*" in settings.hosts or name in settings.hosts:
        return
    if is_loopback(name) if settings.on_loopback else not settings.hosts:
        return
    raise RejectedRequest(
        421, f"{name[:100]!r} is not a name of this server: penchant serve --allow-host NAME"
    )


def check_origin(headers: dict[bytes, bytes], host: str) -> None:
    """Reject writes that a browser sends for a page of another site.

    Raises
    ------
    RejectedRequest
        With status 403.
    """
    site = headers.get(b"sec-fetch-site", b"none")
    origin = headers.get(b"origin")
    foreign = site not in (b"same-origin", b"none")
    if foreign or (origin is not None and _origin_host(origin) != host.lower()):
        raise RejectedRequest(403, "pages of other sites may not write here")


def check_token(headers: dict[bytes, bytes], token: str | None) -> None:
    """Reject requests without a valid bearer token, if the server has a token.

    Raises
    ------
    RejectedRequest
        With status 401.
    """
    if token is None:
        return
    scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
    valid = secrets.compare_digest(credentials.strip(), token.encode())
    if scheme.lower() != b"bearer" or not valid:
        challenge = {"WWW-Authenticate": "Bearer"}
        message = "this needs the server's token: Authorization: Bearer TOKEN"
        raise RejectedRequest(401, message, challenge)


class _Sender:
    """Send a response with additional headers."""

    def __init__(self, send: Send, more: Additional) -> None:
        self._send, self._more, self.status = send, more, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._more.after(message.get("headers", ()))
        await self._send(message)


class _Body:
    """Receive a body up to limits of size and time, whatever its Content-Length says."""

    def __init__(self, receive: Receive, settings: ServeSettings) -> None:
        self._receive, self._limit, self._size = receive, settings.max_body, 0
        self._seconds, self._until = settings.body_timeout, 0.0
        self._is_complete = False

    async def receive(self) -> Message:
        if self._is_complete:  # the next message says that the client is gone
            return await self._receive()
        self._until = self._until or time.monotonic() + self._seconds
        try:
            left = self._until - time.monotonic()
            message = await asyncio.wait_for(self._receive(), max(0.0, left))
        except TimeoutError:
            headers = {"Connection": "close"}
            raise RejectedRequest(408, "the body did not arrive in time", headers) from None
        self._is_complete = not message.get("more_body", False)
        self._size += len(message.get("body", b""))
        if self._size > self._limit:
            raise _too_large(self._limit)
        return message


def _too_large(limit: int) -> RejectedRequest:
    return RejectedRequest(413, f"a body may have {limit:,} bytes at most", {"Connection": "close"})


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _origin_host(origin: bytes) -> str | None:
    """Return host and port of an Origin header in lower case; None if it is malformed."""
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower()
    except ValueError:  # such as http://[
        return None


def _content_length(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() and len(text) <= _MAX_DIGITS else 0


@functools.lru_cache(1024)
def _host_name(host: str) -> str:
    """Return the name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
