"""Parquet files as one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penchant.data.io.formats.relation import check_unnamed, typed_table
from penchant.data.io.sql import literal_path, sql_text
from penchant.data.io.table import Table


def open_parquet(con: Any, paths: Sequence[Path]) -> Table:
    """Open Parquet files of the same columns."""
    files = ", ".join(sql_text(literal_path(path)) for path in paths)
    relation = f"read_parquet([{files}], hive_partitioning=false)"
    label = paths[0].name if len(paths) == 1 else f"{len(paths)} files ({paths[0].name}, …)"
    names = _names(con, paths[0])
    check_unnamed(names, label)
    return typed_table(con, relation, label, ("Parquet",), names)


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
