"""Plain delimited text, read natively: lines split in parallel, ids numbered, pairs merged.

Native code takes only lines that are just as they should be. All others (too few fields, no
id, dates, numbers in other spellings, bad ones) go through DuckDB as in any other source, and
what is well among them takes its place again: there is one judge of what is odd. Where the
rows don't fit into memory, or many are odd, DuckDB reads all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.data.io.cells import Cells, check_pairs, counted, refuse_pairs, tally_rows
from penchant.data.io.sources import Source
from penchant.data.io.utf8 import text_begin
from penchant.errors import DataError

_SMALLEST_ROW = 8
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}


@dataclass(frozen=True)
class PlainLog:
    """Files that were read natively.

    Attributes
    ----------
    rows
        Their rows.
    odd
        The lines that are left to DuckDB, a source for each file.
    well
        How many lines hold a row and are not odd.
    """

    rows: _kernels.LogReader
    odd: list[Source]
    well: int

    def cells(
        self,
        con: Any,
        roles: Sequence[str],
        policy: str,
        *,
        source: str,
        bad: tuple[int, tuple[str, ...]],
    ) -> Cells:
        """The matrix, once the odd lines are staged; see :func:`penchant.data.io.cells.cells`."""
        odd, read = tally_rows(con, roles), self.rows.counts()
        tally = replace(
            odd,
            blank=odd.blank + read.blank,
            rows=odd.rows + self.well,
            zeros=odd.zeros + read.zeros,
        )
        self._fill(con)
        users, items = (np.array(ids, dtype=object) for ids in self.rows.ids())
        good = self.rows.counts().good
        indptr, indices, values, times, merged = self.rows.merge(
            "sum" if policy == "error" else policy
        )
        check_pairs(merged.beyond)
        again = good - merged.pairs
        if policy == "error" and again:
            pair = users[merged.twice_user], items[merged.twice_item]
            refuse_pairs(again, *pair, merged.twice_rows)
        csr = Csr(indptr, indices, values, len(items))
        counts = again, merged.cancelled
        return counted(csr, users, items, times, tally, counts, policy, source, bad)

    def _fill(self, con: Any) -> None:
        """Put the good ones of the odd lines where they belong."""
        found = con.execute("SELECT place, u, i, v, t FROM good ORDER BY place").fetchnumpy()
        place, users, items, values, times = (
            np.ma.getdata(found[name]) for name in ("place", "u", "i", "v", "t")
        )
        self.rows.fill(place, users, items, values, times)


def read_plain(
    con: Any, scratch: Path, sources: Sequence[Source], places: Sequence[Mapping[str, int]]
) -> PlainLog | None:
    """Read files whose lines need nothing but splitting; None for others, and too large ones.

    Raises
    ------
    DataError
        If a file changed while it was read.
    """
    memory = _memory_limit(con)
    if any(source.plain is None for source in sources):
        return None
    if sum(source.expected or 0 for source in sources) * _SMALLEST_ROW > memory:
        return None
    rows = _kernels.LogReader(places[0], memory)
    odd: list[Source] = []
    lines = 0
    for source, here in zip(sources, places, strict=True):
        if not _read(rows, source, here):
            return None
        found, lines = rows.counts().lines - lines, rows.counts().lines
        if found != source.expected:
            raise DataError(
                f"{source.label} has {source.expected:,} lines and {found:,} were read: "
                "it changed while it was read"
            )
        odd.append(_odd_lines(rows, source, scratch / f"odd{len(odd)}"))
    read = rows.counts()
    return PlainLog(rows, odd, read.good + read.zeros)


def _read(rows: _kernels.LogReader, source: Source, places: Mapping[str, int]) -> bool:
    assert source.plain is not None
    file, skip = source.plain
    path = file.plain.path
    begin = _after_lines(path, text_begin(path), skip)
    return rows.read(path, begin, file.sep, source.width, places)


def _after_lines(path: Path, begin: int, skip: int) -> int:
    """Where the first line after some others begins."""
    with path.open("rb") as file:
        file.seek(begin)
        return begin + sum(len(file.readline()) for _ in range(skip))


def _odd_lines(rows: _kernels.LogReader, source: Source, copy: Path) -> Source:
    """The odd lines of a file as a source of their own, with their numbers in the file."""
    assert source.plain is not None
    file = source.plain[0]
    numbers, text = rows.take_odd()
    copy.write_bytes(text)
    lines = replace(file, plain=replace(file.plain, path=copy, lines=len(numbers)))
    return replace(
        source,
        relation=lines.relation(0),
        expected=len(numbers),
        numbers=numbers + source.begins,
        plain=None,
    )


def _memory_limit(con: Any) -> int:
    """What DuckDB understood the memory limit to be, in bytes; it prints "488.2 MiB"."""
    (text,) = con.execute("SELECT current_setting('memory_limit')").fetchone()
    number, _, unit = str(text).partition(" ")
    return int(float(number) * _UNITS[unit]) if unit in _UNITS else 0
