"""The settings of a server, validated once and handed to each of its processes."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant._settings import checks
from penchant.errors import SettingsError
from penchant.serving.process.loader import Artifacts

__all__ = ["ServeSettings"]

MIN_TOKEN_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """Settings of a server.

    Attributes
    ----------
    likes, hybrid, visual
        The model files, by role (:data:`penchant.serving.process.loader.Role`); the first is
        required.
    db
        The URL of the store.
    host, port
        The address to listen on; port 0 takes any free port.
    workers
        The number of processes.
    token
        The bearer token that admin and write requests must send; None requires no token, which is
        only allowed on loopback.
    hosts
        Host names that the server accepts besides the address it listens on; ``"*"`` accepts any.
    max_body
        The maximum size of a request body in bytes.
    rate, burst
        Requests per second for each client, and the number allowed at once; 0: no limit; None: 50
        if the server is reachable from other machines.
    watch
        Seconds between checks of the model files and the store; 0: no checks.
    picture_cache
        A folder for pictures that the server fetches from the web and serves itself; None: browsers
        fetch them.
    public_people
        Whether everybody may read the histories and recommendations of people. False: where other
        machines can reach the server, that needs the token, too.
    max_head, max_url
        The maximum size of a request's head (its URL and headers) and of the URL alone, in bytes.
    head_timeout, body_timeout
        Seconds until a request's head is complete, from the connection or its first byte on; and
        until its body is.
    max_connections
        Connections of each process. Beyond it, those that wait longest for a request are closed.
    max_connections_per_address
        Connections of one address to each process; 0: no limit; None: 100 if the server is
        reachable from other machines, not counting those from loopback, where a proxy may be.
    shared_file
        The file for the state that processes share; None: there is only one process.

    Raises
    ------
    SettingsError
        If a value is out of range, or the server would be reachable from other machines without a
        token.
    """

    likes: str
    hybrid: str | None = None
    visual: str | None = None
    db: str = "sqlite:///penchant.db"
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    token: str | None = None
    hosts: tuple[str, ...] = ()
    max_body: int = 1 << 20
    rate: float | None = None
    burst: int = 200
    watch: float = 1.0
    picture_cache: str | None = None
    public_people: bool = False
    max_head: int = 32_768
    max_url: int = 8_192
    head_timeout: float = 10.0
    body_timeout: float = 30.0
    max_connections: int = 1_000
    max_connections_per_address: int | None = None
    shared_file: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hosts", tuple(self.hosts))
        checks.check_int("port", self.port, 0, 65535)
        checks.check_int("workers", self.workers, 1, 256)
        checks.check_int("max_body", self.max_body, 1024)
        checks.check_float("rate", self.requests_per_second, 0)
        checks.check_int("burst", self.burst, 1)
        checks.check_float("watch", self.watch, 0)
        checks.check_int("max_head", self.max_head, 1024)
        checks.check_int("max_url", self.max_url, 256)
        checks.check_float("head_timeout", self.head_timeout, above=0)
        checks.check_float("body_timeout", self.body_timeout, above=0)
        checks.check_int("max_connections", self.max_connections, 1)
        checks.check_int("max_connections_per_address", self.max_connections_per_address or 0, 0)
        token = self.token
        if token is not None and (len(token) < MIN_TOKEN_LENGTH or not token.isascii()):
            raise SettingsError(f"a token needs {MIN_TOKEN_LENGTH} ASCII characters or more")
        if token is None and self.is_reachable:
            listening = f"listening on {self.host}, beyond loopback,"
            reason = "a server that others call by a name" if self.on_loopback else listening
            raise SettingsError(
                f"{reason} needs a token: give --token, or PENCHANT_TOKEN in the environment"
            )

    @functools.cached_property
    def on_loopback(self) -> bool:
        """Return whether the server listens on loopback only."""
        return is_loopback(self.host)

    @functools.cached_property
    def is_reachable(self) -> bool:
        """Return whether other machines can reach the server, directly or through a proxy."""
        return not (self.on_loopback and all(map(is_loopback, self.hosts)))

    @property
    def shows_people(self) -> bool:
        """Return whether the data of people are shown without the token."""
        return self.public_people or not self.is_reachable

    @property
    def requests_per_second(self) -> float:
        """Return the rate limit for each client; 0: no limit."""
        return (50.0 if self.is_reachable else 0.0) if self.rate is None else self.rate

    @property
    def files(self) -> Artifacts:
        """Return the model files."""
        hybrid, visual = (None if x is None else Path(x) for x in (self.hybrid, self.visual))
        return Artifacts(Path(self.likes), hybrid, visual)

    def to_json(self) -> str:
        """Return the settings as JSON, for :meth:`from_json` in another process."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ServeSettings:
        """Return the settings that :meth:`to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**fields)


@functools.lru_cache(1024)
def is_loopback(host: str) -> bool:
    """Return whether a host name or address is a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
