"""How the server speaks HTTP: as uvicorn does, and never waiting to fill a packet."""

from __future__ import annotations

import asyncio
import socket

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class Prompt(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen at run time
    """Sends what it has at once.

    Between processes uvicorn shares a socket whose connections wait for the other side to
    acknowledge a packet before they send the next small one (Nagle's algorithm): 40 ms an answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Somebody is there."""
        end = transport.get_extra_info("socket")
        if end is not None and end.family in (socket.AF_INET, socket.AF_INET6):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
