"""Who may read what is known of people, and what strange requests get."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import strategies as st
from starlette.testclient import TestClient

from penchant.cli import failures
from penchant.serving import security
from penchant.serving.app import create_app
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store

V1 = "/api/v1"
TOKEN = "a-token-of-some-length"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BEYOND = ({"host": "0.0.0.0"}, {"hosts": ("shop.example",)})

READING = [
    ("GET", f"{V1}/recommend?user=u0001", None),
    ("POST", f"{V1}/recommend", {"user": "u0001"}),
    ("GET", f"{V1}/explain?user=u0001&item=i0001", None),
    ("GET", "/person?id=u0001", None),
]


@pytest.fixture
def client_of(files, tmp_path) -> Iterator[object]:
    """A maker of clients of applications with some settings."""
    with open_store(f"sqlite:///{tmp_path / 'privacy.db'}") as store:

        def make(**fields: object) -> TestClient:
            settings = ServeSettings(likes=str(files.likes), watch=0, **fields)
            app = create_app(ModelReloader.open(files, store), store, settings)
            return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)

        make.store = store  # type: ignore[attr-defined]
        yield make


@pytest.mark.parametrize("beyond", BEYOND)
@pytest.mark.parametrize(("method", "address", "body"), READING)
def test_beyond_loopback_reading_about_people_needs_the_token(
    client_of, beyond, method, address, body
) -> None:
    client = client_of(token=TOKEN, **beyond)
    rejected = client.request(method, address, json=body)
    assert rejected.status_code == 401
    assert rejected.headers["www-authenticate"] == "Bearer"
    assert client.request(method, address, json=body, headers=BEARER).status_code == 200
    unknown = address.replace("u0001", "no-such-person")
    assert client.request(method, unknown, json=body).status_code == 401  # reveals no ids


@pytest.mark.parametrize(("method", "address", "body"), READING)
def test_reading_about_people_can_be_opened(client_of, method, address, body) -> None:
    public = client_of(token=TOKEN, host="0.0.0.0", public_people=True)
    assert public.request(method, address, json=body).status_code == 200
    local = client_of(token=TOKEN)
    assert local.request(method, address, json=body).status_code == 200


def test_browsers_are_told_why(client_of) -> None:
    client = client_of(token=TOKEN, host="0.0.0.0")
    answer = client.get("/person?id=u0001", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert (
        "need this server&#39;s token" in answer.text or "need this server's token" in answer.text
    )


def test_what_names_no_person_needs_no_token(client_of) -> None:
    client = client_of(token=TOKEN, host="0.0.0.0")
    body = {"history": ["i0001", "i0002"]}
    assert client.post(f"{V1}/recommend", json=body).status_code == 200
    assert client.post(f"{V1}/explain", json={**body, "item": "i0003"}).status_code == 200
    for address in ("/", "/shelf", f"{V1}/popular", f"{V1}/similar?item=i0001"):
        assert client.get(address).status_code == 200


def test_a_visitor_reads_the_own_shelf_and_no_other(client_of) -> None:
    client = client_of(token=TOKEN, host="0.0.0.0")
    assert client.post("/shelf?id=i0001", data={"kind": "like"}).status_code == 200
    assert "i0001" in client.get("/shelf").text
    [visitor] = client_of.store.people()
    other = client_of(token=TOKEN, host="0.0.0.0")
    assert other.get(f"/person?id={visitor}").status_code == 401
    assert other.get(f"/person?id={visitor}", headers=BEARER).status_code == 404


# --- strange requests -------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://]", "//[", "null", "\x00"])
def test_a_malformed_origin_is_rejected(client_of, origin) -> None:
    client = client_of()
    body = {"person": "p", "item": "i0001"}
    answer = client.post(f"{V1}/events", json=body, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/search", "/nothing", f"{V1}/search", f"{V1}/items/i0001"])
@pytest.mark.parametrize("accept", [b"text/html", b"application/json"])
def test_parameters_that_are_not_utf_8_are_rejected(client_of, path, accept) -> None:
    scope = {
        "type": "http", "method": "GET", "scheme": "http", "path": path, "query_string": b"q=\xe9",
        "headers": [(b"host", b"localhost"), (b"accept", accept)], "client": ("127.0.0.1", 5000),
    }  # fmt: skip
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    asyncio.run(client_of().app(scope, receive, send))
    assert sent[0]["status"] == 400


def test_long_addresses_and_heads_are_rejected(client_of) -> None:
    client = client_of(max_head=4_000, max_url=1_000)
    assert client.get(f"{V1}/popular?tags={'x' * 900}").status_code == 200
    assert client.get(f"{V1}/popular?tags={'x' * 1000}").status_code == 414
    assert client.get(f"/{'x' * 1000}").status_code == 414
    assert client.get("/", headers={"X-Long": "x" * 4000}).status_code == 431
    assert client.get("/", headers={f"X-{n}": "x" * 100 for n in range(40)}).status_code == 431


def test_a_body_that_does_not_arrive_is_given_up(client_of) -> None:
    client = client_of(body_timeout=0.2)
    messages = [{"type": "http.request", "body": b"{", "more_body": True}]
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        if messages:
            return messages.pop()
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])  # type: ignore[arg-type]

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"{V1}/events",
        "raw_path": f"{V1}/events".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    asyncio.run(asyncio.wait_for(client.app(scope, receive, send), 20))
    assert statuses == [408]


HEADERS = ["origin", "host", "sec-fetch-site", "authorization", "content-length", "cookie",
           "accept", "content-type", "idempotency-key", "if-none-match", "hx-request"]  # fmt: skip


@hypothesis.given(
    st.lists(
        st.tuples(st.sampled_from(HEADERS), st.text(st.characters(max_codepoint=255), max_size=40)),
        max_size=4,
    ),
    st.sampled_from([("POST", f"{V1}/events"), ("GET", "/shelf"), ("POST", "/shelf?id=i0001")]),
)
@hypothesis.settings(
    max_examples=150, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
def test_no_header_makes_an_internal_error(client_of, pairs, target) -> None:
    method, address = target
    if not hasattr(client_of, "client"):
        client_of.client = client_of()
    headers = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    body = {"person": "p", "item": "i0001"}
    answer = client_of.client.request(method, address, json=body, headers=headers)
    assert answer.status_code < 500, (headers, answer.text)


def test_an_internal_error_is_logged_with_its_traceback(client_of, monkeypatch, capsys) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(security, "check_host", broken)
    handler = failures._Warnings(logging.WARNING)
    logging.getLogger("penchant").addHandler(handler)
    try:
        assert client_of().get("/").status_code == 500
    finally:
        logging.getLogger("penchant").removeHandler(handler)
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ZeroDivisionError: a fault" in err


def test_a_deleted_person_is_hidden_in_the_same_process(client_of) -> None:
    client = client_of()
    client_of.store.add([Event("u0002", "i0001")])
    for user in ("u0001", "u0002"):
        assert client.get(f"{V1}/recommend?user={user}").status_code == 200
        answer = client.delete(f"{V1}/admin/people?person={user}")
        assert answer.json()["status"] == "forgotten"
        assert answer.json()["receipt"].keys() == {"number", "person", "at", "events", "erased"}
        assert client.get(f"{V1}/recommend?user={user}").status_code == 404
        assert client.get(f"/person?id={user}").status_code == 404
