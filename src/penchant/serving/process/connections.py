"""Limits on connections, in front of the application: number, size and time of a request's head."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from penchant.serving.process.protocol import NoDelayProtocol
from penchant.serving.process.settings import ServeSettings, is_loopback

log = logging.getLogger("penchant")

_RESERVED_FILES = 256  # open files besides connections: the model, the database, threads
_DEFAULT_PER_ADDRESS = 100


@dataclass(frozen=True)
class ConnectionLimits:
    """Limits on the connections of a process.

    Attributes
    ----------
    head, body
        Bytes of a request's head and body.
    head_timeout
        Seconds until a head is complete.
    total, per_address
        Connections, in all and of one address; 0: no limit per address.
    counts_loopback
        Whether addresses of loopback are limited too.
    """

    head: int = 32_768
    body: int = 1 << 20
    head_timeout: float = 10.0
    total: int = 1_000
    per_address: int = 0
    counts_loopback: bool = False

    @classmethod
    def of(cls, settings: ServeSettings) -> ConnectionLimits:
        """Return the limits that the settings of a server mean for this process."""
        per_address = settings.max_connections_per_address
        default = _DEFAULT_PER_ADDRESS if settings.is_reachable else 0
        return cls(
            settings.max_head,
            settings.max_body,
            settings.head_timeout,
            _within_open_files(settings.max_connections),
            default if per_address is None else per_address,
            per_address is not None,
        )


class Connections:
    """The open connections of a process.

    A connection that waits for a request can be closed in favor of a new one: connections that
    send nothing can't lock out others.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[LimitedProtocol, str] = {}
        self._per_address: Counter[str] = Counter()
        self._waiting: dict[LimitedProtocol, None] = {}  # those that wait longest first

    def admit(self, connection: LimitedProtocol, address: str) -> bool:
        """Count a new connection; return False if it must be refused.

        At a limit, the connection that has waited longest for a request is closed.
        """
        limits = self.limits
        limited = limits.per_address and (limits.counts_loopback or not is_loopback(address))
        if limited and self._per_address[address] >= limits.per_address:
            if not self._close_waiting(address):
                return False
        elif len(self._open) >= limits.total and not self._close_waiting(None):
            return False
        self._open[connection] = address
        self._per_address[address] += 1
        self._waiting[connection] = None
        return True

    def _close_waiting(self, address: str | None) -> bool:
        """Close the connection that waits longest, of an address or of any; False: none waits."""
        for connection in self._waiting:
            if address is None or self._open[connection] == address:
                self.remove(connection)
                connection.transport.abort()
                return True
        return False

    def begin_request(self, connection: LimitedProtocol) -> None:
        """Note that a connection has sent a complete head."""
        self._waiting.pop(connection, None)

    def end_request(self, connection: LimitedProtocol) -> None:
        """Note that a connection was answered and waits for its next request."""
        if connection in self._open:
            self._waiting.pop(connection, None)
            self._waiting[connection] = None

    def remove(self, connection: LimitedProtocol) -> None:
        """Forget a connection that is closed."""
        self._waiting.pop(connection, None)
        address = self._open.pop(connection, None)
        if address is not None:
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]


class LimitedProtocol(NoDelayProtocol):
    """The HTTP protocol of the server, with limits on connections and heads.

    Attributes
    ----------
    table
        The connections of this process; :func:`configure` sets its limits.
    """

    table: ClassVar[Connections] = Connections(ConnectionLimits())

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._unparsed = 0  # bytes since the last complete head that may belong to the next

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Count a connection, or refuse it."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        if self.table.admit(self, address):
            self._start_deadline()
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._stop_deadline()
        self.table.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data, and enforce the limits on a head that is not complete."""
        cycle, allowed = self.cycle, self._allowed()
        super().data_received(data)
        if self.cycle is not cycle:
            self._unparsed = 0
            self._stop_deadline()
            self.table.begin_request(self)
            return
        if self.transport.is_closing() or allowed is None:
            return
        self._unparsed += len(data)
        if self._unparsed > allowed:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._deadline is None:
            self._start_deadline()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self.table.end_request(self)

    def _allowed(self) -> int | None:
        """Return how many bytes the next head may have; None while a body is being read."""
        cycle, limits = self.cycle, self.table.limits
        if cycle is None or not cycle.more_body:
            return limits.head
        # the rest of a body that the application did not read
        return limits.head + limits.body if cycle.response_complete else None

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.table.limits.head_timeout, self._expire)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        """Close a connection whose next head is not complete in time."""
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer without the application, and close the connection."""
        self._stop_deadline()
        self.table.remove(self)
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            "content-length: 0",
            "connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())
        self.transport.close()


def configure(settings: ServeSettings) -> None:
    """Set the limits of this process."""
    LimitedProtocol.table = Connections(ConnectionLimits.of(settings))


def _within_open_files(wanted: int) -> int:
    """Return a number of connections that the limit on open files permits, raised if possible."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        target = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
            soft = target
        except (ValueError, OSError):
            log.debug("the limit on open files can't be raised")
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    return max(1, soft - _RESERVED_FILES, soft // 2)
