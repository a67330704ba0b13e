"""Frames of pandas, polars and pyarrow, and lists of records, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from penchant.data.ids import ids_array
from penchant.data.io.formats.relation import typed_table
from penchant.data.io.table import Table
from penchant.errors import DataError, EmptyDataError, require


def open_frame(con: Any, source: Any) -> Table:
    """Register a frame or a list of records with DuckDB."""
    if isinstance(source, list | tuple):
        table: Any = _records(source)
        label = "the list of records"
        roles = {role: place for place, role in enumerate(table)}
    else:
        table, label = _scannable(source)
        roles = {}
    try:
        con.register("frame", table)
    except Exception as error:
        raise DataError(f"can't read {label}: {error}") from error
    return replace(typed_table(con, "frame", label), roles=roles)


def _scannable(source: Any) -> tuple[Any, str]:
    """Return what DuckDB can scan of a frame, without a copy where possible, and its label."""
    import narwhals as nw

    try:
        frame: Any = nw.from_native(source)
    except (TypeError, ValueError, nw.exceptions.NarwhalsError) as error:
        raise DataError(
            f"can't read interactions from {type(source).__name__}: give the path of a file, a "
            f"pandas, polars or pyarrow frame, or a SciPy matrix ({error})"
        ) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise DataError(f"a frame is needed, got a {type(source).__name__}")
    label = f"the {frame.implementation.name.lower()} frame"
    if frame.implementation.is_pandas():
        native = frame.to_native()
        _refuse_mixed(native)
        return native, label
    require("pyarrow", extra=None, what=f"{frame.implementation.name.lower()} frames")
    return frame.to_arrow(), label


def _refuse_mixed(frame: Any) -> None:
    """Refuse pandas columns of several types: DuckDB would turn 1 and "1" into the same id."""
    for name in frame.columns:
        if frame[name].dtype != object:
            continue
        kinds = {type(value) for value in frame[name].dropna()}
        if len({str if issubclass(kind, str) else kind for kind in kinds}) > 1:
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise DataError(f"column {name!r} mixes types: {names}; make them alike first")


def _records(rows: Sequence[Any]) -> dict[str, Any]:
    """Return (user, item[, value[, timestamp]]) tuples as columns."""
    if not rows:
        raise EmptyDataError("the list of records is empty")
    widths = {len(row) if isinstance(row, list | tuple) else 0 for row in rows}
    if len(widths) != 1 or not widths <= {2, 3, 4}:
        raise DataError("records must all be (user, item), (user, item, value) or the like")
    columns = list(zip(*rows, strict=True))
    table: dict[str, Any] = {
        "user": ids_array(columns[0], "user"),
        "item": ids_array(columns[1], "item"),
    }
    for name, column in zip(("value", "timestamp"), columns[2:], strict=False):
        try:
            table[name] = np.array(column, dtype=np.float64 if name == "value" else np.int64)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"a {name} in the records is not a number: {error}") from error
    return table
