"""Rows in blocks as an engine holds them: read ahead in a thread, and dropped after use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from penchant.data.blocks import Block, BlockedRows
from penchant.data.csr import Csr
from penchant.engines.base import Penalties


@dataclass(frozen=True, eq=False)
class BlockRows:
    """Weighted rows in blocks, with the regularization of each row."""

    source: BlockedRows
    regularization: Penalties

    def __iter__(self) -> Iterator[tuple[Block, Csr]]:
        """Read block after block; while the caller works on one, the next is read."""
        source = self.source
        with ThreadPoolExecutor(1, thread_name_prefix="penchant-read") as reader:
            ahead = reader.submit(source.read, 0) if source.blocks else None
            for number, block in enumerate(source.blocks):
                assert ahead is not None
                rows, ahead = ahead.result(), None
                if number + 1 < len(source.blocks):
                    ahead = reader.submit(source.read, number + 1)
                yield block, rows
                del rows

    def regularization_of(self, block: Block) -> Penalties:
        """Return λ of the rows of a block."""
        return self.regularization[block.start : block.stop]
