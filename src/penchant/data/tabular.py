"""Columns as data frames of pandas, polars or pyarrow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penchant.errors import require

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Columns = Mapping[str, npt.NDArray[Any]]
"""Name → numbers, or texts in arrays of dtype object; all of equal length."""


def texts(values: Sequence[str]) -> npt.NDArray[Any]:
    """Return texts as a column."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def ids(values: Sequence[Any]) -> npt.NDArray[Any]:
    """Return outside ids as a column: int64 if all are integers, else texts."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        return values.astype(np.int64)
    if len(values) and all(isinstance(value, int | np.integer) for value in values):
        return np.array(values, dtype=np.int64)
    return texts([str(value) for value in values])


class Tabular(ABC):
    """Something with columns, which can be converted to data frames."""

    @abstractmethod
    def columns(self) -> Columns:
        """Return the columns."""

    def to_pandas(self) -> pd.DataFrame:
        """Return :meth:`columns` as a pandas frame; needs pandas."""
        pandas = require("pandas", extra=None, what="pandas frames")
        frame: pd.DataFrame = pandas.DataFrame(
            {
                name: pandas.Series(column, dtype="str" if _is_text(column) else column.dtype)
                for name, column in self.columns().items()
            }
        )
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Return :meth:`columns` as a polars frame; needs polars."""
        polars = require("polars", extra=None, what="polars frames")
        frame: pl.DataFrame = polars.DataFrame(
            [
                polars.Series(name, column.tolist(), dtype=polars.String)
                if _is_text(column)
                else polars.Series(name, column)
                for name, column in self.columns().items()
            ]
        )
        return frame

    def to_arrow(self) -> pa.Table:
        """Return :meth:`columns` as a pyarrow table; needs pyarrow."""
        pyarrow = require("pyarrow", extra=None, what="Arrow tables")
        return pyarrow.table(
            {
                name: pyarrow.array(column, type=pyarrow.string() if _is_text(column) else None)
                for name, column in self.columns().items()
            }
        )

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries with the names of :meth:`columns`."""
        columns = self.columns()
        values = map(_plain_values, columns.values())
        return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _is_text(column: npt.NDArray[Any]) -> bool:
    return column.dtype == object


def _plain_values(column: npt.NDArray[Any]) -> list[Any]:
    if column.dtype == np.float32:  # 0.1 rather than 0.10000000149011612
        return [float(shortest) for shortest in column.astype(str)]
    values: list[Any] = column.tolist()
    return values
