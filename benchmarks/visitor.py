"""A visitor of a server: one request after the other, by one connection, timed."""

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
        """Milliseconds until an answer was here as a whole."""
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
        """From the click on a heart to other recommendations: stored, folded in, drawn."""
        stored = self.ask(f"/shelf?id={item}", method="POST", part=True, body="kind=like")
        return stored + self.ask("/shelf/rows", part=True)


def pages(port: int, subject: Subject, seconds: float) -> dict[str, dict[str, float]]:
    """How long pages take, each for some seconds: the first of a server, and others."""
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
    times = [ask()]  # however short the time is
    while time.perf_counter() < until:
        times.append(ask())
    return _spread(times)


def _spread(taken: Iterable[float]) -> dict[str, float]:
    """Half of all are faster, 99 % are; milliseconds."""
    times = sorted(taken)
    return {
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[int(0.99 * (len(times) - 1))], 2),
        "requests": len(times),
    }
