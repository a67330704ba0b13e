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


class BadRow(NamedTuple):
    """A bad row: its file, its number there, what is wrong, and its text."""

    label: str
    number: int
    why: str
    shown: str | None


class FoundBad(NamedTuple):
    """How many rows are bad, of how many, and the first few."""

    n: int
    rows: int
    first: tuple[BadRow, ...]


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
    where = tables[0].label if len(tables) == 1 else f"{len(tables)} files"
    faults = find_bad(con, tables, begins, n_native=n_native)
    return check_bad(faults, options, tables[0].noun, where, named=len(tables) > 1)


def find_bad(
    con: Any, tables: Sequence[Table], begins: Sequence[int], *, n_native: int = 0
) -> FoundBad:
    """Count the bad rows, and return the first few; see :func:`bad_lines`."""
    bad, rows = con.execute(
        "SELECT count(*) FILTER (why <> 'blank'), count(*) FILTER (why IS NULL OR why <> 'blank') "
        "FROM staged"
    ).fetchone()
    examples = []
    if bad:
        examples = con.execute(
            "SELECT rowid, why, shown FROM staged WHERE why <> 'blank' ORDER BY rowid LIMIT ?",
            [SHOWN],
        ).fetchall()
    first = tuple(_bad_row(*row, tables=tables, begins=begins) for row in examples)
    return FoundBad(int(bad), int(rows) + n_native, first)


def check_bad(
    faults: FoundBad, options: ReaderOptions, noun: str, where: str, *, named: bool
) -> BadRows:
    """Describe the first few bad rows.

    Parameters
    ----------
    faults
        The bad rows.
    options
        Whether they are skipped.
    noun
        ``"line"`` or ``"row"``.
    where
        What was read, for the message.
    named
        Whether the first few are described with the names of their files.

    Raises
    ------
    BadLinesError
        If there are any and ``on_bad_lines`` is ``"error"``.
    """
    if not faults.n:
        return BadRows()
    first = faults.first[:SHOWN]
    messages = tuple(_message(row, noun, named=named) for row in first)
    if not options.skip_bad_lines:
        listed = "".join(f"\n  {line}" for line in messages) + (
            "\n  …" if faults.n > len(messages) else ""
        )
        raise BadLinesError(
            f"{faults.n:,} of {faults.rows:,} {noun}s of {where} can't be read as they are:"
            f"{listed}\n" + _advice(first, options, noun, all_bad=faults.n == faults.rows)
        )
    return BadRows(faults.n, messages)


def _bad_row(
    rowid: int, why: str, shown: str | None, *, tables: Sequence[Table], begins: Sequence[int]
) -> BadRow:
    part = max(n for n, begin in enumerate(begins) if begin <= rowid)
    table = tables[part]
    return BadRow(table.label, table.number(rowid - begins[part]), why, shown)


def _message(row: BadRow, noun: str, *, named: bool) -> str:
    where = f"{noun} {row.number:,}"
    if named:
        where = f"{row.label}, {where}"
    text = "".join(c if c.isprintable() or c == "\t" else "" for c in row.shown or "")
    return f"{where}: {row.why}" + (f": {text!r}" if row.shown else "")


def _advice(examples: Sequence[BadRow], options: ReaderOptions, noun: str, *, all_bad: bool) -> str:
    """Return what to do: how the cells may be written, if that is clear from them, comes first."""
    faults = [row.why for row in examples]
    advice = [text for text in (_time_advice(faults), _decimal_advice(faults)) if text]
    is_clear = bool(advice)
    advice.append('To leave them out: on_bad_lines="skip".')
    lines = [row.shown or "" for row in examples]
    for mark, name in (("\\", r'"\\"'), ('"', "'\"'")):
        quoted = any(line.startswith(mark) or f"{mark}\t" in line for line in lines)
        if quoted and not options.has_quote:
            advice.append(f"If {mark} quotes fields there: quote={name}.")
    if all_bad and not is_clear:
        layout = "is sep= right, is header= right, " if noun == "line" else ""
        advice.append(f"All of them are bad: {layout}are these the columns?")
    return " ".join(advice)


def _time_advice(faults: Sequence[str]) -> str:
    """Return the formats that timestamps which are not understood may have."""
    cells = [match[1] for fault in faults if (match := _NO_DATE.match(fault))]
    if not cells:
        return ""
    offered = " or ".join(f'time_format="{fmt}"' for fmt in suggest(cells))
    return f"The format of times: {offered or 'time_format='}."


def _decimal_advice(faults: Sequence[str]) -> str:
    """Return the argument for decimal commas, if all values that are not understood have one."""
    values = [match[1] for fault in faults if (match := _NO_NUMBER.match(fault))]
    if not values or not all(map(_DECIMAL_COMMA.fullmatch, values)):
        return ""
    return 'With decimal="," a comma separates decimals.'


_NO_DATE = re.compile("timestamp (.*) is (?:neither a whole number nor a date|not written as)")
_NO_NUMBER = re.compile("value (.*) is not a number$")
_DECIMAL_COMMA = re.compile(r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d*\s*")
