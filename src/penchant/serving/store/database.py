"""The store in SQLite or PostgreSQL: one implementation, with bound parameters only."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from penchant._boundary import checked_methods
from penchant.data.id_spelling import canonical
from penchant.data.ids import Id
from penchant.data.io import database
from penchant.errors import DataError, StoreError
from penchant.serving.store import connections, erasure
from penchant.serving.store.base import (
    Activation,
    Changes,
    Event,
    Override,
    Store,
    StoredEvent,
    check_id,
    check_section,
    id_text,
)
from penchant.serving.store.tombstones import (
    Receipt,
    Tombstones,
    digest,
    text_user_number,
)
from penchant.serving.store.writer import Writer

T = TypeVar("T")

_PAGE = 10_000  # events read at a time
_KEYS = 1_000  # keys looked for at a time


def _table(name: str, columns: str) -> sa.TableClause:
    return sa.table(f"penchant_{name}", *map(sa.column, columns.split()))


_STORE = _table("store", "version identity")
_EVENTS = _table("events", "number person item kind value at key")
_CURRENT = _table("current", "person item value number")
_DELETIONS = _table("deletions", "number person alias at events")
_ACTIVATIONS = _table("activations", "number path learned at")
_OVERRIDES = _table("overrides", "item name link picture tags hidden")


@checked_methods
class DatabaseStore(Store):
    """A :class:`penchant.serving.store.base.Store` in a SQL database.

    One thread writes, so that tasks that arrive during a commit are committed together. Writers of
    several processes are serialized: event numbers increase in the order of commits.
    """

    def __init__(self, url: str) -> None:
        self._scratch = contextlib.ExitStack()
        self._url = connections.placed(database.parsed(url), self._scratch)
        self._engine = connections.opened(self._url)
        try:
            with self._store_errors():
                connections.prepare(self._engine)
            self._placement = connections.placement_of(self._engine)
            [[_, self._key]] = self._rows(sa.select(_STORE))
        except BaseException:
            self._dispose()
            raise
        self._unerased = False
        self._writer = Writer(self._transaction)

    # --- events -------------------------------------------------------------------------

    def submit(self, events: Sequence[Event]) -> Future[list[bool]]:
        """Implement the method of the base class."""
        now = time.time()
        rows = [_row(event, now) for event in events]
        return self._writer.submit(lambda con: _insert(con, rows))

    def changes(self, person: Id, after: int = 0, limit: int | None = None) -> Changes:
        """Implement the method of the base class."""
        check_section(after, limit)
        rows = self._rows(
            sa.select(_CURRENT.c.item, _CURRENT.c.value, _CURRENT.c.number, _EVENTS.c.at)
            .join_from(_CURRENT, _EVENTS, _EVENTS.c.number == _CURRENT.c.number)
            .where(_CURRENT.c.person == _text("person", person), _CURRENT.c.number > after)
            .order_by(_CURRENT.c.number)
            .limit(limit)
        )
        changes = [(json.loads(item), value, at) for item, value, _, at in rows]
        values, times = ({change[0]: change[n] for change in changes} for n in (1, 2))
        return Changes(values, rows[-1][2] if rows else after, times)

    def people(self, after: int = 0) -> set[Id]:
        """Implement the method of the base class."""
        check_section(after)
        rows = self._rows(sa.select(_EVENTS.c.person).distinct().where(_EVENTS.c.number > after))
        return {json.loads(person) for (person,) in rows}

    def events(self, after: int = 0, limit: int | None = None) -> Iterator[StoredEvent]:
        """Implement the method of the base class."""
        check_section(after, limit)
        left = float("inf") if limit is None else limit
        while left > 0:
            size = int(min(left, _PAGE))
            page = self._rows(
                sa.select(_EVENTS)
                .where(_EVENTS.c.number > after)
                .order_by(_EVENTS.c.number)
                .limit(size)
            )
            for number, person, item, *rest in page:
                yield StoredEvent(number, Event(json.loads(person), json.loads(item), *rest))
                after = number
            left = left - size if len(page) == size else 0

    def last(self) -> int:
        """Implement the method of the base class."""
        [[number]] = self._rows(sa.select(sa.func.max(_EVENTS.c.number)))
        return int(number or 0)

    def forget(self, person: Id) -> Receipt:
        """Implement the method of the base class."""
        check_id("person", person)
        person = canonical(person)
        people = [person, *self._written_as(person)]
        alias = text_user_number(person) if isinstance(person, str) else None
        own, at = digest(person, self._key), time.time()
        row = {
            "person": own,
            "alias": None if alias is None else digest(alias, self._key),
            "at": at,
        }
        number, events = self._write(lambda con: _forget(con, people, row))
        erased = erasure.erase(self._engine)
        self._unerased = not erased
        return Receipt(number, own, at, events, erased)

    def _written_as(self, person: Id) -> list[Id]:
        """Return the texts that a negative integer stands for in models with integer users."""
        if not isinstance(person, int) or person >= 0:
            return []
        texts = (text for text in self.people() if isinstance(text, str))
        return [text for text in texts if text_user_number(text) == person]

    def tombstones(self) -> Tombstones:
        """Implement the method of the base class."""
        numbers: dict[str, int] = {}
        columns = (_DELETIONS.c.number, _DELETIONS.c.person, _DELETIONS.c.alias)
        for number, *digests in self._rows(sa.select(*columns).order_by(_DELETIONS.c.number)):
            numbers |= {text: number for text in digests if text is not None}
        return Tombstones(self._key, numbers)

    def last_deletion(self) -> int:
        """Implement the method of the base class."""
        [[number]] = self._rows(sa.select(sa.func.max(_DELETIONS.c.number)))
        return int(number or 0)

    # --- models -------------------------------------------------------------------------

    def activate(self, path: str, *, learned: int = 0) -> None:
        """Implement the method of the base class."""
        row = {"path": path, "learned": learned, "at": time.time()}
        self._write(lambda con: con.execute(sa.insert(_ACTIVATIONS), row))

    def activations(self, limit: int = 10) -> list[Activation]:
        """Implement the method of the base class."""
        columns = (_ACTIVATIONS.c.path, _ACTIVATIONS.c.learned, _ACTIVATIONS.c.at)
        newest = _ACTIVATIONS.c.number.desc()
        return [
            Activation(*row)
            for row in self._rows(sa.select(*columns).order_by(newest).limit(limit))
        ]

    # --- items --------------------------------------------------------------------------

    def overrides(self) -> dict[Id, Override]:
        """Implement the method of the base class."""
        overrides = {}
        for item, name, link, picture, tags, hidden in self._rows(sa.select(_OVERRIDES)):
            tag_list = None if tags is None else tuple(json.loads(tags))
            overrides[json.loads(item)] = Override(name, link, picture, tag_list, bool(hidden))
        return overrides

    def set_override(self, item: Id, override: Override | None) -> None:
        """Implement the method of the base class."""
        row = None
        if override is not None:
            tags = None if override.tags is None else json.dumps(override.tags)
            row = {**vars(override), "tags": tags, "hidden": int(override.hidden)}
        self._replace(_OVERRIDES, {"item": _text("item", item)}, row)

    # --- the store itself ---------------------------------------------------------------

    @property
    def is_remote(self) -> bool:
        """Implement the property of the base class."""
        return not database.is_sqlite(self._url)

    def check(self) -> None:
        """Implement the method of the base class."""
        self._placement.check()
        self._check_identity(self._rows(sa.select(_STORE)))

    def close(self) -> None:
        """Implement the method of the base class."""
        self._writer.close()
        if self._unerased:
            erasure.erase(self._engine)
        erasure.checkpoint(self._engine)  # other processes may keep the database open
        self._dispose()

    def _dispose(self) -> None:
        self._engine.dispose()
        self._scratch.close()

    def _store_errors(self) -> contextlib.AbstractContextManager[None]:
        return database.translated_errors(self._url, StoreError)

    def _rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self._store_errors(), self._engine.begin() as con:
            return con.execute(query).all()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """Return a connection with the write lock of all processes.

        Raises
        ------
        StoreError
            If the transaction fails, or the database isn't the one that was opened: then nothing
            was stored, or not where it will be found.
        """
        self._placement.check()
        with self._store_errors(), database.writing(self._engine).begin() as con:
            # SQLite is locked already
            self._check_identity(con.execute(sa.select(_STORE).with_for_update()).all())
            yield con
        self._placement.check()

    def _check_identity(self, rows: Sequence[Any]) -> None:
        if [identity for _, identity in rows] != [self._key]:
            raise StoreError(
                f"the database {database.shown(self._url)} was replaced by another one while it "
                "was in use: stop the server and start it again"
            )

    def _write(self, do: Callable[[sa.Connection], T]) -> T:
        return self._writer.submit(do).result()

    def _replace(
        self, table: sa.TableClause, key: Mapping[str, str], row: Mapping[str, object] | None
    ) -> None:
        [(name, value)] = key.items()

        def do(con: sa.Connection) -> None:
            con.execute(sa.delete(table).where(table.c[name] == value))
            if row is not None:
                con.execute(sa.insert(table), {**key, **row})

        self._write(do)


# --- events ↔ rows ----------------------------------------------------------------------


def _text(what: str, value: Id) -> str:
    check_id(what, value)
    return id_text(value)


def _row(event: Event, now: float) -> dict[str, Any]:
    if not isinstance(event, Event):
        raise DataError(f"events to store are records of Event, got {type(event).__name__}")
    at = now if event.at is None else event.at
    ids = {"person": id_text(event.person), "item": id_text(event.item)}
    return {**vars(event), **ids, "at": at}


def _insert(con: sa.Connection, rows: Sequence[dict[str, Any]]) -> list[bool]:
    """Insert events whose key is new for their person; return whether each was inserted."""
    used = _used(con, rows)
    fresh = []
    for row in rows:
        pair = (row["person"], row["key"])
        fresh.append(pair not in used)
        if row["key"] is not None:
            used.add(pair)
    if any(fresh):
        before = con.execute(sa.select(sa.func.max(_EVENTS.c.number))).scalar_one() or 0
        con.execute(sa.insert(_EVENTS), list(itertools.compress(rows, fresh)))
        con.execute(_UPDATE_CURRENT, {"before": before})
    return fresh


_UPDATE_CURRENT = sa.text(
    "INSERT INTO penchant_current (person, item, value, number) "
    "SELECT person, item, CASE kind WHEN 'like' THEN value ELSE 0 END, number "
    "FROM penchant_events WHERE number IN (SELECT max(number) FROM penchant_events "
    "WHERE number > :before GROUP BY person, item) "
    "ON CONFLICT (person, item) DO UPDATE SET value = excluded.value, number = excluded.number"
)


def _forget(con: sa.Connection, people: Sequence[Id], row: Mapping[str, Any]) -> tuple[int, int]:
    """Delete people's events and record the deletion; return its number and that of events."""
    texts = list(map(id_text, people))
    con.execute(sa.delete(_CURRENT).where(_CURRENT.c.person.in_(texts)))
    deleted = con.execute(sa.delete(_EVENTS).where(_EVENTS.c.person.in_(texts))).rowcount
    con.execute(sa.insert(_DELETIONS), {**row, "events": deleted})
    number = con.execute(sa.select(sa.func.max(_DELETIONS.c.number))).scalar_one()
    return int(number), int(deleted)


def _used(con: sa.Connection, rows: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return the (person, key) pairs of rows that are stored already."""
    wanted: dict[str, list[str]] = {}
    for row in rows:
        if row["key"] is not None:
            wanted.setdefault(row["person"], []).append(row["key"])
    used: set[tuple[str, str]] = set()
    for person, keys in wanted.items():  # SQLite walks the whole index for (person, key) IN …
        for begin in range(0, len(keys), _KEYS):
            some = _EVENTS.c.key.in_(keys[begin : begin + _KEYS])
            stored = con.execute(sa.select(_EVENTS.c.key).where(_EVENTS.c.person == person, some))
            used.update((person, key) for (key,) in stored)
    return used
