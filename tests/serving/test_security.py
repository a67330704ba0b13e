"""Hosts, origins, tokens, limits and security headers."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from penchant.errors import SettingsError
from penchant.serving.app import create_app
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings, is_loopback
from penchant.serving.security import TokenBuckets
from penchant.serving.store.opening import open_store

V1 = "/api/v1"
EVENT = {"person": "p", "item": "i0001"}
TOKEN = "a-token-of-some-length"


@pytest.fixture
def asking(files, tmp_path):
    """Return a function that makes clients of an application with some settings."""
    opened = []

    def make(base_url: str = "http://localhost", **options) -> TestClient:
        store = open_store(f"sqlite:///{tmp_path / 'security.db'}")
        opened.append(store)
        settings = ServeSettings(likes=str(files.likes), watch=0, **options)
        app = create_app(ModelReloader.open(files, store), store, settings)
        return TestClient(app, base_url=base_url)

    yield make
    for store in opened:
        store.close()


def test_other_addresses_than_loopback_need_a_token():
    with pytest.raises(SettingsError, match="needs a token"):
        ServeSettings(likes="x", host="0.0.0.0")
    with pytest.raises(SettingsError, match="others call by a name needs a token"):
        ServeSettings(likes="x", hosts=("localhost", "shop.example"))
    assert ServeSettings(likes="x", hosts=("shop.example",), token=TOKEN).requests_per_second == 50
    assert ServeSettings(likes="x", hosts=("localhost",)).requests_per_second == 0
    assert ServeSettings(likes="x", host="0.0.0.0", token=TOKEN).requests_per_second == 50
    assert ServeSettings(likes="x", host="::1").on_loopback
    with pytest.raises(SettingsError, match="16"):
        ServeSettings(likes="x", token="short")


def test_settings_are_passed_to_workers():
    settings = ServeSettings(likes="x", token=TOKEN, hosts=("a", "b"), rate=3)
    assert ServeSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "/events", EVENT),
        ("POST", "/events/batch", {"events": [EVENT]}),
        ("POST", "/admin/reload", None),
        ("PUT", "/admin/items", {"item": "i0001"}),
        ("DELETE", "/admin/people?person=p", None),
    ],
)
def test_writing_needs_the_token(asking, method, address, body):
    client = asking(token=TOKEN)

    def status(**headers: str) -> int:
        return client.request(method, V1 + address, json=body, headers=headers).status_code

    assert status() == 401
    assert status(Authorization="Bearer wrong") == 401
    assert status(Authorization=f"Basic {TOKEN}") == 401
    assert status(Authorization="Bearer") == 401
    assert status(Authorization=f"Bearer {TOKEN}") == 200
    assert client.get(f"{V1}/popular").status_code == 200


def test_other_host_names_are_rejected(asking):
    client = asking()
    for host in ("evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example", "[bad"):
        answer = client.get(f"{V1}/health", headers={"Host": host})
        assert answer.status_code == 421, host
        assert answer.json()["error"]["kind"] == "MisdirectedRequest"
    for host in ("localhost", "127.0.0.1:8000", "[::1]:80", "LOCALHOST:1"):
        assert client.get(f"{V1}/health", headers={"Host": host}).status_code == 200, host
    named = asking(hosts=("shop.example",), token=TOKEN)
    assert named.get(f"{V1}/health", headers={"Host": "shop.example"}).status_code == 200
    public = asking(host="0.0.0.0", token=TOKEN)
    assert public.get(f"{V1}/health", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
    ],
)
def test_pages_of_other_sites_can_not_write(client, headers, status):
    assert client.post(f"{V1}/events", json=EVENT, headers=headers).status_code == status
    assert client.get(f"{V1}/popular", headers=headers).status_code == 200


def test_security_headers_are_sent(client):
    for address in (f"{V1}/health", f"{V1}/nowhere", "/metrics"):
        headers = client.get(address).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy
        assert "default-src 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    assert client.get(f"{V1}/health").headers["cache-control"] == "no-store"
    refused = client.get(f"{V1}/health", headers={"Host": "evil.example"})
    assert refused.headers["x-frame-options"] == "DENY"


def test_bodies_have_a_limit(asking):
    client = asking(max_body=2000)
    assert client.post(f"{V1}/events", json=EVENT).status_code == 200
    large = b'{"person":"' + b"p" * 3000 + b'"}'
    answer = client.post(f"{V1}/events", content=large)
    assert answer.status_code == 413
    assert answer.json()["error"]["kind"]
    pieces = client.post(f"{V1}/events", content=iter([large[:1500], large[1500:]]))
    assert pieces.status_code == 413


def test_clients_have_a_rate(asking):
    client = asking(rate=0.5, burst=3)
    statuses = [client.get(f"{V1}/health").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert int(client.get(f"{V1}/health").headers["retry-after"]) >= 1


def test_buckets_fill_again():
    buckets = TokenBuckets(2.0, 3)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 0.0) == pytest.approx(0.5)
    assert buckets.take("b", 0.0) == 0
    assert buckets.take("a", 0.6) == 0
    assert buckets.take("a", 0.6) > 0
    assert TokenBuckets(0, 1).take("a", 0.0) == 0


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", "%2e%2e/x", "'; DROP TABLE x; --", "\x00", "a" * 999]
)
def test_hostile_texts_stay_text(client, text):
    assert client.get(f"{V1}/items/{quote(text, safe='')}").status_code == 404
    assert client.get(f"{V1}/recommend", params={"user": text}).status_code in (404, 422)
    assert client.get(f"{V1}/search", params={"q": text[:200]}).status_code == 200
    stored = client.post(f"{V1}/events", json={"person": text, "item": text})
    assert stored.status_code in (200, 422)


def test_loopback_addresses_are_recognized():
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.com", "")))


def raw_get(app: FastAPI, path: str, query: bytes) -> tuple[int, bytes]:
    """Return status and body of a request whose parameters are sent as they are."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    scope = {
        "type": "http", "method": "GET", "scheme": "http", "path": path, "root_path": "",
        "raw_path": path.encode(), "query_string": query, "headers": [(b"host", b"localhost")],
        "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in messages)
    return messages[0]["status"], body


@pytest.mark.parametrize("path", [f"{V1}/search", "/search"])
def test_parameters_are_utf8_whether_they_are_escaped_or_not(asking, path):
    app = asking().app
    escaped = raw_get(app, path, b"q=Sigur%20R%C3%B3s%26")
    assert escaped[0] == 200
    assert "Sigur Rós" in escaped[1].decode()
    assert raw_get(app, path, "q=Sigur%20Rós%26".encode()) == escaped


@pytest.mark.parametrize("path", [f"{V1}/search", "/search"])
def test_parameters_in_other_encodings_are_refused(asking, path):
    status, body = raw_get(asking().app, path, "q=Sigur%20Rós".encode("latin-1"))
    assert status == 400
    assert b"not UTF-8: escape other bytes, as in %E9" in body
