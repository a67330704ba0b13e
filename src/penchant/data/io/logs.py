"""Read plain delimited text natively: split lines in parallel, number ids, merge pairs.

Native code takes regular lines only. All others (too few fields, no id, dates, numbers in other
spellings, bad lines) are staged in DuckDB like any other table, and the valid ones among them are
put back in their places, so that one set of rules decides. If the rows don't fit into memory, or
many are irregular, DuckDB reads the entire file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from penchant import _kernels
from penchant.data.io.formats.text import relation
from penchant.data.io.table import Field, Table
from penchant.data.io.utf8 import text_begin
from penchant.data.io.workspace import Workspace
from penchant.errors import DataError

_SMALLEST_ROW = 8


@dataclass(frozen=True)
class PlainLog:
    """Files read natively.

    Attributes
    ----------
    rows
        Their rows.
    irregular
        The lines that DuckDB reads, a table for each file.
    valid
        The number of regular lines that hold a row.
    """

    rows: _kernels.LogReader
    irregular: list[Table]
    valid: int

    @property
    def is_regular(self) -> bool:
        """Whether there are no irregular lines."""
        return not any(table.expected for table in self.irregular)


def read_plain(
    workspace: Workspace, tables: Sequence[Table], fields: Sequence[Mapping[str, Field]]
) -> PlainLog | None:
    """Read files whose lines only need splitting; None for other files, or if memory is short.

    Raises
    ------
    DataError
        If a file changed while it was read.
    """
    places = [{role: field.place for role, field in row.items()} for row in fields]
    memory = _memory_limit(workspace)
    if any(table.text_file is None for table in tables):
        return None
    if sum(table.expected or 0 for table in tables) * _SMALLEST_ROW > memory:
        return None
    rows = _kernels.LogReader(places[0], memory)
    irregular: list[Table] = []
    lines = 0
    for table, here in zip(tables, places, strict=True):
        if not _read(rows, table, here):
            return None
        n_read, lines = rows.counts().lines - lines, rows.counts().lines
        if n_read != table.expected:
            raise DataError(
                f"{table.label} has {table.expected:,} lines and {n_read:,} were read: "
                "it changed while it was read"
            )
        irregular.append(
            _irregular_lines(rows, table, workspace.scratch / f"irregular{len(irregular)}")
        )
    read = rows.counts()
    return PlainLog(rows, irregular, read.valid + read.zeros)


def _read(rows: _kernels.LogReader, table: Table, places: Mapping[str, int]) -> bool:
    assert table.text_file is not None
    file, skip = table.text_file
    path = file.plain.path
    begin = _after_lines(path, text_begin(path), skip)
    return rows.read(path, begin, file.sep, table.width, places)


def _after_lines(path: Path, begin: int, skip: int) -> int:
    """Return the offset at which the line after ``skip`` others begins."""
    with path.open("rb") as file:
        file.seek(begin)
        return begin + sum(len(file.readline()) for _ in range(skip))


def _irregular_lines(rows: _kernels.LogReader, table: Table, copy: Path) -> Table:
    """Return the irregular lines of a file as a table, with their numbers in the file."""
    assert table.text_file is not None
    file = table.text_file[0]
    numbers, text = rows.take_irregular()
    copy.write_bytes(text)
    lines = replace(file, plain=replace(file.plain, path=copy, lines=len(numbers)))
    return replace(
        table,
        relation=relation(lines, 0),
        expected=len(numbers),
        numbers=numbers + table.begins,
        text_file=None,
    )


def _memory_limit(workspace: Workspace) -> int:
    return workspace.memory_bytes()
