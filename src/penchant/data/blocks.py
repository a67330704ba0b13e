"""A sparse matrix in blocks of rows that are read one at a time.

Blocks follow from the data alone, never from the number of threads or workers that read them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr

ENTRIES_PER_BLOCK = 1 << 22
"""Entries of a block, about: 32 MB of columns and values."""


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a matrix: ``start`` to ``stop`` − 1, with ``nnz`` entries."""

    start: int
    stop: int
    nnz: int

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return self.stop - self.start


class BlockedRows(ABC):
    """m rows over n columns in blocks.

    Attributes
    ----------
    blocks
        In the order of their rows, without gaps.
    n_columns
        n.
    """

    blocks: tuple[Block, ...]
    n_columns: int

    @abstractmethod
    def read(self, number: int) -> Csr:
        """Return the rows of a block: those of the matrix from ``start`` on, validated.

        Raises
        ------
        DatasetError
            If the block can't be read or is damaged.
        """

    @property
    def n_rows(self) -> int:
        """m, the number of rows."""
        return self.blocks[-1].stop if self.blocks else 0

    @property
    def nnz(self) -> int:
        """The number of stored entries."""
        return sum(block.nnz for block in self.blocks)

    @property
    def bounds(self) -> tuple[int, ...]:
        """The first row of each block, and the number of rows."""
        return (*(block.start for block in self.blocks), self.n_rows)

    @cached_property
    def row_counts(self) -> npt.NDArray[np.int64]:
        """int64, shape (m,): the number of entries of each row; one pass over the blocks."""
        counts = [rows.row_counts for _, rows in self]
        return np.concatenate(counts) if counts else np.zeros(0, dtype=np.int64)

    def __iter__(self) -> Iterator[tuple[Block, Csr]]:
        return ((block, self.read(number)) for number, block in enumerate(self.blocks))


class Entries(NamedTuple):
    """Values of consecutive entries, and their times where there are any."""

    values: npt.NDArray[np.float32]
    times: npt.NDArray[np.int64] | None


class MemoryBlocks(BlockedRows):
    """Blocks of a matrix in memory."""

    def __init__(self, csr: Csr, entries: int = ENTRIES_PER_BLOCK) -> None:
        self._csr = csr
        self.blocks = block_bounds(csr.indptr, entries)
        self.n_columns = csr.n_columns

    @cached_property
    def row_counts(self) -> npt.NDArray[np.int64]:
        """See :attr:`BlockedRows.row_counts`."""
        return self._csr.row_counts

    def read(self, number: int) -> Csr:
        """See :meth:`BlockedRows.read`."""
        block, csr = self.blocks[number], self._csr
        pointers = csr.indptr[block.start : block.stop + 1]
        entries = slice(pointers[0], pointers[-1])
        return replace(
            csr,
            indptr=pointers - pointers[0],
            indices=csr.indices[entries],
            values=csr.values[entries],
            times=None if csr.times is None else csr.times[entries],
        )


@dataclass(frozen=True)
class BlockedMatrix:
    """A matrix of users × items in blocks of both its sides.

    Attributes
    ----------
    users
        Blocks of users over all items.
    items
        Blocks of items over all users.
    """

    users: BlockedRows
    items: BlockedRows


def entries_of(rows: BlockedRows, size: int) -> Iterator[Entries]:
    """Yield the entries of all rows in parts of ``size``; the last part may be shorter.

    Parts do not end where blocks do, so that sums of parts do not depend on the blocks.
    """
    left: Entries | None = None
    for _, block in rows:
        entries = Entries(block.values, block.times)
        first = 0
        if left is not None:
            first = size - len(left.values)
            left = _joined(left, _part(entries, 0, first))
            if len(left.values) < size:
                continue
            yield left
            left = None
        whole = first + (block.nnz - first) // size * size
        for begin in range(first, whole, size):
            yield _part(entries, begin, begin + size)
        if whole < block.nnz:
            left = _part(entries, whole, block.nnz)
    if left is not None:
        yield left


def _part(entries: Entries, begin: int, end: int) -> Entries:
    times = entries.times
    return Entries(entries.values[begin:end], None if times is None else times[begin:end])


def _joined(left: Entries, right: Entries) -> Entries:
    times = None
    if left.times is not None and right.times is not None:
        times = np.concatenate([left.times, right.times])
    return Entries(np.concatenate([left.values, right.values]), times)


def block_bounds(
    indptr: npt.NDArray[np.int64], entries: int = ENTRIES_PER_BLOCK
) -> tuple[Block, ...]:
    """Cut rows into blocks of about equal numbers of entries.

    A row counts as one entry more than it has, so that blocks of empty rows are bounded too. A
    block ends before the row with which it would exceed ``entries``, but has one row at least.

    Parameters
    ----------
    indptr
        Row pointers, shape (m + 1,).
    entries
        Entries and rows of a block.
    """
    blocks, start, n_rows = [], 0, len(indptr) - 1
    while start < n_rows:
        pointers = indptr[start : start + entries + 1]  # no block has more rows than entries
        costs = pointers - pointers[0] + np.arange(len(pointers))
        stop = start + int(np.searchsorted(costs, entries, side="right")) - 1
        stop = min(max(stop, start + 1), n_rows)
        blocks.append(Block(start, stop, int(indptr[stop] - indptr[start])))
        start = stop
    return tuple(blocks)
