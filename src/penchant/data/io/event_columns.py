"""The columns of a log of events, and what is said of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from penchant.data.io.columns import Column, locate
from penchant.data.io.header import is_id_name
from penchant.data.io.merge import Tally
from penchant.data.io.pipeline import Opened
from penchant.data.io.roles import Choice, choose_roles
from penchant.data.io.table import Table
from penchant.data.io.workspace import Workspace
from penchant.errors import ColumnError, DataError, EmptyDataError


def choose_event_columns(
    work: Workspace,
    tables: Sequence[Table],
    requested: Mapping[str, Column | None],
    event: Column,
) -> Opened:
    """Choose the columns of opened tables of events; values and times only if requested.

    Parameters
    ----------
    work
        Where they were opened.
    tables
        The tables.
    requested
        Role → column, None where it is not named.
    event
        The column of types.

    Raises
    ------
    DataError
        If a column is not there or has another role, or the rows are tuples.
    """
    choices = [_choice(work, requested, event, table) for table in tables]
    fields = [table.bind(row.places) for table, row in zip(tables, choices, strict=True)]
    names = {role: field.name for role, field in fields[0].items()}
    used = ", ".join(f"{role} from {column}" for role, column in names.items())
    return Opened(tables, fields, list(fields[0]), "sum", "", (used, *choices[0].notes(names)))


def _choice(
    work: Workspace, requested: Mapping[str, Column | None], event: Column, table: Table
) -> Choice:
    if table.roles:
        raise DataError("a list of tuples does not say which is the event: give a frame")
    kinds = locate({"event": event}, table.columns, table.width, table.label)
    choice = choose_roles(work, table, requested, wanted=("user", "item"), taken=kinds.values())
    name = table.columns[kinds["event"]] if table.columns and requested["user"] is None else ""
    if kinds["event"] in choice.places.values() or is_id_name(name):
        raise ColumnError(f"event={event!r} is a column with another role: give user= and item=")
    return replace(choice, places=choice.places | kinds)


def note_of_events(tally: Tally, n_bad: int, source: str) -> str:
    """Return what became of the rows of a source, as a line of text.

    Raises
    ------
    EmptyDataError
        If none of them is an event.
    """
    lost = {
        "bad": n_bad,
        "incomplete": tally.nameless + tally.valueless,
        "worth 0": tally.zeros,
    }
    dropped = "".join(f"; {count:,} {why}, left out" for why, count in lost.items() if count)
    if tally.rows == sum(lost.values()):
        raise EmptyDataError(f"{source} holds no events: {tally.rows:,} rows{dropped}")
    return f"read {tally.rows:,} rows of {source}{dropped}"
