"""The engine of one machine for rows that do not fit its memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.blocks import ENTRIES_PER_BLOCK, Block, BlockedRows
from penchant.data.csr import Csr
from penchant.engines.base import (
    F64,
    Bounds,
    Factors,
    Objective,
    Penalties,
    Rotation,
    RowPrior,
)
from penchant.engines.block_progress import OnBlock
from penchant.engines.blocks.blockwise import BlockwiseEngine, slices_of
from penchant.engines.blocks.rows import BlockRows
from penchant.engines.blocks.solve import FixedSide, solve_block
from penchant.engines.blocks.sums import tree_sum
from penchant.engines.local import LocalEngine
from penchant.engines.penalties import penalty_of, prior_penalty_of

__all__ = ["Blocks"]


@dataclass(frozen=True, eq=False)
class BlockFactors:
    """The factors of a side in memory, and the bounds of the blocks of its rows."""

    array: Factors
    bounds: Bounds

    @property
    def slices(self) -> list[slice]:
        """The rows of each block."""
        return slices_of(self.bounds)


class Blocks(BlockwiseEngine[BlockRows, BlockFactors]):
    """Trains on this machine with one block of rows in memory at a time, beside the factors.

    A block is read, weighted, solved and dropped; the next is read in the meantime. The factors
    are the same, bit for bit, for any number of threads. Where one block covers all rows they are
    those of :class:`penchant.engines.local.LocalEngine`. They are equal up to rounding with more
    blocks, since the sums of a Gram matrix are over blocks; with features; and with many factors
    and the same λ for all rows, which that engine solves in other coordinates.

    Data sets on disk keep their blocks. Interactions in memory are cut into blocks, which is of
    use for comparisons only. Features need one more copy of the side that is not solved.

    Parameters
    ----------
    entries_per_block
        The entries of a block, about, where interactions in memory are cut; a row is not cut.
    threads
        The number of threads; None: all cores this process may use.
    checkpoint
        A file that holds the training after each epoch, or its address in an object store; None:
        none is written.
    resume
        Continue from the checkpoint, if it is there; its settings and data must be the same. The
        factors are those of a training without a break, bit for bit. False: replace it.
    on_block
        Called with a :class:`penchant.engines.block_progress.BlockProgress` after each block that
        is solved.

    Raises
    ------
    SettingsError
        If a number is less than 1, or ``resume=False`` has no ``checkpoint``.
    """

    def __init__(
        self,
        *,
        entries_per_block: int = ENTRIES_PER_BLOCK,
        threads: int | None = None,
        checkpoint: str | Path | None = None,
        resume: bool = True,
        on_block: OnBlock | None = None,
    ) -> None:
        super().__init__(
            LocalEngine(threads),
            entries_per_block=entries_per_block,
            checkpoint=checkpoint,
            resume=resume,
            on_block=on_block,
        )
        self._threads = self._local.threads

    # --- handles -------------------------------------------------------------------

    def load_blocks(self, rows: BlockedRows, regularization: Penalties) -> BlockRows:
        """See :meth:`BlockEngine.load_blocks`."""
        return BlockRows(rows, regularization)

    def create_factors(self, bounds: Bounds, f: int, dtype: str) -> BlockFactors:
        """See :meth:`Engine.create_factors`."""
        return BlockFactors(self._local.create_factors(bounds, f, dtype), bounds)

    def from_numpy(self, factors: Factors, bounds: Bounds) -> BlockFactors:
        """See :meth:`Engine.from_numpy`; uses the array itself."""
        return BlockFactors(factors, bounds)

    def to_numpy(self, factors: BlockFactors) -> Factors:
        """See :meth:`Engine.to_numpy`; returns the array itself."""
        return factors.array

    def copy_factors(self, factors: BlockFactors) -> BlockFactors:
        """See :meth:`Engine.copy_factors`."""
        return BlockFactors(self._local.copy_factors(factors.array), factors.bounds)

    def initialize(self, factors: BlockFactors, *, seed: int | Sequence[int], scale: float) -> None:
        """See :meth:`Engine.initialize`."""
        self._local.initialize(factors.array, seed=seed, scale=scale)

    def assign_rows(
        self,
        factors: BlockFactors,
        values: Factors,
        positions: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """See :meth:`Engine.assign_rows`."""
        self._local.assign_rows(factors.array, values, positions)

    def clear_empty_rows(self, rows: BlockRows, factors: BlockFactors) -> None:
        """See :meth:`Engine.clear_empty_rows`."""
        factors.array[rows.source.row_counts == 0] = 0

    # --- training ------------------------------------------------------------------

    def half_step(
        self,
        *,
        rows: BlockRows,
        fixed: BlockFactors,
        solved: BlockFactors,
        objective: Objective,
        prior: RowPrior | None = None,
    ) -> F64:
        """See :meth:`Engine.half_step`; a block that can't be read interrupts it as Ctrl-C does.

        Raises
        ------
        DatasetError
            If a block can't be read.
        """
        spectrum = self._spectrum_of_fixed(fixed, len(fixed.array), rows.regularization)
        _kernels.rotate(spectrum, fixed.array, solved.array, threads=self._threads)
        side = FixedSide(fixed.array, len(fixed.array), spectrum.values)
        if prior is not None:
            prior = prior.rotated(spectrum.vectors)
            side = side.with_room(max(block.n_rows for block in rows.source.blocks))
        for number, (block, weighted) in enumerate(rows, start=1):
            solve_block(
                weighted,
                side,
                solved.array[block.start : block.stop],
                rows.regularization_of(block),
                objective,
                means=None if prior is None else prior.means(slice(block.start, block.stop)),
                threads=self._threads,
            )
            self._solved(number, len(rows.source.blocks))
        return spectrum.vectors

    def quantize_previous(self, factors: BlockFactors) -> Any:
        """See :meth:`Engine.quantize_previous`."""
        return self._local.quantize_previous(factors.array)

    def extrapolate(
        self, factors: BlockFactors, previous: Any, rotation: Rotation, momentum: float
    ) -> Any:
        """See :meth:`Engine.extrapolate`."""
        return self._local.extrapolate(factors.array, previous, rotation, momentum)

    def previous_to_arrays(self, previous: Any) -> list[npt.NDArray[Any]]:
        """See :meth:`Engine.previous_to_arrays`."""
        return self._local.previous_to_arrays(previous)

    def previous_from_arrays(self, arrays: list[npt.NDArray[Any]], factors: BlockFactors) -> Any:
        """See :meth:`Engine.previous_from_arrays`."""
        return self._local.previous_from_arrays(arrays, factors.array)

    def weighted_sum(self, weights: Any, factors: BlockFactors) -> F64:
        """See :meth:`Engine.weighted_sum`."""
        columns = weights.tocsc()
        return tree_sum(
            self._local.weighted_sum(columns[:, rows].tocsr(), factors.array[rows])
            for rows in factors.slices
        )

    # --- the loss ------------------------------------------------------------------

    def observed_loss(
        self, rows: BlockRows, X: BlockFactors, Y: BlockFactors, unobserved_weight: float
    ) -> float:
        """See :meth:`Engine.observed_loss`."""

        def of_block(block: Block, weighted: Csr) -> float:
            part = self._local.load_rows(weighted, rows.regularization_of(block))
            factors = X.array[block.start : block.stop]
            return self._local.observed_loss(part, factors, Y.array, unobserved_weight)

        return math.fsum(of_block(block, weighted) for block, weighted in rows)

    def penalty(self, rows: BlockRows, factors: BlockFactors) -> float:
        """See :meth:`Engine.penalty`."""
        return math.fsum(
            penalty_of(rows.regularization[part], factors.array[part]) for part in factors.slices
        )

    def prior_penalty(self, rows: BlockRows, factors: BlockFactors, prior: RowPrior) -> float:
        """See :meth:`Engine.prior_penalty`."""
        nonempty = rows.source.row_counts > 0
        return math.fsum(
            prior_penalty_of(
                rows.regularization[part], factors.array[part], prior.means(part), nonempty[part]
            )
            for part in factors.slices
        )

    def _gram(self, factors: BlockFactors, *, precise: bool = True) -> F64:
        """See :meth:`BlockwiseEngine._gram`."""
        return tree_sum(
            self._local.gram(factors.array[rows], precise=precise) for rows in factors.slices
        )
