"""The common part of engines that train block by block, wherever the blocks are."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from pathlib import Path

from penchant._settings import checks
from penchant.data.blocks import MemoryBlocks
from penchant.data.csr import Csr
from penchant.engines.base import (
    F64,
    BlockEngine,
    Bounds,
    Factors,
    FactorsT,
    Penalties,
    RowsT,
    Spectrum,
    spectrum_of_gram,
)
from penchant.engines.block_progress import OnBlock
from penchant.engines.checkpoint_file import checkpoint_file
from penchant.engines.local import LocalEngine, needs_precise_gram


class BlockwiseEngine(BlockEngine[RowsT, FactorsT]):
    """An engine over blocks; what is not about blocks, the engine of this machine does.

    Parameters
    ----------
    local
        The engine of this machine.
    entries_per_block
        The entries of a block, about, where interactions in memory are cut.
    checkpoint, resume
        Where a training is written after each epoch, and whether it continues from there.
    on_block
        Called after each block that is solved.

    Raises
    ------
    SettingsError
        If the number is less than 1, or ``resume=False`` has no ``checkpoint``.
    """

    def __init__(
        self,
        local: LocalEngine,
        *,
        entries_per_block: int,
        checkpoint: str | Path | None,
        resume: bool,
        on_block: OnBlock | None,
    ) -> None:
        self.checkpoint = checkpoint_file(checkpoint, resume)
        self.entries_per_block = checks.check_int("entries_per_block", entries_per_block, 1)
        self._local, self.on_block = local, on_block

    @abstractmethod
    def _gram(self, factors: FactorsT, *, precise: bool = True) -> F64:
        """Compute FᵀF, float64, shape (f, f): the tree sum over the blocks."""

    def load_rows(self, rows: Csr, regularization: Penalties) -> RowsT:
        """See :meth:`Engine.load_rows`."""
        return self.load_blocks(MemoryBlocks(rows, self.entries_per_block), regularization)

    def squared_sum(self, X: FactorsT, Y: FactorsT) -> float:
        """See :meth:`Engine.squared_sum`."""
        return float((self._gram(X) * self._gram(Y)).sum())

    def fold_in(
        self,
        *,
        rows: Csr,
        fixed: Factors,
        spectrum: Spectrum,
        regularization: Penalties,
        unobserved_weight: float,
    ) -> Factors:
        """See :meth:`Engine.fold_in`; in this process."""
        return self._local.fold_in(
            rows=rows,
            fixed=fixed,
            spectrum=spectrum,
            regularization=regularization,
            unobserved_weight=unobserved_weight,
        )

    def spectrum(self, factors: Factors) -> Spectrum:
        """See :meth:`Engine.spectrum`; in this process."""
        return self._local.spectrum(factors)

    def _spectrum_of_fixed(self, fixed: FactorsT, n: int, regularization: Penalties) -> Spectrum:
        """Compute the spectrum of the n fixed factors of a half step."""
        precise = needs_precise_gram(n, regularization)
        return spectrum_of_gram(self._gram(fixed, precise=precise))


def slices_of(bounds: Bounds) -> list[slice]:
    """Return the rows of each block."""
    return [slice(*pair) for pair in itertools.pairwise(bounds)]
