"""Requests of any form: no internal error comes, and every body of JSON is valid.

Usage: python -m tests.fuzz.http_requests [--cases N] [--seed S] [--first CASE]

Each case sends a request to the application in this process, through its ASGI interface, with odd
paths, parameters, headers and bodies. A response must be complete, its status below 500 or 503,
its JSON without NaN, and its HTML without the script that requests carry.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from fastapi import FastAPI
from tests.conftest import random_interactions
from tests.fuzz_command import run_command

import penchant
from penchant.data.catalog import Catalog
from penchant.serving.app import create_app
from penchant.serving.pages.visitors import COOKIE
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.reload import ModelReloader, activate
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.opening import open_store

TOKEN = "a-token-of-some-length"
SCRIPT = "<script>alert(1)</script>"
SECONDS = 20  # for a response
PATHS = (
    "/", "/search", "/item", "/card", "/person", "/shelf", "/shelf/rows", "/map", "/map/items",
    "/models", "/picture", "/static/htmx.js", "/static/..", "/metrics", "/nothing", "//", "/api/v1",
    *(f"/api/v1/{name}" for name in (
        "recommend", "recommend", "explain", "explain", "similar", "popular", "search", "items",
        "items/i0001", "items/", "items/../x", "events", "events/batch", "models", "health",
        "ready", "openapi.json", "admin/reload", "admin/items", "admin/people",
    )),
)  # fmt: skip
METHODS = (*["GET"] * 12, *["POST"] * 3, "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "ODD")
NAMES = (
    "user", "item", "k", "offset", "tags", "allow", "deny", "exclude_seen", "diversity", "role",
    "q", "id", "did", "person", "other",
)  # fmt: skip
TEXTS = (
    "u0001", "u0002", "i0001", "i0002", "i0001,i0002", "likes", "hybrid", "visual", "rock", "like",
    "unlike", "1", "5", "20", "0", "-1", "1000", "1001", "2147483648", "9223372036854775808",
    "1e400", "nan", "0.5", "true", "false", "", " ", "é", "\0", "\ud800", "\r\nx: y", "%",
    "../../etc/passwd", "' OR 1=1 --", "a" * 1001, SCRIPT, f'"{SCRIPT}', "javascript:alert(1)",
    "𝄞", "[]", "{}",
)  # fmt: skip
VALUES = (
    *TEXTS, None, True, False, 0, 1, -1, 5, 2**31, 2**63 - 1, 2**63, 10**400, 0.5, -1e6, 1e6, 1e308,
    float("nan"), float("inf"), [], ["i0001"], ["i0001", "i0001"], [None], [[]], {},
    {"item": "i0001"},
)  # fmt: skip
HEADERS: dict[str, tuple[bytes, ...]] = {
    "host": (b"localhost", b"", b"evil.example", b"[", b"localhost:99999", b"\xff"),
    "origin": (b"http://localhost", b"null", b"http://[", b"https://evil.example", b"\xe9"),
    "referer": (b"http://localhost/", b"http://[", b"x"),
    "accept": (b"text/html", b"application/json", b"*/*", b"text/html;q=x", b",,;", b""),
    "accept-encoding": (b"gzip", b"br;q=0", b"\xff"),
    "authorization": (b"Bearer ", b"Basic eA==", b"Bearer \xff", b"bearer " + TOKEN.encode()),
    "content-length": (b"0", b"5", b"-1", b"x", b"99999999999999999999", b"\xb2"),
    "content-type": (
        b"application/json", b"text/plain", b"application/x-www-form-urlencoded", b"",
        b"multipart/form-data; boundary=x", b"application/json; charset=utf-16", b"\xff",
    ),
    "cookie": (
        *(f"{COOKIE}={value}".encode("latin-1") for value in ("x", "\xff", "a" * 22, "a" * 5000)),
        b"=", b";;",
    ),
    "hx-request": (b"true", b"x"), "if-none-match": (b"*", b'"x"', b"\xff"),
    "if-modified-since": (b"x",), "range": (b"bytes=0-", b"bytes=9-1"),
    "idempotency-key": (b"\xff",), "x-forwarded-for": (b"1.2.3.4", b"x"),
    "expect": (b"100-continue",), "x-odd": (b"\x01",),
}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "recommend": {"history": ["i0001", {"item": "i0002", "value": -1.0}], "k": 3, "tags": ["rock"]},
    "explain": {"history": ["i0001"], "item": "i0002", "k": 3},
    "events": {
        "person": "u0001", "item": "i0001", "kind": "like", "value": 1.0, "at": 5, "key": "a"
    },
    "events/batch": {
        "events": [{"person": "new", "item": "i0003"}, {"person": 7, "item": "i0001"}]
    },
    "admin/items": {"item": "i0001", "name": SCRIPT, "link": "https://a.example", "tags": ["x"]},
}  # fmt: skip


@contextlib.contextmanager
def application(folder: Path) -> Iterator[FastAPI]:
    """Open an application over a small model and a store of its own."""
    data = random_interactions(60, 40, seed=5)
    names = ["Radiohead", "Sigur Rós", SCRIPT, *(f"Band {n}" for n in range(3, 40))]
    tags = [("rock",) * (n % 2) + (SCRIPT,) * (n % 3 == 0) for n in range(40)]
    data = data.with_catalog(Catalog(data.items, names=names, tags=tags, links=names))
    likes = penchant.ALS(factors=4, iterations=2).fit(data).save(folder / "likes.penchant")
    near = penchant.ItemNeighbors().fit(data).save(folder / "near.penchant")
    popular = penchant.Popularity(category="tags").fit(data).save(folder / "popular.penchant")
    files = Artifacts(likes, near, popular)
    settings = ServeSettings(likes=str(likes), watch=0, hosts=("*",), token=TOKEN, rate=0)
    with open_store(f"sqlite:///{folder / 'store.db'}") as store:
        activate(store, likes)
        yield create_app(ModelReloader.open(files, store), store, settings)


# --- requests ---------------------------------------------------------------------------


def draw(rng: np.random.Generator, values: Any) -> Any:
    return values[rng.integers(len(values))]


def request(rng: np.random.Generator) -> tuple[dict[str, Any], list[bytes]]:
    """Draw a request: an ASGI scope, as the server makes them, and the parts of its body."""
    path = draw(rng, PATHS)
    name = path.removeprefix("/api/v1/")
    method = draw(rng, METHODS)
    if name in BODIES and rng.random() < 0.6:
        method = "PUT" if name == "admin/items" else "POST"
    encoded = quote(path)
    if rng.random() < 0.15:
        encoded += draw(rng, ("/", "%", "%00", "%ff", "%2e%2e", "//x", "")) + escaped(rng)
    body = body_of(name, rng) if method not in ("GET", "HEAD") or rng.random() < 0.05 else b""
    headers = {
        "host": b"localhost",
        "authorization": f"Bearer {TOKEN}".encode(),
        "content-length": str(len(body)).encode(),
        "content-type": b"application/json",
    }
    for _ in range(int(draw(rng, (0, 0, 0, 0, 1, 1, 2, 5)))):
        header = draw(rng, sorted(HEADERS))
        headers[header] = draw(rng, HEADERS[header])
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": method, "scheme": "http", "path": unquote(encoded), "raw_path": encoded.encode(),
        "query_string": query(rng), "root_path": "", "client": ("127.0.0.1", 5000),
        "headers": [(header.encode(), value) for header, value in headers.items()],
        "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    cut = int(rng.integers(len(body) + 1))
    return scope, [body[:cut], body[cut:]]


def escaped(rng: np.random.Generator) -> str:
    return quote(draw(rng, TEXTS), safe="", errors="replace")


def query(rng: np.random.Generator) -> bytes:
    """Draw the parameters of an address, most of them right."""
    if rng.random() < 0.03:
        return bytes(rng.integers(33, 256, size=rng.integers(30)).tolist())
    usual = [("user", "u0001"), ("item", "i0002"), ("id", "i0003"), ("q", "band"), ("k", "3")]
    parts = [f"{name}={value}" for name, value in usual if rng.random() < 0.9]
    parts += [f"{draw(rng, NAMES)}={escaped(rng)}" for _ in range(draw(rng, (0, 0, 0, 0, 1, 2, 4)))]
    rng.shuffle(parts)
    return "&".join(parts).encode()


def body_of(name: str, rng: np.random.Generator) -> bytes:
    """Draw a body: a right one with odd values, odd JSON, a form, or odd bytes."""
    choice = rng.random()
    if choice < 0.08:
        return bytes(rng.integers(256, size=rng.integers(60)).tolist())
    if choice < 0.16:
        return f"kind={draw(rng, TEXTS)}&id={draw(rng, TEXTS)}".encode("utf-8", "replace")
    if choice < 0.2:
        return draw(rng, (b"[" * 5000, b'{"a":' * 5000, b"1" * 6000, b"x" * 1_100_000, b"null"))
    body = json.loads(json.dumps(BODIES.get(name, {"kind": "like"})))
    for _ in range(int(draw(rng, (0, 1, 1, 2)))):
        body = with_an_odd_value(body, rng)
    text = json.dumps(body).encode()
    return text[: rng.integers(len(text) + 1)] if rng.random() < 0.05 else text


def with_an_odd_value(node: Any, rng: np.random.Generator) -> Any:
    """Replace, remove or add one value somewhere in a body."""
    if rng.random() < 0.3 or not isinstance(node, dict | list) or not node:
        return draw(rng, VALUES)
    if isinstance(node, list):
        place = rng.integers(len(node))
        return [with_an_odd_value(v, rng) if n == place else v for n, v in enumerate(node)]
    key = draw(rng, sorted(node))
    if rng.random() < 0.1:
        return {name: value for name, value in node.items() if name != key}
    if rng.random() < 0.1:
        return {**node, draw(rng, NAMES): draw(rng, VALUES)}
    return {**node, key: with_an_odd_value(node[key], rng)}


# --- responses --------------------------------------------------------------------------


async def send(app: FastAPI, scope: dict[str, Any], parts: list[bytes]) -> list[dict[str, Any]]:
    """Send a request; return the messages of the response."""
    waiting = [
        {"type": "http.request", "body": part, "more_body": number + 1 < len(parts)}
        for number, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def take(message: Any) -> None:
        sent.append(dict(message))

    await asyncio.wait_for(app(scope, receive, take), SECONDS)
    return sent


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def check(method: str, messages: list[dict[str, Any]]) -> int:
    """Compare a response with what is promised; return its status."""
    status = int(messages[0]["status"])
    headers = {name.decode("latin-1").lower(): value for name, value in messages[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in messages[1:])
    assert status < 500 or status == 503, f"status {status}: {body[:300]!r}"
    assert messages[0]["type"] == "http.response.start"
    assert not messages[-1].get("more_body"), "the response has no end"
    assert not any(set(b"\r\n\0") & set(value) for value in headers.values()), headers
    if method != "HEAD":
        assert int(headers.get("content-length", len(body))) == len(body)
    kind = headers.get("content-type", b"")
    if kind.startswith(b"application/json") and body:
        json.loads(body.decode("utf-8"), parse_constant=refuse_constant)
    if kind.startswith(b"text/html"):
        assert SCRIPT.encode() not in body, "the script is in the page"
    return status


async def run(app: FastAPI, cases: range, seed: int) -> Counter[str]:
    """Run cases; print the traceback of each failure; return what became of them."""
    outcomes: Counter[str] = Counter()
    async with app.router.lifespan_context(app):
        for case in cases:
            scope, parts = request(np.random.default_rng([seed, case]))
            line = f"case {case} {scope['method']} {scope['raw_path']!r}"
            print(line, file=sys.stderr, flush=True)
            try:
                status = check(scope["method"], await send(app, scope, parts))
                outcomes[f"{status // 100}xx" if status < 500 else str(status)] += 1
            except Exception:
                outcomes["FAILED"] += 1
                sent = (scope["query_string"], scope["headers"], parts)
                print(f"--- {line} {str(sent)[:2000]}")
                traceback.print_exc(file=sys.stdout)
    return outcomes


def main() -> int:
    """Run from the command line; the status is 1 after a failure."""
    logging.basicConfig(stream=sys.stdout, level=logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch, application(Path(scratch)) as app:
        return run_command(__doc__, lambda cases, seed: asyncio.run(run(app, cases, seed)))


if __name__ == "__main__":
    sys.exit(main())
