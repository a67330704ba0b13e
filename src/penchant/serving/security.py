"""What stands before the application: who may call it, how much, and what browsers are told."""

from __future__ import annotations

import functools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penchant.serving.problems import Refused
from penchant.serving.process.settings import Settings, is_loopback

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
_CLIENTS = 10_000

Headers = tuple[tuple[bytes, bytes], ...]


class Buckets:
    """How much each client may ask for: a bucket of tokens each, which fills at a steady rate.

    Parameters
    ----------
    rate
        Tokens a second; 0: no limit.
    burst
        Tokens a bucket holds.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, float(burst)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float) -> float:
        """Take a token; 0 where there was one, else in how many seconds there will be."""
        if not self._rate:
            return 0.0
        left, then = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._left[client] = (left if wait else left - 1, now)
        if len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        return wait


class Guard:
    """An ASGI application around another: refuses, limits, counts, and adds headers.

    Parameters
    ----------
    app
        The other.
    settings
        How far to let requests in.
    metrics
        Where they are counted.
    answer_to
        The answer to a request that was refused, or raised something.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        metrics: Metrics,
        answer_to: Callable[[Request, Exception], Response],
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._answer_to = answer_to
        pictures = " https: http:" if settings.picture_cache is None else ""
        policy = (b"content-security-policy", CSP.format(pictures=pictures).encode())
        self._headers = (policy, *HEADERS)
        self._buckets = Buckets(settings.requests_per_second, settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        is_api = scope["path"].startswith("/api/")
        answer = _Answer(send, (*self._headers, *_NO_STORE) if is_api else self._headers)
        body = _Body(receive, self._settings.most_body)
        try:
            self._check(scope, began)
            await self._app(scope, body.receive, answer.send)
        except Exception as error:
            if answer.status:  # it is on its way: the connection is all that can be broken off
                raise
            await self._answer_to(Request(scope), error)(scope, receive, answer.send)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.request(scope.get("endpoint"), answer.status or 500, seconds)

    def _check(self, scope: Scope, now: float) -> None:
        headers = _headers(scope)
        client = (scope.get("client") or ("", 0))[0]
        wait = self._buckets.take(client, now)
        if wait:
            after = {"Retry-After": str(int(wait) + 1)}
            raise Refused(429, "too many requests: slow down", after)
        host = headers.get(b"host", b"").decode("latin-1")
        check_host(host, self._settings)
        if scope["method"] not in SAFE:
            check_origin(headers, host)
        if _length(headers) > self._settings.most_body:
            raise _too_large(self._settings.most_body)


def check_host(host: str, settings: Settings) -> None:
    """Refuse requests that call the server by a name that is not its own.

    A page on the internet may have its own name lead to 127.0.0.1, and would then be let in by
    the browser as if it came from here.

    Raises
    ------
    Refused
        With 421.
    """
    name = _name(host)
    if "*" in settings.hosts or name in settings.hosts:
        return
    if is_loopback(name) if settings.on_loopback else not settings.hosts:
        return
    raise Refused(
        421, f"this server is not called {name[:100]!r}: penchant serve --allow-host NAME"
    )


def check_origin(headers: dict[bytes, bytes], host: str) -> None:
    """Refuse what the page of another site has a browser send.

    Raises
    ------
    Refused
        With 403.
    """
    site = headers.get(b"sec-fetch-site", b"none")
    origin = headers.get(b"origin")
    foreign = site not in (b"same-origin", b"none")
    if origin is not None and urlsplit(origin.decode("latin-1")).netloc.lower() != host.lower():
        foreign = True
    if foreign:
        raise Refused(403, "pages of other sites may not write here")


def check_token(headers: dict[bytes, bytes], token: str | None) -> None:
    """Refuse who does not bear the token, if there is one.

    Raises
    ------
    Refused
        With 401.
    """
    if token is None:
        return
    kind, _, given = headers.get(b"authorization", b"").partition(b" ")
    if kind.lower() != b"bearer" or not secrets.compare_digest(given.strip(), token.encode()):
        ask = {"WWW-Authenticate": "Bearer"}
        raise Refused(401, "this needs the server's token: Authorization: Bearer TOKEN", ask)


class _Answer:
    """Passes an answer on, with more headers, but for those that it has."""

    def __init__(self, send: Send, more: Headers) -> None:
        self._send, self._more, self.status = send, more, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            message["headers"] = given + [one for one in self._more if one[0] not in names]
        await self._send(message)


class _Body:
    """Reads a body, up to a limit, whatever its length was said to be."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._read = receive, most, 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            raise _too_large(self._most)
        return message


def _too_large(most: int) -> Refused:
    return Refused(413, f"a body may have {most:,} bytes at most", {"Connection": "close"})


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _length(headers: dict[bytes, bytes]) -> int:
    told = headers.get(b"content-length", b"0")
    return int(told) if told.isdigit() else 0


@functools.lru_cache(1024)
def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
