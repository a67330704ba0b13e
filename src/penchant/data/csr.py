"""Compressed sparse rows: the matrix that the engines work on."""

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
    """Compressed sparse rows: what the engines work on.

    Attributes
    ----------
    indptr
        int64, shape (n_rows + 1,): row r holds the entries ``indptr[r]:indptr[r + 1]``.
    indices
        int32, shape (nnz,): columns, rising within a row.
    values
        float32, shape (nnz,).
    n_columns
        The number of columns.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    n_columns: int

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
        """Whether rows lie within the entries and columns below their number; looked at once."""
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
        """int32, shape (nnz,): the row of each entry (made at each use, as large as indices)."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int32), self.row_counts)

    def to_scipy(self) -> sp.csr_array:
        """The same as a ``scipy.sparse.csr_array``, over the same memory."""
        import scipy.sparse as sp

        parts = (self.values, self.indices, self.indptr)
        return sp.csr_array(parts, shape=(self.n_rows, self.n_columns))

    def transpose(self) -> Csr:
        """The same entries by column."""
        turned = _kernels.transpose(self.indptr, self.indices, self.values, self.n_columns)
        return Csr(*turned, self.n_rows)

    def entries_of(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """int64: where the entries of some rows (int codes) lie, row after row."""
        counts = self.row_counts[rows]
        shift = self.indptr[rows] - (np.cumsum(counts) - counts)
        return np.repeat(shift, counts) + np.arange(counts.sum())

    def row(self, row: int) -> Csr:
        """One row, by number: what servers take, again and again."""
        begin, end = self.indptr[row : row + 2].tolist()
        return Csr(
            np.array([0, end - begin], dtype=np.int64),
            self.indices[begin:end].copy(),
            self.values[begin:end].copy(),
            self.n_columns,
        )

    def take_rows(self, rows: npt.NDArray[Any]) -> Csr:
        """Some rows, by number (int array), in that order."""
        if len(rows) == 1:
            return self.row(int(rows[0]))
        entries = self.entries_of(rows)
        return Csr(
            row_pointers(self.row_counts[rows]),
            self.indices[entries],
            self.values[entries],
            self.n_columns,
        )

    def take_columns(self, columns: npt.NDArray[Any]) -> Csr:
        """Some columns, by number (rising int array), which are then called 0…n−1."""
        new = np.full(self.n_columns, -1, dtype=np.int32)
        new[columns] = np.arange(len(columns), dtype=np.int32)
        found = new[self.indices]
        kept = found >= 0
        pointers = row_pointers(kept)[self.indptr]
        return Csr(pointers, found[kept], self.values[kept], len(columns))


def row_pointers(counts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """int64, shape (n_rows + 1,): where rows of these sizes begin and end."""
    pointers = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=pointers[1:])
    return pointers
