"""``read_events``: from files and frames to a log of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant.data.events import Events
from penchant.data.expansion import FACTOR
from penchant.data.ids import IdMap
from penchant.data.io.bad_rows import bad_lines
from penchant.data.io.columns import Column, locate
from penchant.data.io.header import is_id_name
from penchant.data.io.merge import Tally, number_ids, tally_rows
from penchant.data.io.open import name_of, open_tables
from penchant.data.io.options import MEMORY_LIMIT, Decimal, ReaderOptions
from penchant.data.io.roles import Choice, choose_roles
from penchant.data.io.stage import stage
from penchant.data.io.table import Table
from penchant.data.io.workspace import FETCHED_AT_ONCE, Workspace, workspace
from penchant.errors import ColumnError, DataError, EmptyDataError, SettingsError


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
        choices = [_choice(work, requested, event, table) for table in tables]
        fields = [table.bind(row.places) for table, row in zip(tables, choices, strict=True)]
        described = {role: field.name for role, field in fields[0].items()}
        begins = stage(work.con, tables, fields, time_format, decimal)
        bad = bad_lines(work.con, tables, begins, options)
        tally = tally_rows(work.con, list(fields[0]))
        ids = {part: number_ids(work.con, part) for part in ("u", "i", "e")}
        columns = _fetch(work.con, timed="timestamp" in fields[0])
        label = tables[0].label
    dropped = _dropped(bad.n, tally)
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
        notes=(
            f"read {tally.rows:,} rows of {label}{dropped}",
            ", ".join(f"{role} from {column}" for role, column in described.items()),
            *choices[0].notes(described),
        ),
    )


def _choice(
    work: Workspace, requested: Mapping[str, Column | None], event: Column, table: Table
) -> Choice:
    """Choose the columns; values and times are read only if they are requested."""
    if table.roles:
        raise DataError("a list of tuples does not say which is the event: give a frame")
    kinds = locate({"event": event}, table.columns, table.width, table.label)
    choice = choose_roles(work, table, requested, wanted=("user", "item"), taken=kinds.values())
    name = table.columns[kinds["event"]] if table.columns and requested["user"] is None else ""
    if kinds["event"] in choice.places.values() or is_id_name(name):
        raise ColumnError(f"event={event!r} is a column with another role: give user= and item=")
    return replace(choice, places=choice.places | kinds)


def _fetch(con: Any, *, timed: bool) -> dict[str, npt.NDArray[Any]]:
    """Fetch the events as arrays of codes, values and times, a slice at a time."""
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


def _dropped(n_bad: int, tally: Tally) -> str:
    """Return how many rows are left out and why, in words."""
    lost = {"bad": n_bad, "incomplete": tally.nameless + tally.valueless, "worth 0": tally.zeros}
    return "".join(f"; {count:,} {why}, left out" for why, count in lost.items() if count)
