"""A sparse matrix in blocks of rows that are read one at a time.

Blocks follow from the data alone, never from the number of threads or workers that read them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr

__all__ = ["Block", "BlockedMatrix", "BlockedRows", "MemoryBlocks", "block_bounds"]

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

    def __iter__(self) -> Iterator[tuple[Block, Csr]]:
        return ((block, self.read(number)) for number, block in enumerate(self.blocks))


class MemoryBlocks(BlockedRows):
    """Blocks of a matrix in memory."""

    def __init__(self, csr: Csr, entries: int = ENTRIES_PER_BLOCK) -> None:
        self._csr = csr
        self.blocks = block_bounds(csr.indptr, entries)
        self.n_columns = csr.n_columns

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
