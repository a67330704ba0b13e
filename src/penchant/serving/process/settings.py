"""How a server runs: what the command line says, for every process of it."""

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

LEAST_TOKEN = 16


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a server runs.

    Attributes
    ----------
    likes, tags, looks
        The model files; the first is required.
    db
        The address of the store.
    host, port
        Where it listens.
    workers
        How many processes.
    token
        What admin and write requests must bear; None: nothing, which only loopback allows.
    hosts
        Names by which the server may be called, beside where it listens; ``"*"``: any.
    most_body
        Bytes of a request's body, at most.
    rate, burst
        Requests a second of one client, and how many at once; 0: no limit; None: 50 where others
        than this machine can reach the server.
    watch
        Seconds between looks at the model files and the store; 0: none.
    picture_cache
        A folder to keep pictures of the web in, which are then fetched by the server and not by
        browsers; None: browsers fetch them.
    shared
        A file for what the processes share; None: there is only one process.

    Raises
    ------
    SettingsError
        If one is out of its range, or others could reach the server and there is no token.
    """

    likes: str
    tags: str | None = None
    looks: str | None = None
    db: str = "sqlite:///penchant.db"
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    token: str | None = None
    hosts: tuple[str, ...] = ()
    most_body: int = 1 << 20
    rate: float | None = None
    burst: int = 200
    watch: float = 1.0
    picture_cache: str | None = None
    shared: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hosts", tuple(self.hosts))
        checks.whole("port", self.port, 0, 65535)
        checks.whole("workers", self.workers, 1, 256)
        checks.whole("most_body", self.most_body, 1024)
        checks.number("rate", self.requests_per_second, 0)
        checks.whole("burst", self.burst, 1)
        checks.number("watch", self.watch, 0)
        if self.token is not None and (len(self.token) < LEAST_TOKEN or not self.token.isascii()):
            raise SettingsError(f"a token needs {LEAST_TOKEN} ASCII characters or more")
        if self.token is None and self.is_reachable:
            listening = f"listening on {self.host}, beyond loopback,"
            why = "a server that others call by a name" if self.on_loopback else listening
            raise SettingsError(
                f"{why} needs a token: give --token, or PENCHANT_TOKEN in the environment"
            )

    @property
    def on_loopback(self) -> bool:
        """Whether it listens to this machine alone."""
        return is_loopback(self.host)

    @property
    def is_reachable(self) -> bool:
        """Whether others reach it, directly or through a proxy that knows its name."""
        return not (self.on_loopback and all(map(is_loopback, self.hosts)))

    @property
    def requests_per_second(self) -> float:
        """Of one client, at most; 0: no limit."""
        return (50.0 if self.is_reachable else 0.0) if self.rate is None else self.rate

    @property
    def files(self) -> Artifacts:
        """The model files."""
        tags, looks = (None if one is None else Path(one) for one in (self.tags, self.looks))
        return Artifacts(Path(self.likes), tags, looks)

    def to_json(self) -> str:
        """As a text from which :meth:`from_json` makes them again, in another process."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What :meth:`to_json` told."""
        told: dict[str, Any] = json.loads(text)
        return cls(**told)


@functools.lru_cache(1024)
def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
