"""Interactions whose rows lie in blocks, as those of a data set on disk do."""

from __future__ import annotations

import dataclasses

from penchant.data.blocks import BlockedMatrix, BlockedRows, MemoryBlocks
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.errors import DatasetError


class CountedBlocks(BlockedRows):
    """Blocks that count how often each is read, and fail where a test tells them to."""

    def __init__(self, csr: Csr, entries: int) -> None:
        self._source = MemoryBlocks(csr, entries)
        self.blocks, self.n_columns = self._source.blocks, self._source.n_columns
        self.reads = [0] * len(self.blocks)
        self.broken_after: int | None = None

    def read(self, number: int) -> Csr:
        if self.broken_after is not None and sum(self.reads) >= self.broken_after:
            raise DatasetError(f"block {number} of plays.dataset is damaged: ingest it again")
        self.reads[number] += 1
        return self._source.read(number)


class StoredInteractions(Interactions):
    """Interactions with blocks of both sides."""

    @property
    def blocks(self) -> BlockedMatrix:
        return self.__dict__["_stored"]


def stored(data: Interactions, entries: int) -> StoredInteractions:
    """Return the same interactions with their rows in blocks."""
    parts = {field.name: getattr(data, field.name) for field in dataclasses.fields(data)}
    result = StoredInteractions(**parts)
    items = data.csr.transpose()
    if data.timestamps is not None:
        by_time = dataclasses.replace(data.csr, values=data.timestamps.astype("float32"))
        items = dataclasses.replace(items, times=by_time.transpose().values.astype("int64"))
    sides = BlockedMatrix(CountedBlocks(result.csr, entries), CountedBlocks(items, entries))
    result.__dict__["_stored"] = sides
    return result
