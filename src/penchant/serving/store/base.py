"""Interface of the store: events, catalog overrides, and the active model.

:mod:`penchant.serving.store.database` implements it for SQLite and PostgreSQL. The vectors of
people are not stored: they are folded in from events at each request, which takes no longer than
reading a vector would.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, NamedTuple, Self

from penchant._settings import checks
from penchant.data.id_spelling import canonical
from penchant.data.ids import Id
from penchant.errors import DataError, SettingsError
from penchant.serving.store.tombstones import Receipt, Tombstones

__all__ = ["Activation", "Event", "Override", "Store", "StoredEvent"]

Kind = Literal["like", "unlike"]

MAX_ID_BYTES = 1_000
"""Maximum size of an id (as JSON) or a key in bytes: databases can't index longer ones."""

MAX_TEXT_BYTES = 10_000
"""Maximum size of a name, a link, a picture's address or a tag in bytes."""


@dataclass(frozen=True)
class Event:
    """A person liked an item, or took a like back.

    Parameters
    ----------
    person
        The person's id, a string or an integer.
    item
        The item's id, a string or an integer.
    kind
        ``"like"``, or ``"unlike"``, which removes a like as if it had never been.
    value
        The strength of a like; below 0 it is a dislike.
    at
        Time in seconds since 1970 (UTC); None: the time of storing.
    key
        An idempotency key: of a person's events with the same key only the first is stored. None:
        always stored.

    Raises
    ------
    DataError
        If an id or a number can't be stored: wrong type, empty, too long, not finite.
    SettingsError
        If the kind is neither of the two.
    """

    person: Id
    item: Id
    kind: Kind = "like"
    value: float = 1.0
    at: float | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        checks.check_choice("kind", self.kind, ("like", "unlike"))
        check_id("person", self.person)
        check_id("item", self.item)
        _check_number("value", self.value)
        if self.kind == "like" and self.value == 0:
            raise DataError("a like must not have the value 0: give another value, or unlike")
        if self.at is not None:
            _check_number("at", self.at)
        if self.key is not None:
            _check_text("key", self.key, min_bytes=1, max_bytes=MAX_ID_BYTES)


@dataclass(frozen=True)
class StoredEvent:
    """A stored event.

    Attributes
    ----------
    number
        Its position in the order of all events: numbers increase, with gaps, and are not reused.
    event
        The event, with its time.
    """

    number: int
    event: Event


@dataclass(frozen=True)
class Override:
    """Fields of an item that replace those of the model's catalog.

    Attributes
    ----------
    name, link, picture, tags
        None keeps the catalog's value.
    hidden
        Whether the item is neither shown nor recommended.
    """

    name: str | None = None
    link: str | None = None
    picture: str | None = None
    tags: tuple[str, ...] | None = None
    hidden: bool = False

    def __post_init__(self) -> None:
        checks.check_bool("hidden", self.hidden)
        for name in ("name", "link", "picture"):
            if getattr(self, name) is not None:
                _check_text(name, getattr(self, name))
        if not isinstance(self.tags, tuple | list | None):
            raise DataError(f"tags are a list of texts, got {type(self.tags).__name__}")
        for tag in self.tags or ():
            _check_text("tag", tag, min_bytes=1)


@dataclass(frozen=True)
class Activation:
    """An activation of a model file.

    Attributes
    ----------
    path
        The file.
    learned
        The number of the last event that the model was fitted on; 0: none.
    at
        Its time, in seconds since 1970 (UTC).
    """

    path: str
    learned: int
    at: float


class Changes(NamedTuple):
    """The net effect of a person's events.

    Attributes
    ----------
    values
        Item → value of its last event, in the order of these events; the value of an unlike is 0.
    last
        The number of the last of these events; without any, the number that they were asked after.
    times
        Item → time of its last event, in seconds since 1970 (UTC).
    """

    values: dict[Id, float]
    last: int
    times: dict[Id, float]


class Store(ABC):
    """Durable storage of events, catalog overrides and the active model.

    A text that spells an integer means the integer, since a model may have either: events of 5 and
    of "5" are those of one person or item, and come back as 5.

    All methods are thread-safe, and several processes may share one store.
    """

    # --- events -------------------------------------------------------------------------

    @abstractmethod
    def submit(self, events: Sequence[Event]) -> Future[list[bool]]:
        """Store events without waiting: the future is done once they are durable; see :meth:`add`.

        ``await asyncio.wrap_future(store.submit(events))`` waits without a thread.
        """

    def add(self, events: Sequence[Event]) -> list[bool]:
        """Store events, all or none; return once they are durable.

        Returns
        -------
        For each event whether it was stored: False if the person has one with the same key.

        Raises
        ------
        StoreError
            If they can't be stored: disk full, read-only, locked for too long, database gone. Then
            none is stored, unless the connection broke during the commit; with keys, storing can
            safely be repeated.
        """
        return self.submit(events).result()

    @abstractmethod
    def changes(self, person: Id, after: int = 0, limit: int | None = None) -> Changes:
        """Return the net effect of a person's events after a number.

        The last event of an item counts. With a limit there are at most as many items, those with
        the smallest numbers; reading can be continued after :attr:`Changes.last`.
        """

    def history(self, person: Id) -> dict[Id, float]:
        """Return a person's likes, item → value: the last event of an item counts.

        Items are in the order of their last events. The history of an unknown person is empty.
        """
        return {item: value for item, value in self.changes(person).values.items() if value}

    @abstractmethod
    def people(self, after: int = 0) -> set[Id]:
        """Return the people with events after a number."""

    @abstractmethod
    def events(self, after: int = 0, limit: int | None = None) -> Iterator[StoredEvent]:
        """Iterate over events after a number, in order.

        They are read in chunks to limit memory. Reading can be continued after the last number
        read: no event appears later with a smaller one.
        """

    @abstractmethod
    def last(self) -> int:
        """Return the number of the newest event; 0 if there is none."""

    @abstractmethod
    def forget(self, person: Id) -> Receipt:
        """Delete a person's events and leave a tombstone, so that models drop the person too.

        Deleted bytes are overwritten, see :func:`penchant.serving.store.erasure.erase`. A model
        file that holds the person is rewritten by the next update; until then servers answer as for
        an unknown person.

        Raises
        ------
        StoreError
            If the events can't be deleted.
        """

    @abstractmethod
    def tombstones(self) -> Tombstones:
        """Return the deletions of this store."""

    @abstractmethod
    def last_deletion(self) -> int:
        """Return the number of the last deletion; 0 if there is none."""

    # --- models -------------------------------------------------------------------------

    @abstractmethod
    def activate(self, path: str, *, learned: int = 0) -> None:
        """Activate a model file that was fitted on the events up to number ``learned``."""

    @abstractmethod
    def activations(self, limit: int = 10) -> list[Activation]:
        """Return the latest activations, the newest first."""

    def active(self) -> Activation | None:
        """Return the latest activation, or None if there is none."""
        newest = self.activations(1)
        return newest[0] if newest else None

    # --- items --------------------------------------------------------------------------

    @abstractmethod
    def overrides(self) -> dict[Id, Override]:
        """Return all overrides, by item."""

    @abstractmethod
    def set_override(self, item: Id, override: Override | None) -> None:
        """Set the override of an item; None removes it."""

    # --- the store itself ---------------------------------------------------------------

    @property
    def is_remote(self) -> bool:
        """Whether calls may wait for a network: an event loop should make them in a thread."""
        return False

    @abstractmethod
    def check(self) -> None:
        """Check that the database is available, and the one that was opened.

        Raises
        ------
        StoreError
            If it is not.
        """

    @abstractmethod
    def close(self) -> None:
        """Store submitted events and close the database; may be called repeatedly."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


# --- validation -------------------------------------------------------------------------


def check_id(what: str, value: object) -> None:
    """Check that a value can be an id.

    Raises
    ------
    DataError
        If it is neither a text (of 1 to ``MAX_ID_BYTES`` bytes) nor an integer of
        64 bits.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not -(2**63) <= value < 2**63:
            raise DataError(f"{what} {value} is too large: integers have 64 bits")
        return
    if not isinstance(value, str):
        raise DataError(f"{what} must be a text or an integer, got {value!r}")
    _check_text(what, value, min_bytes=1)
    _check_text(what, id_text(value), max_bytes=MAX_ID_BYTES)


def check_section(after: int, limit: int | None = None) -> None:
    """Check the numbers that say which events are read.

    Raises
    ------
    SettingsError
        If one is no whole number, or the limit is below 0.
    """
    checks.check_int("after", after)
    if limit is not None:
        checks.check_int("limit", limit, 0)


def id_text(value: Id) -> str:
    """Return an id as stored in a database: JSON of its canonical spelling, 5 for "5" too."""
    return json.dumps(canonical(value), ensure_ascii=False)


def _check_text(
    what: str, value: object, *, min_bytes: int = 0, max_bytes: int = MAX_TEXT_BYTES
) -> None:
    if not isinstance(value, str):
        raise DataError(f"{what} must be a text, got {value!r}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise DataError(f"{what} is not valid Unicode: {value[:40]!r}") from None
    if "\0" in value or not min_bytes <= size <= max_bytes:
        problem = "has a NUL in it" if "\0" in value else f"is {size:,} bytes long"
        raise DataError(
            f"{what} {problem}: it may have {min_bytes} to {max_bytes:,} bytes, and no NUL"
        )


def _check_number(what: str, value: object) -> None:
    try:
        checks.check_float(what, value)
    except SettingsError:
        raise DataError(f"{what} must be a finite number, got {value!r}") from None
