"""Time a sequence of requests over one connection, as of a browser."""

from __future__ import annotations

import http.client
import itertools
import statistics
import time
from collections.abc import Callable, Iterable
from urllib.parse import quote_plus

from benchmarks.serving_models import Subject, as_typed

_PART = {"hx-request": "true", "sec-fetch-site": "same-origin"}
_HEARTS = 25


class Visitor:
    """A client with one connection and a browser's cookie."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookie = ""

    def ask(self, path: str, *, method: str = "GET", part: bool = False, body: str = "") -> float:
        """Return milliseconds until an answer is complete."""
        headers = {"cookie": self._cookie, **(_PART if part else {})}
        began = time.perf_counter()
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        answer.read()
        taken = 1000 * (time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}")
        self._cookie = (answer.headers.get("set-cookie") or self._cookie).split(";")[0]
        return taken

    def heart(self, item: object) -> float:
        """Time the click on a heart: storing the event, fold-in, and the new page."""
        stored = self.ask(f"/shelf?id={item}", method="POST", part=True, body="kind=like")
        return stored + self.ask("/shelf/rows", part=True)


def pages(port: int, subject: Subject, seconds: float) -> dict[str, dict[str, float]]:
    """Time pages, each for some seconds: the first of a server, and later ones."""
    visitor = Visitor(port)
    first = visitor.ask("/")
    items, names = itertools.cycle(subject.items[::97]), as_typed(subject.names, 100_000)
    return {
        "first page": _spread([first]),
        "home page": _timed(lambda: visitor.ask("/"), seconds),
        "item page": _timed(lambda: visitor.ask(f"/item?id={next(items)}"), seconds),
        "heart, to new recommendations": _spread(
            visitor.heart(next(items)) for _ in range(_HEARTS)
        ),
        "search while typing": _timed(
            lambda: visitor.ask(f"/search?q={quote_plus(next(names))}", part=True), seconds
        ),
        "map": _timed(lambda: visitor.ask("/map/items"), seconds),
    }


def _timed(ask: Callable[[], float], seconds: float) -> dict[str, float]:
    until = time.perf_counter() + seconds
    times = [ask()]  # at least one
    while time.perf_counter() < until:
        times.append(ask())
    return _spread(times)


def _spread(taken: Iterable[float]) -> dict[str, float]:
    """Return the median and the 99th percentile in milliseconds."""
    times = sorted(taken)
    return {
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[int(0.99 * (len(times) - 1))], 2),
        "requests": len(times),
    }
