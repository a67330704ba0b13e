"""Parquet files as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant.data.io.formats.relation import check_unnamed, typed_table
from penchant.data.io.sql import literal_path, sql_text
from penchant.data.io.table import Table


@dataclass(frozen=True)
class ParquetPart:
    """Which part of a source some files are.

    Attributes
    ----------
    first
        The first file of the source, which has the columns and their types.
    rows
        The first row of a file that is read, and the one after the last; None: all.
    label
        The name of the source in messages.
    """

    first: Path
    rows: tuple[int, int] | None
    label: str


def open_parquet(con: Any, paths: Sequence[Path], part: ParquetPart | None = None) -> Table:
    """Open Parquet files of the same columns, all of a source or a part of it."""
    first, label = paths[0], label_of([path.name for path in paths])
    relation = _relation(paths)
    if part is not None:
        first, label = part.first, part.label
        relation = _part(paths, part)
    names = _names(con, first)
    check_unnamed(names, label)
    return typed_table(con, relation, label, ("Parquet",), names)


def label_of(names: Sequence[str]) -> str:
    """Return the name of a source in messages, by the names of its files."""
    return names[0] if len(names) == 1 else f"{len(names)} files ({names[0]}, …)"


def _relation(paths: Sequence[Path]) -> str:
    files = ", ".join(sql_text(literal_path(path)) for path in paths)
    return f"read_parquet([{files}], hive_partitioning=false)"


def _part(paths: Sequence[Path], part: ParquetPart) -> str:
    """Return the SQL of a part of a source; the first file in the list decides the types."""
    if part.first in paths:
        relation, tests = _relation(paths), []
    else:
        relation = _relation([part.first, *paths])
        names = ", ".join(sql_text(str(path)) for path in paths)
        tests = [f"filename IN ({names})"]
    if part.rows is not None:
        tests.append(f"file_row_number BETWEEN {part.rows[0]} AND {part.rows[1] - 1}")
    return f"(SELECT * FROM {relation} WHERE {' AND '.join(tests)})" if tests else relation


def _names(con: Any, path: Path) -> list[str]:
    """Return the names of a file's columns; DuckDB renames those that differ in case only."""
    schema = f"parquet_schema({sql_text(literal_path(path))})"
    fields = con.execute(f"SELECT name, coalesce(num_children, 0) FROM {schema}").fetchall()
    names: list[str] = []
    nested = 0  # the fields below a column that are still to come
    for name, children in fields[1:]:
        if nested:
            nested -= 1
        else:
            names.append(str(name))
        nested += children
    return names
