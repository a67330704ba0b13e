"""The HTTP protocol of the server: uvicorn's, without Nagle's algorithm."""

from __future__ import annotations

import asyncio
import socket

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class NoDelayProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen at run time
    """Send small packets without delay.

    On a socket that uvicorn shares between processes, connections otherwise wait for the
    acknowledgement of a packet before they send the next small one (Nagle's algorithm), which adds
    40 ms to a response.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Disable Nagle's algorithm on a new connection."""
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
