"""Constructors of interactions from frames, arrays and sparse matrices."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.data.ids import Id, IdMap
from penchant.data.report import ReadReport
from penchant.data.tabular import Tabular
from penchant.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from penchant.data.catalog import Catalog
    from penchant.data.io.columns import Column
    from penchant.data.io.pipeline import ReadResult

log = logging.getLogger("penchant")

CONSTRUCTORS = {"pandas": "from_pandas", "polars": "from_polars", "pyarrow": "from_arrow"}
_FRAMES = {
    ("pandas", "DataFrame"), ("polars", "DataFrame"), ("polars", "LazyFrame"), ("pyarrow", "Table"),
}  # fmt: skip


class Conversions(Tabular):
    """Constructors from frames, arrays and matrices, and the conversions back.

    No frame library is required: each is imported only where its frames are used.
    """

    @classmethod
    @abstractmethod
    def _from_parts(
        cls,
        csr: Csr,
        users: IdMap,
        items: IdMap,
        timestamps: npt.NDArray[np.int64] | None,
        *,
        name: str,
        report: ReadReport,
        catalog: Catalog | None,
    ) -> Self:
        """Build the object from what was read, with the notes of the report."""

    @classmethod
    def from_pandas(
        cls,
        frame: pd.DataFrame,
        user: Column | None = None,
        item: Column | None = None,
        value: Column | None = None,
        timestamp: Column | None = None,
        *,
        duplicates: str | None = None,
        name: str = "interactions",
        catalog: Catalog | None = None,
    ) -> Self:
        """Read a pandas frame with one row per interaction.

        Parameters
        ----------
        frame
            The rows. It is not changed, and its index is not read.
        user, item, value, timestamp
            Columns by name, or by position from 0. Without ``value`` every row is a like worth 1.
            Where neither user nor item is given, they are chosen by the rule of
            :func:`penchant.read_interactions`; a frame of :meth:`to_pandas` needs none of them.
        duplicates
            What to do with rows of the same user and item: a policy of ``read_interactions``.
        name, catalog
            The name of the data set, and the catalog of its items.

        Raises
        ------
        ColumnError
            If a column does not exist, or users and items can't be told apart.
        DataError
            If it is not a pandas frame, or holds values that can't be used.
        EmptyDataError
            If no interactions are left.
        """
        columns = (user, item, value, timestamp)
        return cls._from_frame("pandas", frame, columns, duplicates, name, catalog)

    @classmethod
    def from_polars(
        cls,
        frame: pl.DataFrame | pl.LazyFrame,
        user: Column | None = None,
        item: Column | None = None,
        value: Column | None = None,
        timestamp: Column | None = None,
        *,
        duplicates: str | None = None,
        name: str = "interactions",
        catalog: Catalog | None = None,
    ) -> Self:
        """Read a polars frame with one row per interaction; see :meth:`from_pandas`."""
        columns = (user, item, value, timestamp)
        return cls._from_frame("polars", frame, columns, duplicates, name, catalog)

    @classmethod
    def from_arrow(
        cls,
        table: pa.Table,
        user: Column | None = None,
        item: Column | None = None,
        value: Column | None = None,
        timestamp: Column | None = None,
        *,
        duplicates: str | None = None,
        name: str = "interactions",
        catalog: Catalog | None = None,
    ) -> Self:
        """Read a pyarrow table with one row per interaction; see :meth:`from_pandas`."""
        columns = (user, item, value, timestamp)
        return cls._from_frame("pyarrow", table, columns, duplicates, name, catalog)

    @classmethod
    def from_arrays(
        cls,
        users: Sequence[Id] | npt.NDArray[Any],
        items: Sequence[Id] | npt.NDArray[Any],
        values: npt.ArrayLike | None = None,
        timestamps: npt.ArrayLike | None = None,
        *,
        duplicates: str | None = None,
        name: str = "interactions",
        catalog: Catalog | None = None,
    ) -> Self:
        """Read arrays or lists with one entry per interaction.

        Parameters
        ----------
        users, items
            Ids, all strings or all integers, shape (n,).
        values
            Real numbers, shape (n,); None: every entry is a like worth 1.
        timestamps
            int64, shape (n,), in any unit.
        duplicates, name, catalog
            As for :meth:`from_pandas`.

        Raises
        ------
        DataError
            If the arrays are not of equal length, or hold values that can't be used.
        EmptyDataError
            If no interactions are left.
        """
        from penchant.data.io.formats.frame import Arrays

        arrays = Arrays.of(users, items, values, timestamps)
        return cls._read(arrays, dict.fromkeys(_ROLES), duplicates, name, catalog)

    @classmethod
    def from_scipy(
        cls,
        matrix: Any,
        user_ids: Sequence[Id] | IdMap | None = None,
        item_ids: Sequence[Id] | IdMap | None = None,
        *,
        timestamps: npt.ArrayLike | None = None,
        duplicates: str = "sum",
        name: str = "matrix",
        catalog: Catalog | None = None,
    ) -> Self:
        """Read a matrix, users × items; it is copied.

        Users and items without interactions are kept: rows and columns keep their numbers.

        Parameters
        ----------
        matrix
            Any SciPy sparse matrix or array, or a 2-D NumPy array. Zeros and NaN are dropped and
            counted in the notes.
        user_ids, item_ids
            The ids of rows and columns; None: 0…n−1.
        timestamps
            int64, one for each stored entry, in the order of ``matrix.tocoo()``.
        duplicates
            What to do with a cell that is stored more than once: a policy of
            ``read_interactions``.
        name, catalog
            The name of the data set, and the catalog of its items.

        Raises
        ------
        DataError
            If it is not a matrix of real numbers, a value is infinite or too large for a float32,
            or ids or timestamps do not fit its shape.
        """
        from penchant.data.matrices import read_matrix

        csr, times, report = read_matrix(matrix, duplicates, timestamps)
        users, items = (
            _ids_of(user_ids, "user", csr.n_rows),
            _ids_of(item_ids, "item", csr.n_columns),
        )
        if (len(users), len(items)) != (csr.n_rows, csr.n_columns):
            is_transposed = (len(users), len(items)) == (csr.n_columns, csr.n_rows)
            raise DataError(
                f"the matrix has {csr.n_rows:,} rows and {csr.n_columns:,} columns, but there are "
                f"{len(users):,} users and {len(items):,} items: rows must be users"
                + ("; it is transposed, pass matrix.T" if is_transposed else "")
            )
        return cls._from_parts(csr, users, items, times, name=name, report=report, catalog=catalog)

    @classmethod
    def from_read(cls, result: ReadResult, *, name: str, catalog: Catalog | None = None) -> Self:
        """Build the object from the result of the reading pipeline, and log its report."""
        for note in result.report.notes():
            log.info("%s", note)
        return cls._from_parts(
            result.csr,
            IdMap.trusted(result.users, "user"),
            IdMap.trusted(result.items, "item"),
            result.timestamps,
            name=name,
            report=result.report,
            catalog=catalog,
        )

    @classmethod
    def _from_frame(
        cls,
        library: str,
        frame: Any,
        columns: tuple[Column | None, ...],
        duplicates: str | None,
        name: str,
        catalog: Catalog | None,
    ) -> Self:
        _check_library(library, frame)
        return cls._read(frame, dict(zip(_ROLES, columns, strict=True)), duplicates, name, catalog)

    @classmethod
    def _read(
        cls,
        source: Any,
        columns: Mapping[str, Column | None],
        duplicates: str | None,
        name: str,
        catalog: Catalog | None,
    ) -> Self:
        from penchant.data.io.pipeline import read_source

        return cls.from_read(read_source(source, columns, duplicates), name=name, catalog=catalog)


_ROLES = ("user", "item", "value", "timestamp")


def frame_library(source: object) -> str | None:
    """Return the library of a frame (``"pandas"``, ``"polars"``, ``"pyarrow"``), else None."""
    for base in type(source).__mro__:
        library = base.__module__.partition(".")[0]
        if (library, base.__name__) in _FRAMES:
            return library
    return None


def _check_library(library: str, frame: object) -> None:
    """Refuse a frame of another library.

    Raises
    ------
    DataError
        With the constructor to call instead.
    """
    actual = frame_library(frame)
    if actual != library:
        name = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
        hint = f"Interactions.{CONSTRUCTORS[actual]}" if actual else "penchant.read_interactions"
        raise DataError(
            f"Interactions.{CONSTRUCTORS[library]} needs a {library} frame, got {name}: use {hint}"
        )


def _ids_of(ids: Sequence[Id] | IdMap | None, kind: str, n: int) -> IdMap:
    if ids is None:
        return IdMap.range(n, kind)
    return ids if isinstance(ids, IdMap) and ids.kind == kind else IdMap(ids, kind)
