"""Relations whose columns DuckDB has typed: of Parquet, frames and queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penchant.data.io.table import Table
from penchant.data.io.workspace import LIST_SEPARATOR
from penchant.errors import DataError


def typed_table(
    con: Any,
    relation: str,
    label: str,
    written: tuple[str, ...] = (),
    names: Sequence[str] | None = None,
) -> Table:
    """Return a relation as a table, with the kinds of its columns.

    Inside DuckDB its columns are called c0, c1, …, so that no name of a source can clash with
    those of the reader, or with another one that differs in case only.

    Parameters
    ----------
    con
        The connection to DuckDB.
    relation
        SQL after FROM.
    label
        Its name in messages.
    written
        How it is written, for the notes.
    names
        The names that the source gives its columns; None: those that DuckDB knows.
    """
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    columns = tuple(str(row[0]) for row in described) if names is None else tuple(names)
    kinds = [_kind(str(row[1])) for row in described]
    listed = ", ".join(f"c{place}" for place in range(len(kinds)))

    def cell(place: int) -> str:
        column = f"c{place}"
        if kinds[place].endswith("[]"):
            return f"array_to_string({column}, '{LIST_SEPARATOR}')"
        return f"CAST({column} AS VARCHAR)" if kinds[place] == "text" else column

    aliased = f"{relation} AS source({listed})"
    return Table(
        label, "row", columns, len(kinds), aliased, cell, kinds.__getitem__, written=written
    )


def check_unnamed(names: Sequence[str], label: str) -> None:
    """Check that no column is called what DuckDB calls one without a name: c and its position.

    Raises
    ------
    DataError
        If one is.
    """
    taken = {name.lower(): name for name in names}
    for place, name in enumerate(names):
        if not name and f"c{place}" in taken:
            raise DataError(
                f"{label}: column {place} has no name, and is read under the name "
                f"{taken[f'c{place}']!r}, which is that of column "
                f"{names.index(taken[f'c{place}'])}: rename one of the two"
            )


def _kind(sql_type: str) -> str:
    """Return the kind of a DuckDB type; lists and other types keep their own name."""
    base = sql_type.partition("(")[0].upper()
    if sql_type.endswith("[]"):
        return sql_type
    if base in ("VARCHAR", "ENUM", "UUID"):
        return "text"
    if base.removeprefix("U") in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"):
        return "integer"
    if base in ("FLOAT", "DOUBLE", "DECIMAL"):
        return "float"
    if base == "BOOLEAN":
        return "boolean"
    return "time" if base == "DATE" or base.startswith("TIMESTAMP") else sql_type
