"""Check the rows of opened tables one by one, into the table ``staged`` of DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penchant.data.duplicates import LARGEST
from penchant.data.io.options import Decimal
from penchant.data.io.sql import sql_text
from penchant.data.io.table import Field, Table
from penchant.errors import DataError

Checked = tuple[str, list[tuple[str, str]]]


def stage(
    con: Any,
    tables: Sequence[Table],
    fields: Sequence[Mapping[str, Field]],
    time_format: str | None = None,
    decimal: Decimal = ".",
) -> list[int]:
    """Fill the table ``staged`` with checked rows, one for every row or line.

    Its columns are the roles, then ``why`` (what is wrong with a row, ``'blank'`` for none, or
    NULL) and ``shown`` (a bad row's text). A row's rowid is its place in the tables.

    Parameters
    ----------
    fields
        For each table: role → column.
    time_format
        The strptime format of timestamps; None: whole numbers, ISO dates and 31.12.2025.
    decimal
        The mark before the decimals of values that are texts.

    Returns
    -------
    list of int
        The rowid at which each table begins.
    """
    id_kind = id_kinds(tables, fields)
    begins: list[int] = []
    # Parquet's statistics leave NaN out; trusting them, DuckDB 2.0 folds isnan() to false
    con.execute("SET disabled_optimizers = 'statistics_propagation'")
    for table, row in zip(tables, fields, strict=True):
        begins.append(_size(con) if begins else 0)
        checked = [
            _check_as_written(role, field, table, time_format, decimal)
            or _check(role, field, table, id_kind)
            for role, field in row.items()
        ]
        values = ", ".join(
            f"CASE WHEN why IS NULL THEN {value} END AS c_{role}"
            for role, (value, _) in zip(row, checked, strict=True)
        )
        tests = [test for _, checks in checked for test in checks]
        wrong = "".join(f" WHEN {test} THEN {text}" for test, text in tests)
        into = "INSERT INTO staged" if len(begins) > 1 else "CREATE TABLE staged AS"
        con.execute(
            f"{into} SELECT {values}, why, CASE WHEN why <> 'blank' THEN left({table.shown}, 200) "
            f"END AS shown FROM (SELECT *, CASE WHEN {table.blank} THEN 'blank' "
            f"WHEN {table.misfit} IS NOT NULL THEN {table.misfit}{wrong} END AS why "
            f"FROM {table.relation})"
        )
        n_rows = _size(con) - begins[-1]
        if table.expected is not None and n_rows != table.expected:
            raise DataError(
                f"{table.label} has {table.expected:,} lines and {n_rows:,} were read: "
                "it changed while it was read, or its line ends are irregular"
            )
    con.execute("RESET disabled_optimizers")
    return begins


def _size(con: Any) -> int:
    return int(con.execute("SELECT count(*) FROM staged").fetchone()[0])


def id_kinds(tables: Sequence[Table], fields: Sequence[Mapping[str, Field]]) -> dict[str, str]:
    """Return role → ``"text"`` or ``"integer"``, the kind of its ids in all tables."""
    kinds: dict[str, str] = {}
    for role in ("user", "item"):
        for table, row in zip(tables, fields, strict=True):
            if role not in row:
                continue
            kind = row[role].kind
            if kind not in ("text", "integer", "float"):
                raise DataError(
                    f"{row[role].name} of {table.label} holds {kind} values, "
                    f"which can't be {role} ids: texts or integers can"
                )
            kind = "integer" if kind == "float" else kind
            if kinds.setdefault(role, kind) != kind:
                raise DataError(f"{role} ids are texts in some files and integers in {table.label}")
    return kinds


def _check_as_written(
    role: str, field: Field, table: Table, time_format: str | None, decimal: Decimal
) -> Checked | None:
    """Check a cell that is written as the caller says; None for one that is as usual."""
    if role == "timestamp" and time_format and field.kind != "time":
        return _check_formatted(field, time_format)
    if role == "value" and decimal == "," and field.kind in ("text", "mixed"):
        return _check_decimals(field, table)
    return None


def _check(role: str, field: Field, table: Table, id_kind: dict[str, str]) -> Checked:
    """Return the SQL of a cell's value, and tests for faults with the SQL of their messages."""
    cell, kind = field.sql, field.kind
    if role in id_kind:
        return _check_id(role, cell, kind)
    if role == "value":
        return _check_value(cell, field, table)
    if role == "timestamp":
        return _check_time(cell, field, table)
    return f"CAST({cell} AS VARCHAR)", []


def _check_id(role: str, cell: str, kind: str) -> Checked:
    if kind == "text":
        return f"nullif({cell}, '')", []
    if kind == "integer":
        number = f"try_cast({cell} AS BIGINT)"
        return number, [
            (f"{cell} IS NOT NULL AND {number} IS NULL", f"'{role} beyond 64 bits: use text'")
        ]
    return _whole(role, cell)


def _check_value(cell: str, field: Field, table: Table) -> Checked:
    kind = field.kind
    if kind == "boolean":
        cell = f"CAST({cell} AS INTEGER)"
    elif kind not in ("text", "mixed", "integer", "float"):
        raise DataError(f"{field.name} of {table.label} holds {kind} values, not numbers")
    number = f"try_cast({cell} AS DOUBLE)"
    beyond = f"NOT isnan({number}) AND abs({number}) > {LARGEST!r}"
    tests = [(beyond, _message("value", cell, "infinite or too large"))]
    if kind in ("text", "mixed"):
        # DuckDB would take 1_000 as a number
        no_number = f"{cell} <> '' AND ({number} IS NULL OR contains({cell}, '_'))"
        tests.insert(0, (no_number, _message("value", cell, "not a number")))
    return f"CASE WHEN NOT isnan({number}) THEN {number} END", tests


def _check_decimals(field: Field, table: Table) -> Checked:
    """Check values such as 1.234,50, whose dots can only stand between groups of three digits."""
    cell = f"CAST({field.sql} AS VARCHAR)"
    grouped = f"regexp_full_match({cell}, '\\s*[+-]?[0-9]{{1,3}}(\\.[0-9]{{3}})+(,[0-9]*)?\\s*')"
    written = (
        f"CASE WHEN {grouped} THEN replace(replace({cell}, '.', ''), ',', '.') "
        f"WHEN contains({cell}, '.') THEN 'x' ELSE replace({cell}, ',', '.') END"
    )
    value, tests = _check_value(written, field, table)
    fault = _message("value", cell, "not a number with a decimal comma")
    return value, [(test, fault if "not a number" in text else text) for test, text in tests]


def _check_time(cell: str, field: Field, table: Table) -> Checked:
    kind = field.kind
    floor = f"floor(try_cast({cell} AS DOUBLE))"
    date = f"try_cast({cell} AS TIMESTAMPTZ)"
    seconds = f"CASE WHEN isfinite({date}) THEN CAST(floor(epoch({date})) AS BIGINT) END"
    if kind == "time":
        return seconds, []
    if kind == "integer":
        return f"try_cast({cell} AS BIGINT)", []
    if kind == "float":
        return _whole("timestamp", f"CASE WHEN {_has_fraction(cell)} THEN {floor} ELSE {cell} END")
    if kind not in ("text", "mixed"):
        raise DataError(f"{field.name} of {table.label} holds {kind} values, not times")
    is_number = f"regexp_full_match({cell}, '\\s*[+-]?[0-9]+(\\.0*)?\\s*')"
    value = (
        f"CASE WHEN {is_number} THEN try_cast({cell} AS BIGINT) "
        f"WHEN {_has_fraction(cell)} THEN CAST({floor} AS BIGINT) "
        f"WHEN {_is_dotted(cell)} THEN {_seconds(_dotted(cell))} ELSE {seconds} END"
    )
    message = _message("timestamp", cell, "neither a whole number nor a date")
    return value, [(f"{cell} <> '' AND ({value}) IS NULL", message)]


def _is_dotted(cell: str) -> str:
    """Return the SQL of whether a text is a date such as 31.12.2025, or begins with one.

    Dates with dots have the day first wherever they are usual, as those with slashes do not.
    """
    return f"regexp_matches({cell}, '^\\s*[0-9]{{1,2}}\\.[0-9]{{1,2}}\\.[0-9]{{4}}([ T]|$)')"


def _dotted(cell: str) -> str:
    """Return the SQL of the moment that such a text means."""
    formats = ", ".join(
        sql_text(f"%d.%m.%Y{clock}") for clock in ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S")
    )
    return f"try_strptime(trim({cell}), [{formats}])"


def _seconds(moment: str) -> str:
    """Return the SQL of a moment in whole seconds since 1970."""
    return f"CAST(floor(epoch({moment})) AS BIGINT)"


def _has_fraction(cell: str) -> str:
    """Return the SQL of whether a time since 1970 has fractions of a second, as Python's do."""
    return f"try_cast({cell} AS DOUBLE) BETWEEN 1e8 AND 1e16"


def _check_formatted(field: Field, time_format: str) -> Checked:
    """Check times in a format of their own, kept as seconds since 1970."""
    text = f"CAST({field.sql} AS VARCHAR)"
    moment = f"try_strptime(trim({text}), {sql_text(time_format)})"
    value = _seconds(moment)
    fault = f"not written as {time_format}".replace("'", "''")
    return value, [(f"{text} <> '' AND {moment} IS NULL", _message("timestamp", text, fault))]


def _whole(role: str, cell: str) -> Checked:
    """Check floats that must be whole numbers; pandas stores integers with gaps as floats.

    JSON's integers come as text: they are taken exactly, whatever their neighbors are.
    """
    number = f"try_cast({cell} AS DOUBLE)"
    text = f"CAST({cell} AS VARCHAR)"
    exact = f"CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN try_cast({text} AS BIGINT) END"
    held = f"NOT isnan({number}) AND ({exact}) IS NULL"
    irregular = f"{held} AND {number} <> trunc({number})"
    # from there on, neighboring integers are the same float
    beyond = f"{held} AND abs({number}) >= {2**53}"
    value = (
        f"coalesce({exact}, CASE WHEN NOT isnan({number}) THEN try_cast({number} AS BIGINT) END)"
    )
    return value, [
        (irregular, _message(role, cell, "not a whole number")),
        (beyond, _message(role, cell, "beyond 2⁵³ as a float, which merges neighbors: use text")),
    ]


def _message(what: str, cell: str, fault: str) -> str:
    return f"'{what} ' || left(CAST({cell} AS VARCHAR), 40) || ' is {fault}'"
