"""Look at the columns of a file and at its first rows, without reading it as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from penchant.data.io.columns import Column
from penchant.data.io.open import open_tables
from penchant.data.io.options import ReaderOptions
from penchant.data.io.roles import Choice, choose_roles
from penchant.data.io.table import Table
from penchant.data.io.utf8 import BLOCK, packing_of, unpacked
from penchant.data.io.workspace import Workspace, workspace
from penchant.errors import ColumnError

_TEXT = (".csv", ".tsv", ".psv", ".txt", ".dat", ".jsonl", ".ndjson", ".data", "")


@dataclass(frozen=True)
class Preview:
    """The columns of a file, its first rows, and the roles that the reader would choose.

    Attributes
    ----------
    columns
        The names of the columns, or None where the file has no header.
    width
        The number of columns.
    rows
        The cells of the first rows, as texts.
    choice
        The chosen columns; None if they are ambiguous.
    problem
        Why they are ambiguous; empty if they are not.
    """

    columns: tuple[str, ...] | None
    width: int
    rows: tuple[tuple[str, ...], ...]
    choice: Choice | None
    problem: str = ""

    def name(self, place: int) -> str:
        """Return the name of a column, or its position where the file has no header."""
        return self.columns[place] if self.columns else str(place)


def preview(
    source: Path, columns: Mapping[str, Column | None], options: ReaderOptions, n_rows: int = 3
) -> Preview | None:
    """Return the columns and the first rows of a file; None for one that can't be looked at.

    Parameters
    ----------
    source
        A file of delimited text or JSON lines, plain or compressed with gzip, or of Parquet.
    columns
        Role → column, as the caller gave them; see :func:`penchant.read_interactions`.
    options
        How the file is written.
    n_rows
        The number of rows to return.

    Raises
    ------
    DataError
        If the file can't be read.
    """
    if not source.is_file():
        return None
    with workspace(options.memory_limit) as work:
        path = _begin(source, work.scratch)
        if path is None:
            return None
        here = replace(options, on_bad_lines="skip")
        table = open_tables(work, path, columns, here, numeric=("value", "timestamp"))[0]
        rows = _rows(work, table, n_rows)
        try:
            choice, problem = choose_roles(work, table, columns), ""
        except ColumnError as error:
            choice, problem = None, str(error)
        return Preview(table.columns, table.width, rows, choice, problem)


def _begin(source: Path, scratch: Path) -> Path | None:
    """Return a copy of the first lines of a text file, or a Parquet file as it is."""
    with source.open("rb") as file:
        if file.read(4) == b"PAR1":
            return source
    packing = packing_of(source)
    suffixes = [s.lower() for s in source.suffixes if s.lower() != ".gz"]
    if packing not in (None, "gzip") or (suffixes[-1] if suffixes else "") not in _TEXT:
        return None
    head = next(unpacked(source, packing), b"")
    if len(head) == BLOCK:
        head = head[: head.rfind(b"\n") + 1] or head
    copy = scratch / (source.name[:-3] if source.name.lower().endswith(".gz") else source.name)
    copy.write_bytes(head)
    return copy


def _rows(work: Workspace, table: Table, n_rows: int) -> tuple[tuple[str, ...], ...]:
    if table.sample is not None:
        rows = [row for row in table.sample if len(row) >= table.width]
        return tuple(row[: table.width] for row in rows[:n_rows])
    cells = ", ".join(f"CAST({table.cell(n)} AS VARCHAR)" for n in range(table.width))
    shown = work.con.execute(f"SELECT {cells} FROM {table.relation} LIMIT {n_rows}").fetchall()
    return tuple(tuple("" if cell is None else cell for cell in row) for row in shown)
