"""Relations whose columns DuckDB has typed: of Parquet, frames and queries."""

from __future__ import annotations

from typing import Any

from penchant.data.io.table import Table
from penchant.data.io.workspace import LIST_SEPARATOR


def typed_table(con: Any, relation: str, label: str, written: tuple[str, ...] = ()) -> Table:
    """Return a relation as a table, with the kinds of its columns."""
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    names = tuple(str(row[0]) for row in described)
    kinds = [_kind(str(row[1])) for row in described]

    def cell(place: int) -> str:
        column = '"' + names[place].replace('"', '""') + '"'
        if kinds[place].endswith("[]"):
            return f"array_to_string({column}, '{LIST_SEPARATOR}')"
        return f"CAST({column} AS VARCHAR)" if kinds[place] == "text" else column

    return Table(
        label, "row", names, len(names), relation, cell, kinds.__getitem__, written=written
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
