"""``read_events``: from files and frames to a log of events."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant.data.events import Events
from penchant.data.expansion import FACTOR
from penchant.data.ids import IdMap
from penchant.data.io.columns import Column
from penchant.data.io.event_columns import choose_event_columns, note_of_events
from penchant.data.io.merge import fetch_ids
from penchant.data.io.open import name_of, open_tables
from penchant.data.io.options import MEMORY_LIMIT, Decimal, ReaderOptions
from penchant.data.io.pipeline import stage_source
from penchant.data.io.workspace import FETCHED_AT_ONCE, workspace
from penchant.errors import SettingsError


@checked
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
    query: str | None = None,
    time_format: str | None = None,
    decimal: Decimal = ".",
    name: str | None = None,
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
    max_expansion: float = FACTOR,
) -> Events:
    """Read a log of events of several types, such as plays, likes, purchases and skips.

    Parameters
    ----------
    source
        A file, a frame, or the address of a database with ``query``; see :func:`read_interactions`.
    user, item, event, value, timestamp
        Columns by name, or by position from 0. ``event`` holds the type. The value of an event
        multiplies the weight of its type; without ``value`` it is 1.
    sep, quote, encoding, header, format, query, time_format, decimal, name, on_bad_lines, \
memory_limit, max_expansion
        As in :func:`read_interactions`. All events are kept in memory, 16 bytes each (24 with
        timestamps), in addition to the memory limit.

    Raises
    ------
    SettingsError
        If ``event`` is missing, or an argument is out of its range.
    DataError
        As in :func:`read_interactions`.
    """
    options = ReaderOptions(
        sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, time_format,
        max_expansion, decimal,
    )  # fmt: skip
    if event is None:
        raise SettingsError("name the column of event types: event=…")
    requested = {"user": user, "item": item, "value": value, "timestamp": timestamp}
    with workspace(memory_limit) as work:
        tables = open_tables(
            work, source, requested | {"event": event}, options, numeric=("value", "timestamp")
        )
        opened = choose_event_columns(work, tables, requested, event)
        staged = stage_source(work, opened, options)
        note = note_of_events(staged.tally, staged.bad.n, opened.origin)
        nouns = {"u": "users", "i": "items", "e": "types of events"}
        ids = {part: fetch_ids(work.con, part, noun) for part, noun in nouns.items()}
        columns = _fetch(work.con, timed=staged.is_timed)
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
        notes=(note, *opened.notes),
    )


def _fetch(con: Any, *, timed: bool) -> dict[str, npt.NDArray[Any]]:
    """Fetch the events as arrays of codes, values and times, a slice at a time."""
    con.execute(
        "CREATE TABLE coded AS "
        "SELECT cu.rowid AS u, ci.rowid AS i, ce.rowid AS e, v::FLOAT AS v, t "
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
