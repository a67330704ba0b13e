"""Report the rows that can't be read, with advice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from penchant.data.io.options import ReaderOptions
from penchant.data.io.table import Table
from penchant.data.io.time_formats import suggest
from penchant.errors import BadLinesError

SHOWN = 5


class BadRows(NamedTuple):
    """How many rows are bad, and messages about the first few."""

    n: int = 0
    messages: tuple[str, ...] = ()


def bad_lines(
    con: Any,
    tables: Sequence[Table],
    begins: Sequence[int],
    options: ReaderOptions,
    *,
    n_native: int = 0,
) -> BadRows:
    """Count the bad rows, and describe the first few.

    ``n_native`` is the number of rows that were read natively and are not in ``staged``.

    Raises
    ------
    BadLinesError
        If there are any and ``on_bad_lines`` is ``"error"``.
    """
    bad, rows = con.execute(
        "SELECT count(*) FILTER (why <> 'blank'), count(*) FILTER (why IS NULL OR why <> 'blank') "
        "FROM staged"
    ).fetchone()
    rows += n_native
    if not bad:
        return BadRows()
    examples = con.execute(
        "SELECT rowid, why, shown FROM staged WHERE why <> 'blank' ORDER BY rowid LIMIT ?", [SHOWN]
    ).fetchall()
    messages = tuple(_message(*row, tables=tables, begins=begins) for row in examples)
    if not options.skip_bad_lines:
        noun = tables[0].noun
        where = tables[0].label if len(tables) == 1 else f"{len(tables)} files"
        listed = "".join(f"\n  {line}" for line in messages) + (
            "\n  …" if bad > len(messages) else ""
        )
        raise BadLinesError(
            f"{bad:,} of {rows:,} {noun}s of {where} can't be read as they are:{listed}\n"
            + _advice(bad, rows, [shown or "" for _, _, shown in examples], options.has_quote)
            + _time_advice([why for _, why, _ in examples])
        )
    return BadRows(int(bad), messages)


def _message(
    rowid: int, why: str, shown: str | None, *, tables: Sequence[Table], begins: Sequence[int]
) -> str:
    part = max(n for n, begin in enumerate(begins) if begin <= rowid)
    table = tables[part]
    where = f"{table.noun} {table.number(rowid - begins[part]):,}"
    if len(tables) > 1:
        where = f"{table.label}, {where}"
    text = "".join(c if c.isprintable() or c == "\t" else "" for c in shown or "")
    return f"{where}: {why}" + (f": {text!r}" if shown else "")


def _time_advice(faults: Sequence[str]) -> str:
    """Return the formats that timestamps which are not understood may have."""
    cells = [match[1] for fault in faults if (match := _NO_DATE.match(fault))]
    formats = suggest(cells)
    if not cells:
        return ""
    offered = " or ".join(f'time_format="{fmt}"' for fmt in formats)
    return f" The format of times: {offered or 'time_format='}."


_NO_DATE = re.compile("timestamp (.*) is (?:neither a whole number nor a date|not written as)")


def _advice(bad: int, rows: int, shown: Sequence[str], quote: bool) -> str:
    advice = 'To leave them out: on_bad_lines="skip".'
    for mark, name in (("\\", r'"\\"'), ('"', "'\"'")):
        if not quote and any(line.startswith(mark) or f"{mark}\t" in line for line in shown):
            advice += f" If {mark} quotes fields there: quote={name}."
    if bad == rows:
        advice += " All of them are bad: is sep= right, is header= right, are these the columns?"
    return advice
