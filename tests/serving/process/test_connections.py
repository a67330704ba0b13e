"""Limits in front of the application, tried with raw sockets."""

from __future__ import annotations

import contextlib
import resource
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from penchant.serving.process import connections
from penchant.serving.process.connections import ConnectionLimits, Connections, LimitedProtocol
from penchant.serving.process.settings import ServeSettings

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer every request; ``/body`` reads it first, ``/early`` answers without reading."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/body":
        while (await receive()).get("more_body"):
            pass
    await send(
        {"type": "http.response.start", "status": 200, "headers": [[b"content-length", b"5"]]}
    )
    await send({"type": "http.response.body", "body": b"hello"})


@contextlib.contextmanager
def running(**limits: Any) -> Iterator[tuple[str, int]]:
    """A server with some limits, in a thread."""

    class Protocol(LimitedProtocol):
        table = Connections(ConnectionLimits(**limits))

    config = uvicorn.Config(hello, http=Protocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join(20)
            assert not Protocol.table._open


def connected(place: tuple[str, int]) -> socket.socket:
    return socket.create_connection(place, timeout=20)


def received(connection: socket.socket) -> bytes:
    """Return everything until the server closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def answer(connection: socket.socket, request: bytes = REQUEST) -> bytes:
    """Send a request and return the answer, whose body is ``hello``."""
    connection.sendall(request)
    text = b""
    while not text.endswith(b"hello"):
        part = connection.recv(65536)
        assert part, text
        text += part
    return text


def status(connection: socket.socket, data: bytes) -> int:
    """Send data; return the status of the answer before the connection is closed; 0: none."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(data)
    text = received(connection)
    return int(text.split()[1]) if text else 0


def is_closed(connection: socket.socket) -> bool:
    return received(connection) == b""


def test_silent_connections_end() -> None:
    with running(head_timeout=0.3) as place, connected(place) as connection:
        began = time.monotonic()
        assert is_closed(connection)
        assert 0.2 < time.monotonic() - began < 10


def test_a_head_that_arrives_drop_by_drop_is_cut_off() -> None:
    with running(head_timeout=0.5) as place, connected(place) as connection:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\n")
            while time.monotonic() - began < 10:
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.05)
        assert time.monotonic() - began < 5


def test_a_second_head_that_arrives_drop_by_drop_is_cut_off() -> None:
    with running(head_timeout=0.5) as place, connected(place) as connection:
        answer(connection)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\n")
            while time.monotonic() - began < 10:
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.05)
        assert time.monotonic() - began < 5


def test_a_slow_but_complete_head_is_answered() -> None:
    with running(head_timeout=5.0) as place, connected(place) as connection:
        for begin in range(0, len(REQUEST) - 4, 4):
            connection.sendall(REQUEST[begin : begin + 4])
            time.sleep(0.01)
        assert b"200 OK" in answer(connection, REQUEST[begin + 4 :])


def test_a_connection_that_is_used_stays_open() -> None:
    with running(head_timeout=0.3) as place, connected(place) as connection:
        for _ in range(5):
            assert b"200 OK" in answer(connection)
            time.sleep(0.2)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 10**7,
        b"GET /" + b"a" * 10**7,
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 10**6,
        b"\r\n" * 10**7,
    ],
    ids=["value", "address", "many", "blank"],
)
def test_large_heads_are_refused_while_they_arrive(head: bytes) -> None:
    with running(head=8_000) as place, connected(place) as connection:
        assert status(connection, head) in (431, 400, 0)


def test_a_large_head_after_a_request_is_refused() -> None:
    with running(head=8_000) as place:
        for before in (REQUEST, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"):
            with connected(place) as connection:
                answer(connection, before)
                end = b"abc" if before.startswith(b"POST") else b""
                data = end + b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 10**7
                assert status(connection, data) in (431, 400, 0)


def test_bodies_are_not_taken_for_heads() -> None:
    with running(head=8_000) as place, connected(place) as connection:
        head = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
        assert b"200 OK" in answer(connection, head + b"a" * 900_000)
        assert b"200 OK" in answer(connection)
        early = head.replace(b"/body", b"/early")
        assert b"200 OK" in answer(connection, early + b"a" * 900_000)


def test_300_silent_connections_do_not_lock_out_others() -> None:
    with running(total=100, head_timeout=60.0) as place, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connected(place)) for _ in range(300)]
        began = time.monotonic()
        for _ in range(20):
            with connected(place) as connection:
                assert b"200 OK" in answer(connection)
        assert time.monotonic() - began < 10
        assert is_closed(silent[0])  # those that waited longest


def test_connections_with_a_request_are_not_closed_for_new_ones() -> None:
    unfinished = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
    with running(total=2) as place, contextlib.ExitStack() as stack:
        busy = [stack.enter_context(connected(place)) for _ in range(2)]
        for connection in busy:
            connection.sendall(unfinished)
        time.sleep(0.3)
        with connected(place) as connection:
            assert status(connection, b"") == 503
        for connection in busy:
            assert b"200 OK" in answer(connection, b"a" * 10)
        with connected(place) as connection:  # idle ones make room again
            assert b"200 OK" in answer(connection)


def test_an_address_has_its_own_limit() -> None:
    def connected_from(address: str) -> socket.socket:
        return socket.create_connection(place, timeout=20, source_address=(address, 0))

    unfinished = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
    limits = {"per_address": 3, "counts_loopback": True}
    with running(**limits) as place, contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connected_from("127.0.0.2")).sendall(unfinished)
        time.sleep(0.3)
        with connected_from("127.0.0.2") as connection:
            assert status(connection, b"") == 503
        with connected_from("127.0.0.3") as connection:
            assert b"200 OK" in answer(connection)


def test_the_limits_of_a_server_follow_from_its_settings(monkeypatch) -> None:
    local = ConnectionLimits.of(ServeSettings(likes="x"))
    assert (local.total, local.per_address, local.counts_loopback) == (1000, 0, False)
    token = "a-token-of-some-length"
    public = ConnectionLimits.of(ServeSettings(likes="x", host="0.0.0.0", token=token))
    assert (public.per_address, public.counts_loopback) == (100, False)
    chosen = ConnectionLimits.of(ServeSettings(likes="x", max_connections_per_address=5))
    assert (chosen.per_address, chosen.counts_loopback) == (5, True)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (300, 300))
    assert ConnectionLimits.of(ServeSettings(likes="x")).total == 150
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 1100))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    assert ConnectionLimits.of(ServeSettings(likes="x")).total == 1100 - 256


def test_configuring_a_process_sets_its_limits(monkeypatch) -> None:
    monkeypatch.setattr(LimitedProtocol, "table", LimitedProtocol.table)
    connections.configure(ServeSettings(likes="x", max_head=2_000, head_timeout=3))
    limits = LimitedProtocol.table.limits
    assert (limits.head, limits.head_timeout) == (2_000, 3)
