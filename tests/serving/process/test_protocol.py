"""Nagle's algorithm is disabled on sockets of all kinds."""

from __future__ import annotations

import asyncio
import socket
from typing import ClassVar

from uvicorn import Config
from uvicorn.server import ServerState

from penchant.serving.process.protocol import NoDelayProtocol


async def hello(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


class Kept(NoDelayProtocol):
    """Record the options of connections."""

    set_to: ClassVar[list[int]] = []

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        end = transport.get_extra_info("socket")
        self.set_to.append(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


async def ask(listening: socket.socket) -> bytes:
    """The answer of a server that was given a socket."""
    config = Config(hello, log_config=None, lifespan="off")
    config.load()

    def protocol() -> Kept:
        return Kept(config=config, server_state=ServerState(), app_state={})

    async with await asyncio.get_running_loop().create_server(protocol, sock=listening):
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer


def test_nagles_algorithm_is_disabled():
    with socket.socket(socket.AF_INET) as listening:  # as uvicorn creates it for several processes
        listening.bind(("127.0.0.1", 0))
        assert not listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert b"hello" in asyncio.run(ask(listening))
    assert Kept.set_to == [1]
