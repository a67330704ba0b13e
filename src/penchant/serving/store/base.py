"""What a server keeps: feedback, changes to the catalog, the model in use.

This is what the rest of the server sees of it; :mod:`penchant.serving.store.database` keeps it in SQLite or
PostgreSQL. People are folded into the model from their events, at each request: that takes no
longer than to look up a vector would.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from penchant._settings import checks
from penchant.data.ids import Id
from penchant.errors import DataError, SettingsError

Kind = Literal["like", "unlike"]

MAX_ID_BYTES = 1_000
"""Bytes of an id (as JSON) or of a key, at most: databases can't index longer ones."""

MAX_TEXT_BYTES = 10_000
"""Bytes of a name, a link, a picture's address or a tag, at most."""


@dataclass(frozen=True)
class Event:
    """Somebody liked something, or took that back.

    Parameters
    ----------
    person
        Who; strings and integers stay what they are.
    item
        What.
    kind
        ``"like"``, or ``"unlike"``: as if it had never been liked.
    value
        How strong a like is; below 0 it is a dislike.
    at
        When, in seconds since 1970 (UTC); None: when it is stored.
    key
        An idempotency key: of a person's events with the same key only the first is kept. None:
        always kept.

    Raises
    ------
    DataError
        If an id or a number can't be stored: the wrong type, empty, too long, not finite.
    SettingsError
        If the kind is none of the two.
    """

    person: Id
    item: Id
    kind: Kind = "like"
    value: float = 1.0
    at: float | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        checks.choice("kind", self.kind, ("like", "unlike"))
        check_id("person", self.person)
        check_id("item", self.item)
        _check_number("value", self.value)
        if self.kind == "like" and self.value == 0:
            raise DataError("a like of value 0 says nothing: give another value, or unlike")
        if self.at is not None:
            _check_number("at", self.at)
        if self.key is not None:
            _check_text("key", self.key, least=1, most=MAX_ID_BYTES)


@dataclass(frozen=True)
class StoredEvent:
    """An event as it was stored.

    Attributes
    ----------
    number
        Its place in the order of all events: numbers rise, with gaps, and are never used again.
    event
        The event; its time is filled in.
    """

    number: int
    event: Event


@dataclass(frozen=True)
class Override:
    """What a server shows of an item in place of what the model's catalog says.

    Attributes
    ----------
    name, link, picture, tags
        None where the catalog holds.
    hidden
        Whether the item is not to be offered or shown.
    """

    name: str | None = None
    link: str | None = None
    picture: str | None = None
    tags: tuple[str, ...] | None = None
    hidden: bool = False

    def __post_init__(self) -> None:
        checks.flag("hidden", self.hidden)
        for what in ("name", "link", "picture"):
            if getattr(self, what) is not None:
                _check_text(what, getattr(self, what))
        if isinstance(self.tags, str):
            raise DataError(f"tags are a list of texts, got the single text {self.tags!r}")
        for tag in self.tags or ():
            _check_text("tag", tag, least=1)


@dataclass(frozen=True)
class Activation:
    """A model file that was put to use.

    Attributes
    ----------
    path
        The file.
    learned
        The number of the last event that the model has learned from; 0: none.
    at
        When it was put to use, in seconds since 1970 (UTC).
    """

    path: str
    learned: int
    at: float


class Store(ABC):
    """Feedback, catalog overrides and the active model, kept durably.

    All methods may be called from several threads, and several processes may share one store.
    """

    @staticmethod
    def open(url: str = "sqlite:///penchant.db") -> Store:
        """Open a store; one that is not there yet is made, an older one is brought up to date.

        Parameters
        ----------
        url
            ``sqlite:///file.db`` (relative) or ``sqlite:////folder/file.db``; ``sqlite://`` for
            one that is gone when it is closed; or ``postgresql://user:password@host/name``.

        Raises
        ------
        SettingsError
            If the address is of no kind that can be used.
        StoreError
            If the database can't be used: not there, damaged, of something else, made by a later
            penchant.
        MissingExtraError
            If SQLAlchemy, or the driver of PostgreSQL, is not installed.
        """
        from penchant.errors import require

        require("sqlalchemy", extra="serve", what="Stores")
        from penchant.serving.store.database import DatabaseStore

        return DatabaseStore(url)

    # --- events -------------------------------------------------------------------------

    @abstractmethod
    def submit(self, events: Sequence[Event]) -> Future[list[bool]]:
        """As :meth:`add`, without waiting: the future is done once they are durable.

        ``await asyncio.wrap_future(store.submit(events))`` waits for it without a thread.
        """

    def add(self, events: Sequence[Event]) -> list[bool]:
        """Store events; returns only when they would outlive a crash.

        The events of one call are stored all or not at all.

        Returns
        -------
        For each event whether it was stored: False where the person has one with the same key.

        Raises
        ------
        StoreError
            If they can't be stored: disk full, read-only, locked for too long, database gone. Then
            none of them is, unless the connection broke at the very end; whoever gives keys can
            safely try again.
        """
        return self.submit(events).result()

    @abstractmethod
    def changes(self, person: Id, after: int = 0) -> dict[Id, float]:
        """What a person's events behind the number ``after`` come to, item → value.

        The last event of an item counts; what was taken back has the value 0. In the order in
        which items were last spoken of.
        """

    def history(self, person: Id) -> dict[Id, float]:
        """What a person likes, item → value: the last event of an item counts.

        In the order in which items were last liked. Somebody unknown likes nothing.
        """
        return {item: value for item, value in self.changes(person).items() if value}

    @abstractmethod
    def people(self, after: int = 0) -> set[Id]:
        """Who has events behind the number ``after``."""

    @abstractmethod
    def events(self, after: int = 0, limit: int | None = None) -> Iterator[StoredEvent]:
        """Events in the order of their numbers, from the one behind ``after`` on.

        They are read in pieces, so that memory stays small. Who has read up to some number misses
        nothing by going on behind it: no event appears later with a smaller one.
        """

    @abstractmethod
    def last(self) -> int:
        """The number of the newest event; 0 where there is none."""

    @abstractmethod
    def forget(self, person: Id) -> int:
        """Delete a person's events; how many there were.

        SQLite overwrites what it deletes; PostgreSQL does so when it next vacuums. A model that
        has learned from the events keeps what it has learned until it is fitted anew.
        """

    # --- models -------------------------------------------------------------------------

    @abstractmethod
    def activate(self, path: str, *, learned: int = 0) -> None:
        """Put a model file to use, which has learned from the events up to number ``learned``."""

    @abstractmethod
    def activations(self, limit: int = 10) -> list[Activation]:
        """The model files that were put to use, the newest first."""

    def active(self) -> Activation | None:
        """The model file in use, or None where none was ever."""
        newest = self.activations(1)
        return newest[0] if newest else None

    # --- items --------------------------------------------------------------------------

    @abstractmethod
    def overrides(self) -> dict[Id, Override]:
        """What is to be shown in place of the catalog, by item."""

    @abstractmethod
    def set_override(self, item: Id, override: Override | None) -> None:
        """Show this of an item in place of the catalog; None: the catalog again."""

    # --- the store itself ---------------------------------------------------------------

    @abstractmethod
    def check(self) -> None:
        """Look whether the database answers.

        Raises
        ------
        StoreError
            If it does not.
        """

    @abstractmethod
    def close(self) -> None:
        """Store what is submitted, and let go of the database; more than once does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


# --- what can be stored -----------------------------------------------------------------


def check_id(what: str, value: object) -> None:
    """Refuse what can be nobody's id.

    Raises
    ------
    DataError
        If it is neither a text (not empty, not of more than ``MAX_ID_BYTES`` bytes) nor an integer of
        64 bits.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not -(2**63) <= value < 2**63:
            raise DataError(f"{what} {value} is too large: integers have 64 bits")
        return
    if not isinstance(value, str):
        raise DataError(f"{what} must be a text or an integer, got {value!r}")
    _check_text(what, value, least=1)
    _check_text(what, id_text(value), most=MAX_ID_BYTES)


def id_text(value: Id) -> str:
    """An id as a database keeps it: JSON, so that 5 and "5" stay two things."""
    return json.dumps(value, ensure_ascii=False)


def _check_text(what: str, value: object, *, least: int = 0, most: int = MAX_TEXT_BYTES) -> None:
    if not isinstance(value, str):
        raise DataError(f"{what} must be a text, got {value!r}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise DataError(f"{what} is not valid Unicode: {value[:40]!r}") from None
    if "\0" in value or not least <= size <= most:
        found = "has a NUL in it" if "\0" in value else f"is {size:,} bytes long"
        raise DataError(f"{what} {found}: it may have {least} to {most:,} bytes, and no NUL")


def _check_number(what: str, value: object) -> None:
    try:
        checks.number(what, value, -math.inf)
    except SettingsError:
        raise DataError(f"{what} must be a finite number, got {value!r}") from None
