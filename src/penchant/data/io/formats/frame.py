"""Frames of pandas, polars and pyarrow, and lists of records, as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.ids import ids_array
from penchant.data.io.formats.pandas_frame import (
    index_advice,
    is_frame,
    is_series,
    with_plain_types,
)
from penchant.data.io.formats.relation import check_unnamed, typed_table
from penchant.data.io.table import Table
from penchant.errors import DataError, EmptyDataError, require


@dataclass(frozen=True)
class Arrays:
    """Columns as arrays: user, item and perhaps value and timestamp, in that order."""

    columns: dict[str, npt.NDArray[Any]]
    label: str

    def __len__(self) -> int:
        return len(self.columns["user"])

    @classmethod
    def of(
        cls,
        users: Any,
        items: Any,
        values: Any = None,
        timestamps: Any = None,
        *,
        label: str = "the arrays",
    ) -> Arrays:
        """Check arrays or lists of equal length.

        Raises
        ------
        DataError
            If they are of different lengths, or a value or timestamp is not a number.
        EmptyDataError
            If they are empty.
        """
        columns = {"user": ids_array(users, "user"), "item": ids_array(items, "item")}
        for name, column, dtype in (
            ("value", values, np.float64), ("timestamp", timestamps, np.int64),
        ):  # fmt: skip
            if column is None:
                continue
            try:
                columns[name] = np.array(column, dtype=dtype)
            except (TypeError, ValueError, OverflowError) as error:
                raise DataError(f"a {name} in {label} is not a number: {error}") from error
        shapes = {name: column.shape for name, column in columns.items()}
        if len(set(shapes.values())) > 1:
            raise DataError(f"{label} must be of equal length, got the shapes {shapes}")
        if not len(columns["user"]):
            raise EmptyDataError(f"{label} are empty")
        return cls(columns, label)


def open_frame(con: Any, source: Any) -> Table:
    """Register a frame, arrays or a list of records with DuckDB."""
    if isinstance(source, list | tuple):
        source = _records(source)
    if isinstance(source, Arrays):
        table: Any = source.columns
        names = list(table)
        label = source.label
        roles = {role: place for place, role in enumerate(table)}
    else:
        table, label = _scannable(source)
        roles = {}
        names = [str(name) for name in getattr(table, "column_names", None) or table.columns]
    check_unnamed(names, label)
    advice = index_advice(table) if is_frame(table) else ""
    try:
        table = _registered(con, table)
        opened = typed_table(con, "frame", label, names=names)
    except Exception as error:
        raise DataError(f"can't read {label}: {error}") from error
    return replace(opened, roles=roles, kind=_kind_of(table, opened.kind), advice=advice)


def _registered(con: Any, table: Any) -> Any:
    """Register a table with DuckDB, and return it as it is read."""
    try:
        con.register("frame", table)
    except Exception:
        if not is_frame(table):
            raise
        table = with_plain_types(con, table)
        con.register("frame", table)
    return table


def _kind_of(frame: Any, kind: Callable[[int], str]) -> Callable[[int], str]:
    """Return column → kind, an error for a pandas column that mixes types.

    DuckDB would turn 1 and "1" into the same id.
    """
    if not hasattr(frame, "iloc"):
        return kind

    def checked(place: int) -> str:
        if frame.dtypes.iloc[place] != np.dtype("O"):
            return kind(place)
        values = frame.iloc[:, place].dropna()
        types = {str if issubclass(type(v), str) else type(v) for v in values}
        if len(types) < 2 or types <= {float, int}:
            return kind(place)
        names = ", ".join(sorted(t.__name__ for t in types))
        raise DataError(
            f"column {frame.columns[place]!r} mixes types: {names}; make them alike first"
        )

    return cache(checked)


def _scannable(source: Any) -> tuple[Any, str]:
    """Return what DuckDB can scan of a frame, without a copy where possible, and its label."""
    if is_frame(source):
        return source, "the pandas frame"  # a name may come twice in it, which narwhals refuses
    if is_series(source):
        raise DataError(
            "can't read interactions from a pandas Series, which is one column: give "
            "series.reset_index(), whose columns are those of its index too"
        )
    import narwhals as nw

    try:
        frame: Any = nw.from_native(source)
    except (TypeError, ValueError, nw.exceptions.NarwhalsError) as error:
        raise DataError(
            f"can't read interactions from {type(source).__name__}: give the path of a file, a "
            "pandas, polars or pyarrow frame, or a SciPy matrix"
        ) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise DataError(f"a frame is needed, got a {type(source).__name__}")
    label = f"the {frame.implementation.name.lower()} frame"
    require("pyarrow", extra=None, what=f"{frame.implementation.name.lower()} frames")
    return frame.to_arrow(), label


def _records(rows: Sequence[Any]) -> Arrays:
    """Return (user, item[, value[, timestamp]]) tuples as columns."""
    if not rows:
        raise EmptyDataError("the list of records is empty")
    if any(isinstance(row, Mapping) for row in rows):
        raise DataError(
            "records are (user, item) tuples, got dictionaries: give pandas.DataFrame(records)"
        )
    widths = {len(row) if isinstance(row, list | tuple) else 0 for row in rows}
    if len(widths) != 1 or not widths <= {2, 3, 4}:
        raise DataError("records must all be (user, item), (user, item, value) or the like")
    columns = list(zip(*rows, strict=True))
    return Arrays.of(*columns, label="the records")
