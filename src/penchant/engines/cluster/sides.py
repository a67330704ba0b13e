"""The fixed side of a half step in files: read whole, or only the rows that a block refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.engines.base import Bounds, Factors
from penchant.engines.cluster import files
from penchant.engines.cluster.files import File

_TABLE_PER_ENTRY = 4  # columns for each entry up to which a table of all columns is made


@dataclass(frozen=True)
class FixedFiles:
    """The factors of a fixed side in files.

    Attributes
    ----------
    files
        The file of each block.
    bounds
        The first row of each block, and the number of rows.
    f, dtype
        The number of factors, and their type.
    most_rows
        Tasks hold no more rows at a time than this, and only rows that their block refers to;
        None: a process holds all rows, for all of its tasks.
    """

    files: tuple[File, ...]
    bounds: Bounds
    f: int
    dtype: str
    most_rows: int | None

    @property
    def n(self) -> int:
        """The number of rows."""
        return self.bounds[-1]

    def whole(self) -> Factors:
        """Read all factors into one array, once in each process."""
        return _wholes.get(self.files, lambda: self._take(None, 0))

    def take(self, columns: npt.NDArray[np.int64], room: int) -> Factors:
        """Read the rows of some columns, which rise, and leave room for more rows below."""
        return self._take(columns, room)

    def _take(self, columns: npt.NDArray[np.int64] | None, room: int) -> Factors:
        count = self.n if columns is None else len(columns)
        factors = _kernels.padded_rows(count + room, self.f, np.dtype(self.dtype))[:, : self.f]
        at = 0
        for number, file in enumerate(self.files):
            begin, stop = self.bounds[number : number + 2]
            if columns is None:
                rows = np.arange(stop - begin)
            else:
                end = int(np.searchsorted(columns, stop))
                rows = columns[at:end] - begin
            files.read_rows(file, rows, factors[at : at + len(rows)])
            at += len(rows)
        return factors


_wholes = files.Cache(1)


@dataclass(frozen=True, eq=False)
class Part:
    """Consecutive rows of a block over the columns that they refer to.

    Attributes
    ----------
    where
        The rows of the block.
    rows
        The same rows over the columns below, renumbered.
    columns
        The columns, rising.
    """

    where: slice
    rows: Csr
    columns: npt.NDArray[np.int64]


def parts_of(rows: Csr, most: int, granule: int = 1) -> Iterator[Part]:
    """Cut the rows of a block into parts that refer to few columns each.

    Parameters
    ----------
    rows
        The rows.
    most
        The columns of a part; one that can't be cut further may have more.
    granule
        Parts begin at multiples of this number.
    """
    pending = [(0, rows.n_rows)]
    while pending:
        begin, stop = pending.pop()
        part = consecutive(rows, begin, stop)
        columns = columns_of(part)
        half = (stop - begin) // 2 // granule * granule
        if len(columns) > most and half:
            pending += [(begin + half, stop), (begin, begin + half)]
        else:
            yield Part(slice(begin, stop), renumbered(part, columns), columns)


def consecutive(rows: Csr, begin: int, stop: int) -> Csr:
    """Return consecutive rows, which share the memory."""
    pointers = rows.indptr[begin : stop + 1]
    entries = slice(int(pointers[0]), int(pointers[-1]))
    return Csr(pointers - pointers[0], rows.indices[entries], rows.values[entries], rows.n_columns)


def columns_of(rows: Csr) -> npt.NDArray[np.int64]:
    """Return the columns of rows, rising, each once."""
    if rows.n_columns > _TABLE_PER_ENTRY * rows.nnz:
        return np.unique(rows.indices).astype(np.int64)
    used = np.zeros(rows.n_columns, dtype=bool)
    used[rows.indices] = True
    return np.flatnonzero(used)


def renumbered(rows: Csr, columns: npt.NDArray[np.int64]) -> Csr:
    """Return the rows over some columns, which rise and are all that they refer to."""
    if rows.n_columns > _TABLE_PER_ENTRY * rows.nnz:
        indices = np.searchsorted(columns, rows.indices).astype(np.int32)
    else:
        numbers = np.empty(rows.n_columns, dtype=np.int32)
        numbers[columns] = np.arange(len(columns), dtype=np.int32)
        indices = numbers[rows.indices]
    return Csr(rows.indptr, indices, rows.values, len(columns))
