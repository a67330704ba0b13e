"""Interactions that are never in memory at once: each block is drawn when it is read."""

from __future__ import annotations

import numpy as np

from penchant.data.blocks import Block, BlockedMatrix, BlockedRows
from penchant.data.csr import Csr, row_pointers
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions

PER_ROW = 100


class DrawnBlocks(BlockedRows):
    """Blocks of random rows of equal lengths."""

    def __init__(self, entries: int, n_blocks: int) -> None:
        rows = entries // PER_ROW
        self.blocks = tuple(
            Block(number * rows, (number + 1) * rows, rows * PER_ROW) for number in range(n_blocks)
        )
        self.n_columns = rows * n_blocks

    def read(self, number: int) -> Csr:
        block, rng = self.blocks[number], np.random.default_rng(number)
        columns = rng.integers(0, self.n_columns, block.nnz, dtype=np.int32)
        values = np.full(block.nnz, 2, dtype=np.float32)
        counts = np.full(block.n_rows, PER_ROW)
        return Csr(row_pointers(counts), columns, values, self.n_columns)


class DrawnInteractions(Interactions):
    """Interactions without a matrix in memory."""

    def __init__(self, entries: int, n_blocks: int) -> None:
        sides = BlockedMatrix(DrawnBlocks(entries, n_blocks), DrawnBlocks(entries, n_blocks))
        n = sides.users.n_rows
        self.__dict__.update(
            _sides=sides,
            users=IdMap.range(n, "user"),
            items=IdMap.range(n, "item"),
            timestamps=None,
        )

    @property
    def blocks(self) -> BlockedMatrix:
        return self.__dict__["_sides"]

    @property
    def csr(self) -> Csr:
        raise AssertionError("the rows are not to be read at once")

    @property
    def nnz(self) -> int:
        return self.blocks.users.nnz


def generated(*, entries: int, n_blocks: int) -> DrawnInteractions:
    """Return interactions of as many blocks for each side."""
    return DrawnInteractions(entries, n_blocks)
