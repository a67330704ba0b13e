"""Compressed sparse rows (CSR), the matrix format of engines and models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class Csr:
    """A matrix in compressed sparse rows.

    Attributes
    ----------
    indptr
        int64, shape (n_rows + 1,): the entries of row r are ``indptr[r]:indptr[r + 1]``.
    indices
        int32, shape (nnz,): columns, ascending within a row.
    values
        float32, shape (nnz,).
    n_columns
        The number of columns.
    times
        int64, shape (nnz,): the time of each interaction, or None. Rows that are taken keep it.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    n_columns: int
    times: npt.NDArray[np.int64] | None = None

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.indptr) - 1

    @property
    def nnz(self) -> int:
        """The number of stored entries."""
        return len(self.indices)

    @cached_property
    def row_counts(self) -> npt.NDArray[np.int64]:
        """int64, shape (n_rows,): the number of entries of each row."""
        return np.diff(self.indptr)

    @cached_property
    def is_validated(self) -> bool:
        """Whether row pointers and columns are within their bounds; checked once."""
        pointers, columns = self.indptr, self.indices
        if not (len(pointers) and pointers[0] == 0):
            return False
        if not pointers[-1] == len(columns) == len(self.values):
            return False
        if (pointers[1:] < pointers[:-1]).any():
            return False
        return not len(columns) or bool(0 <= columns.min() <= columns.max() < self.n_columns)

    @property
    def row_of_entry(self) -> npt.NDArray[np.int32]:
        """int32, shape (nnz,): the row of each entry (computed at each access)."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int32), self.row_counts)

    @property
    def cell_numbers(self) -> npt.NDArray[np.int64]:
        """int64, shape (nnz,): row · n_columns + column of each entry (computed at each access)."""
        numbers: npt.NDArray[np.int64] = self.row_of_entry * np.int64(self.n_columns) + self.indices
        return numbers

    def to_scipy(self) -> sp.csr_array:
        """Return a ``scipy.sparse.csr_array`` that shares the memory."""
        import scipy.sparse as sp

        parts = (self.values, self.indices, self.indptr)
        return sp.csr_array(parts, shape=(self.n_rows, self.n_columns))

    def transpose(self) -> Csr:
        """Return the transposed matrix, without times."""
        arrays = _kernels.transpose(self.indptr, self.indices, self.values, self.n_columns)
        return Csr(*arrays, self.n_rows)

    def entries_of(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return the positions of the entries of some rows (int codes), row after row; int64."""
        return ranges(self.indptr[rows], self.row_counts[rows])

    def row(self, row: int) -> Csr:
        """Return one row; faster than :meth:`take_rows`, which matters in servers."""
        begin, end = self.indptr[row : row + 2].tolist()
        return Csr(
            np.array([0, end - begin], dtype=np.int64),
            self.indices[begin:end].copy(),
            self.values[begin:end].copy(),
            self.n_columns,
            None if self.times is None else self.times[begin:end].copy(),
        )

    def take_rows(self, rows: npt.NDArray[Any]) -> Csr:
        """Return some rows (int codes), in that order."""
        if len(rows) == 1:
            return self.row(int(rows[0]))
        entries = self.entries_of(rows)
        return Csr(
            row_pointers(self.row_counts[rows]),
            self.indices[entries],
            self.values[entries],
            self.n_columns,
            None if self.times is None else self.times[entries],
        )

    def take_columns(self, columns: npt.NDArray[Any]) -> Csr:
        """Return some columns (ascending int codes), renumbered 0…n−1; without times."""
        new = np.full(self.n_columns, -1, dtype=np.int32)
        new[columns] = np.arange(len(columns), dtype=np.int32)
        columns_of_entries = new[self.indices]
        kept = columns_of_entries >= 0
        pointers = row_pointers(kept)[self.indptr]
        return Csr(pointers, columns_of_entries[kept], self.values[kept], len(columns))


def row_pointers(counts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the row pointers of rows of these sizes: int64, shape (n_rows + 1,)."""
    pointers = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=pointers[1:])
    return pointers


def ranges(starts: npt.NDArray[Any], counts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the numbers from each start, as many as its count, one range after the other: int64.

    Parameters
    ----------
    starts, counts
        Integers, shape (n,).
    """
    shift = starts - (np.cumsum(counts) - counts)
    return np.repeat(shift, counts) + np.arange(counts.sum())
