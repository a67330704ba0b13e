"""A log of events of several types, kept whole: any weighting of it is a view, made at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.csr import Csr, row_pointers
from penchant.data.decay import decay
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.data.io.cells import (
    FETCHED_AT_ONCE,
    bad_lines,
    id_kinds,
    number_ids,
    stage,
    tally_rows,
    workspace,
)
from penchant.data.io.columns import Column, guess, locate
from penchant.data.io.delimited import TextOptions
from penchant.data.io.read import MEMORY_LIMIT
from penchant.data.io.sources import Source, name_of, sources_of
from penchant.errors import ColumnError, DataError, EmptyDataError, SettingsError

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Events:
    """Who did what with which item, and when: one entry an event; immutable.

    :meth:`weighted` makes interactions of it. All of them have the same users and items in the
    same order, so that a model fitted on one view can be asked about, or measured on, another.

    Attributes
    ----------
    users, items, types
        The outside ids that the codes below are of.
    user, item, type
        int32, shape (n,): codes, in the order of the source.
    values
        float32, shape (n,): the size of an event; 1 where none was read.
    timestamps
        int64, shape (n,), as in :class:`Interactions`, or None.
    name
        What to call the data set.
    notes
        Lines that say what happened to every row of the source when it was read.

    Raises
    ------
    DataError
        If the arrays are not of one length, or a code is of nobody.
    """

    users: IdMap
    items: IdMap
    types: IdMap
    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    type: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    timestamps: npt.NDArray[np.int64] | None = None
    name: str = "events"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        coded = ((self.user, self.users), (self.item, self.items), (self.type, self.types))
        for codes, ids in coded:
            if codes.shape != self.values.shape:
                raise DataError(f"{codes.size:,} {ids.kind}s for {self.values.size:,} events")
            if codes.size and not 0 <= codes.min() <= codes.max() < len(ids):
                raise DataError(f"codes of {ids.kind}s must lie in 0…{len(ids) - 1:,}")
        if self.timestamps is not None and self.timestamps.shape != self.values.shape:
            raise DataError(f"{self.timestamps.size:,} timestamps for {self.values.size:,} events")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        shown = ", ".join(f"{count:,} {kind}" for kind, count in self.counts().items())
        size = f"{len(self.users):,} users × {len(self.items):,} items"
        return f"<Events {self.name!r}: {size}, {shown}>"

    def counts(self) -> dict[str, int]:
        """How many events there are of each type."""
        found = np.bincount(self.type, minlength=len(self.types)).tolist()
        return dict(zip(map(str, self.types), found, strict=True))

    def weighted(
        self,
        weights: Mapping[str, float] | None = None,
        *,
        half_life: float | None = None,
        now: int | None = None,
    ) -> Interactions:
        """Interactions: for each user and item the sum of the weighted events.

        Parameters
        ----------
        weights
            Type → what one event of it is worth; below 0 it tells of dislike. Types that are not
            named are left out. None: every type is worth 1.
        half_life
            The age at which an event counts half, in the unit of the timestamps (seconds where
            the log had dates). None: age does not matter.
        now
            From when ages are counted; None: the newest event. No event may be newer.

        Returns
        -------
        Interactions
            Users and items without any weight stay, with empty rows (``drop_empty`` removes
            them). A pair's timestamp is that of its newest event that counts.

        Raises
        ------
        UnknownIdError
            If there is no such type.
        SettingsError
            If a weight or the half-life is out of its range.
        DataError
            If there are no timestamps to tell ages by.
        EmptyDataError
            If nothing is left.
        """
        worth = self._worth(weights)
        values = self.values * worth[self.type]
        if half_life is not None:
            values *= decay(self.timestamps, half_life, now)
        kept = np.flatnonzero(values)
        keys = self.user[kept] * np.int64(len(self.items)) + self.item[kept]
        order = np.argsort(keys, kind="stable")
        csr, times = self._summed(keys[order], values[kept[order]], kept[order])
        if csr.nnz == 0:
            raise EmptyDataError(f"no event of {self.name!r} is left with the weights {weights!r}")
        told = "all types alike" if weights is None else f"types weighted {dict(weights)}"
        note = f"{len(kept):,} of {len(self):,} events, {told}"
        note += "" if half_life is None else f", halved in value every {half_life:g}"
        return Interactions(
            csr, self.users, self.items, times, name=self.name, notes=(*self.notes, note)
        )

    def _worth(self, weights: Mapping[str, float] | None) -> npt.NDArray[np.float64]:
        """The weight of each type; 0 for those left out."""
        if weights is None:
            return np.ones(len(self.types))
        worth = np.zeros(len(self.types))
        for kind, weight in weights.items():
            worth[self.types.code(kind)] = checks.number(f"weights[{kind!r}]", weight, -_LARGEST)
        return worth

    def _summed(
        self,
        keys: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
        events: npt.NDArray[np.int64],
    ) -> tuple[Csr, npt.NDArray[np.int64] | None]:
        """Cells from the sorted keys of the events that count; sums of 0 are no cells."""
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        sums = np.add.reduceat(values, begins) if len(keys) else values
        if len(sums) and np.abs(sums).max() > _LARGEST:
            raise DataError("the events of a pair sum to more than a float32 holds")
        cells = sums.astype(np.float32)
        held = cells != 0
        user, item = np.divmod(keys[begins[held]], max(len(self.items), 1))
        counts = np.bincount(user, minlength=len(self.users))
        csr = Csr(row_pointers(counts), item.astype(np.int32), cells[held], len(self.items))
        if self.timestamps is None or not len(keys):
            return csr, None
        return csr, np.maximum.reduceat(self.timestamps[events], begins)[held]


def read_events(
    source: Any,
    user: Column | None = None,
    item: Column | None = None,
    event: Column | None = None,
    value: Column | None = None,
    timestamp: Column | None = None,
    *,
    sep: str | None = None,
    quote: str | None = "auto",
    encoding: str | None = None,
    header: bool | None = None,
    format: Literal["text", "parquet", "jsonl"] | None = None,  # noqa: A002 - reads best
    name: str | None = None,
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
) -> Events:
    """Read a log of events of several types: plays, likes, purchases, skips.

    Parameters
    ----------
    source
        A file or a frame; see :func:`read_interactions`.
    user, item, event, value, timestamp
        Columns by name, or by position from 0. ``event`` holds the type. Without ``value`` each
        event is worth its type's weight; with it, that many times as much.
    sep, quote, encoding, header, format, name, on_bad_lines, memory_limit
        As in :func:`read_interactions`. All events are kept, 16 bytes each (24 with timestamps),
        beside the memory limit.

    Raises
    ------
    SettingsError
        If ``event`` is not given, or an argument is out of its range.
    DataError
        As in :func:`read_interactions`.
    """
    checks.choice("on_bad_lines", on_bad_lines, ("error", "skip"))
    if event is None:
        raise SettingsError("name the column of event types: event=…")
    given = {"user": user, "item": item, "value": value, "timestamp": timestamp}
    options = TextOptions(sep, quote, encoding, header)
    with workspace(memory_limit) as (con, scratch):
        opened = sources_of(
            con, source, scratch, given | {"event": event},
            options=options, format=format, numeric=("value", "timestamp"),
        )  # fmt: skip
        places = [_places(given, event, one) for one in opened]
        begins = stage(con, opened, places, id_kinds(opened, places))
        skip, quoting = on_bad_lines == "skip", quote not in (None, "auto")
        bad, _ = bad_lines(con, opened, begins, skip=skip, quote=quoting)
        roles = list(places[0])
        tally = tally_rows(con, roles)
        ids = {part: number_ids(con, part) for part in ("u", "i", "e")}
        columns = _fetch(con, timed="timestamp" in roles)
        label = opened[0].label
    lost = {"bad": bad, "incomplete": tally.nameless + tally.valueless, "worth 0": tally.zeros}
    dropped = "".join(f"; {count:,} {why}, left out" for why, count in lost.items() if count)
    if not len(columns["u"]):
        raise EmptyDataError(f"{label} holds no events: {tally.rows:,} rows{dropped}")
    return Events(
        IdMap.trusted(ids["u"], "user"),
        IdMap.trusted(ids["i"], "item"),
        IdMap.trusted(ids["e"], "event type"),
        columns["u"],
        columns["i"],
        columns["e"],
        columns["v"],
        columns.get("t"),
        name=name or name_of(source) or "events",
        notes=(f"read {tally.rows:,} rows of {label}{dropped}",),
    )


def _places(given: Mapping[str, Column | None], event: Column, source: Source) -> dict[str, int]:
    """Role → column; the column of types is never taken for that of values."""
    if source.meant:
        raise DataError("a list of tuples does not say which is the event: give a frame")
    table = (source.columns, source.width, source.label)
    kinds = locate({"event": event}, *table)
    found = locate(guess(given, *table), *table)
    if given["value"] is None:
        found.pop("value", None)
    if kinds["event"] in found.values():
        raise ColumnError(f"event={event!r} is a column with another role: give user= and item=")
    return found | kinds


def _fetch(con: Any, *, timed: bool) -> dict[str, npt.NDArray[Any]]:
    """The events as arrays of codes, values and times, a slice at a time."""
    con.execute(
        "CREATE TABLE coded AS SELECT cu.code AS u, ci.code AS i, ce.code AS e, v::FLOAT AS v, t "
        "FROM good JOIN codes_u cu ON u = cu.id JOIN codes_i ci ON i = ci.id "
        "JOIN codes_e ce ON e = ce.id ORDER BY place"
    )
    (n,) = con.execute("SELECT count(*) FROM coded").fetchone()
    kinds = {"u": np.int32, "i": np.int32, "e": np.int32, "v": np.float32}
    columns = {part: np.empty(n, dtype) for part, dtype in kinds.items()}
    if timed:
        columns["t"] = np.empty(n, np.int64)
    for begin in range(0, n, FETCHED_AT_ONCE):
        end = min(begin + FETCHED_AT_ONCE, n)
        part = con.execute(
            f"SELECT * FROM coded WHERE rowid >= {begin} AND rowid < {end} ORDER BY rowid"
        ).fetchnumpy()
        for role, column in columns.items():
            column[begin:end] = part[role]
    return columns
