"""Progress of a training block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BlockProgress"]


@dataclass(frozen=True)
class BlockProgress:
    """How far a training block by block is.

    Attributes
    ----------
    epoch
        The number of the epoch, from 1 on.
    half_step
        0 and 1: the half steps of the epoch; 2: the last, which solves the users exactly.
    block, blocks
        How many blocks of the half step are solved, and how many there are.
    """

    epoch: int
    half_step: int
    block: int
    blocks: int

    @property
    def epochs(self) -> float:
        """The epochs that are completed, with the completed part of the present one."""
        return self.epoch - 1 + min(self.half_step + self.block / self.blocks, 2) / 2


OnBlock = Callable[[BlockProgress], object]
"""Called after each block that is solved."""
