"""JSON lines as a table: the keys of the objects are its columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from penchant.data.io.columns import Column
from penchant.data.io.options import ReaderOptions
from penchant.data.io.sql import lines_sql, sql_text
from penchant.data.io.table import Table
from penchant.data.io.utf8 import plain_text
from penchant.errors import ColumnError, DataError, EmptyDataError


def open_jsonl(
    con: Any,
    path: Path,
    scratch: Path,
    options: ReaderOptions,
    requested: Mapping[str, Column | None],
) -> Table:
    """Open a file of JSON objects, one a line."""
    plain = plain_text(
        path, scratch, encoding=options.encoding, quote=None, max_expansion=options.max_expansion
    )
    plain = plain.with_uniform_line_ends(scratch)
    if not plain.lines:
        raise EmptyDataError(f"{path.name} is empty")
    lines = lines_sql(plain.path, plain.marks[0], 0)
    keys = _keys(con, lines, path.name, requested)
    pointers = ", ".join(sql_text("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys)
    relation = (
        "(SELECT line, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' "
        f"THEN json_extract(line, [{pointers}]) END AS f FROM {lines})"
    )
    return Table(
        label=path.name,
        noun="line",
        columns=keys,
        width=len(keys),
        relation=relation,
        cell=lambda place: f"(f[{place + 1}] ->> '$')",
        kind=lambda place: _json_kind(con, relation, place),
        misfit="CASE WHEN f IS NULL THEN 'not a JSON object' END",
        blank="line IS NULL",
        shown="line",
        expected=plain.lines,
        written=("JSON lines", *plain.remarks),
        is_ordered=False,
    )


def _keys(
    con: Any, lines: str, label: str, requested: Mapping[str, Column | None]
) -> tuple[str, ...]:
    if any(isinstance(column, int) for column in requested.values()):
        raise ColumnError(f"{label} is JSON: its columns go by name, not by position")
    rows = con.execute(
        "SELECT DISTINCT ON (key) key FROM (SELECT unnest(json_keys(line)) AS key FROM "
        f"(SELECT line FROM {lines} WHERE line IS NOT NULL LIMIT 1000) "
        "WHERE json_valid(line) AND json_type(line) = 'OBJECT')"
    ).fetchall()
    if not rows:
        raise DataError(f"the first lines of {label} are not JSON objects, one a line")
    return tuple(sorted(key for (key,) in rows))


def _json_kind(con: Any, relation: str, place: int) -> str:
    rows = con.execute(
        f"SELECT DISTINCT json_type(f[{place + 1}]) FROM {relation} WHERE f IS NOT NULL"
    ).fetchall()
    types = {kind for (kind,) in rows if kind not in (None, "NULL")}
    if types <= {"VARCHAR"}:
        return "text"
    if types <= {"BIGINT", "UBIGINT"}:
        return "integer"
    if types <= {"BIGINT", "UBIGINT", "DOUBLE"}:
        return "float"
    return "boolean" if types == {"BOOLEAN"} else "mixed"
