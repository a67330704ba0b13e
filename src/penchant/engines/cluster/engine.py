"""An engine over the workers of a cluster, with rows and factors in a folder that they share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from penchant._settings import checks
from penchant.data.blocks import ENTRIES_PER_BLOCK
from penchant.engines.base import (
    F64,
    Objective,
    Rotation,
    RowPrior,
)
from penchant.engines.block_progress import OnBlock
from penchant.engines.blocks.sums import tree_sum
from penchant.engines.cluster import files, tasks
from penchant.engines.cluster.executor import Executor
from penchant.engines.cluster.files import File
from penchant.engines.cluster.handles import ClusterFactors, ClusterRows, FileEngine
from penchant.engines.cluster.sides import FixedFiles
from penchant.errors import SettingsError

__all__ = ["Cluster"]

FixedSideMode = Literal["auto", "replicated", "streamed"]
MODES = ("auto", "replicated", "streamed")

MEMORY_SHARE = 0.4
"""The share of a worker's memory for a replicated fixed side; blocks of rows take more."""

STREAMED_SHARE = 0.2
"""The share of a worker's memory for the rows of a streamed fixed side, of all its tasks."""


class Cluster(FileEngine):
    """Trains block by block on the workers of an executor.

    The factors are those of :class:`penchant.engines.Blocks` with the same blocks, bit for bit,
    for any number of workers. A block is solved by one task, which reads and writes files and
    returns the name of one: a lost worker costs the tasks that it was running. A half step that
    fails leaves the factors as they were before it.

    Parameters
    ----------
    executor
        Runs the tasks.
    folder
        A folder that this process and all workers share: a path, or an address such as
        ``s3://bucket/trainings``. The training uses a new folder in it, which is removed with the
        engine. None: a temporary folder of this machine.
    entries_per_block
        The entries of a block, about, where interactions in memory are cut.
    threads
        The threads of each task.
    fixed_side
        ``"replicated"``, ``"streamed"``, or ``"auto"``: replicated if the fixed side takes at most
        two fifths of a worker's memory, or that is not known.
    on_block
        As for :class:`penchant.engines.Blocks`.
    checkpoint, resume
        As for :class:`penchant.engines.Blocks`; this process writes the file.

    Raises
    ------
    SettingsError
        If a number is less than 1, a worker does not see the folder, or ``resume=False``
        has no ``checkpoint``.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        folder: str | Path | None = None,
        entries_per_block: int = ENTRIES_PER_BLOCK,
        threads: int = 1,
        fixed_side: FixedSideMode = "auto",
        checkpoint: str | Path | None = None,
        resume: bool = True,
        on_block: OnBlock | None = None,
    ) -> None:
        super().__init__(
            folder,
            entries_per_block=entries_per_block,
            checkpoint=checkpoint,
            resume=resume,
            on_block=on_block,
        )
        checks.check_choice("fixed_side", fixed_side, MODES)
        self._fixed_side, self._executor = fixed_side, executor
        self._threads = checks.check_int("threads", threads, 1)
        try:
            is_shared = executor.sees(files.write(self._place, np.zeros(1)))
        except BaseException:
            self.close()
            raise
        if not is_shared:
            self.close()
            raise SettingsError(
                f"not all workers see files in {self.folder}: name a folder that they share, "
                "folder=…"
            )

    @property
    def executor(self) -> Executor:
        """What runs the tasks."""
        return self._executor

    @property
    def shared_folder(self) -> str:
        """The path or address of a folder that all workers see, removed with the engine."""
        return self._place.folder

    @property
    def threads(self) -> int:
        """The threads of each task."""
        return self._threads

    def _most_rows(self, side: ClusterFactors, copies: int) -> int | None:
        """Return how many rows of a fixed side a task holds at a time; None: all are replicated.

        Parameters
        ----------
        side
            The factors.
        copies
            The copies of the side that a task makes for itself.
        """
        if self._fixed_side == "replicated":
            return None
        memory, row = self._executor.memory(), side.f * np.dtype(side.dtype).itemsize
        if memory is None:
            return None if self._fixed_side == "auto" else side.bounds[-1]
        needed = row * side.bounds[-1] * (1 + copies * memory.tasks)
        if self._fixed_side == "auto" and needed <= MEMORY_SHARE * memory.limit:
            return None
        return max(int(STREAMED_SHARE * memory.limit) // memory.tasks // row, 1)

    def _fixed(
        self, side: ClusterFactors, blocks: Sequence[File], copies: int = 0
    ) -> AbstractContextManager[File]:
        """Describe a fixed side, which is in these files, to all tasks of a step."""
        most_rows = self._most_rows(side, copies)
        return self._shared(FixedFiles(tuple(blocks), side.bounds, side.f, side.dtype, most_rows))

    # --- training ------------------------------------------------------------------

    def half_step(
        self,
        *,
        rows: ClusterRows,
        fixed: ClusterFactors,
        solved: ClusterFactors,
        objective: Objective,
        prior: RowPrior | None = None,
    ) -> F64:
        """See :meth:`Engine.half_step`; if it fails, all factors are as they were before it."""
        spectrum = self._spectrum_of_fixed(fixed, fixed.bounds[-1], rows.regularization)
        prior = None if prior is None else prior.rotated(spectrum.vectors)
        with self._step() as place, self._shared(spectrum) as shared:
            rotations = [
                tasks.RotateTask(place, file, shared, self._threads) for file in fixed.blocks
            ]
            rotated = list(self._executor.map(tasks.rotate, rotations))
            with self._fixed(fixed, rotated, copies=prior is not None) as side:
                solutions = [
                    tasks.SolveTask(
                        place,
                        rows.file,
                        number,
                        rows.penalties[number],
                        side,
                        shared,
                        solved.blocks[number],
                        objective,
                        _prior_of(prior, part),
                        self._threads,
                    )
                    for number, part in enumerate(solved.slices)
                ]
                blocks = self._solutions(solutions)
            place.tidy(keep={*rotated, *blocks})
        fixed.replace(rotated)
        solved.replace(blocks)
        return spectrum.vectors

    def _solutions(self, solutions: Sequence[tasks.SolveTask]) -> list[File]:
        """Solve blocks, and report the progress."""
        blocks = []
        for number, block in enumerate(self._executor.map(tasks.solve, solutions), start=1):
            blocks.append(block)
            self._solved(number, len(solutions))
        return blocks

    def quantize_previous(self, factors: ClusterFactors) -> Any:
        """See :meth:`Engine.quantize_previous`; a file for each block."""
        return self._extrapolate(factors, [None] * len(factors.blocks), None, 0.0)

    def extrapolate(
        self, factors: ClusterFactors, previous: Any, rotation: Rotation, momentum: float
    ) -> Any:
        """See :meth:`Engine.extrapolate`."""
        before = self._extrapolate(factors, previous, rotation, momentum)
        files.delete(previous)
        return before

    def _extrapolate(
        self,
        factors: ClusterFactors,
        previous: Sequence[File | None],
        rotation: Rotation,
        momentum: float,
    ) -> list[File]:
        pairs = zip(factors.blocks, previous, strict=True)
        with self._step() as place, self._shared(rotation) as shared:
            extrapolations = [
                tasks.ExtrapolateTask(place, *pair, shared, momentum, self._threads)
                for pair in pairs
            ]
            results = list(self._executor.map(tasks.extrapolate, extrapolations))
            place.tidy(keep={file for pair in results for file in pair})
        factors.replace([block for block, _ in results])
        return [before for _, before in results]

    def weighted_sum(self, weights: Any, factors: ClusterFactors) -> F64:
        """See :meth:`Engine.weighted_sum`."""
        columns = weights.tocsc()
        sums = [
            tasks.SumTask(columns[:, rows].tocsr(), path)
            for rows, path in zip(factors.slices, factors.blocks, strict=True)
        ]
        return tree_sum(self._executor.map(tasks.weighted_sum, sums))

    # --- the loss ------------------------------------------------------------------

    def observed_loss(
        self, rows: ClusterRows, X: ClusterFactors, Y: ClusterFactors, unobserved_weight: float
    ) -> float:
        """See :meth:`Engine.observed_loss`."""
        with self._fixed(Y, Y.blocks) as side:
            losses = [
                tasks.LossTask(rows.file, number, file, side, unobserved_weight, self._threads)
                for number, file in enumerate(X.blocks)
            ]
            return math.fsum(self._executor.map(tasks.observed_loss, losses))

    def penalty(self, rows: ClusterRows, factors: ClusterFactors) -> float:
        """See :meth:`Engine.penalty`."""
        return self._penalty(rows, factors, None)

    def prior_penalty(self, rows: ClusterRows, factors: ClusterFactors, prior: RowPrior) -> float:
        """See :meth:`Engine.prior_penalty`."""
        return self._penalty(rows, factors, prior)

    def _penalty(self, rows: ClusterRows, factors: ClusterFactors, prior: RowPrior | None) -> float:
        nonempty = rows.source.row_counts > 0
        parts = [
            tasks.PenaltyTask(file, penalties, _prior_of(prior, part), nonempty[part])
            for part, file, penalties in zip(
                factors.slices, factors.blocks, rows.penalties, strict=True
            )
        ]
        return math.fsum(self._executor.map(tasks.penalty, parts))

    def _gram(self, factors: ClusterFactors, *, precise: bool = True) -> F64:
        """See :meth:`BlockwiseEngine._gram`."""
        blocks = [tasks.GramTask(path, precise, self._threads) for path in factors.blocks]
        return tree_sum(self._executor.map(tasks.gram, blocks))


def as_cluster(engine: object) -> Cluster:
    """Return an engine that has workers.

    Raises
    ------
    SettingsError
        If it has none.
    """
    if isinstance(engine, Cluster):
        return engine
    raise SettingsError(
        f"engine= is a cluster such as penchant.engines.Dask, got {type(engine).__name__}"
    )


def _prior_of(prior: RowPrior | None, rows: slice) -> RowPrior | None:
    """Return the prior of some rows."""
    return None if prior is None else RowPrior(prior.features[rows], prior.coefficients)
