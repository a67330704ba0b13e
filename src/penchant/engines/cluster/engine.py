"""An engine over the workers of a cluster, with rows and factors in a folder that they share."""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.blocks import ENTRIES_PER_BLOCK, BlockedRows, MemoryBlocks
from penchant.engines.base import (
    F64,
    Bounds,
    Factors,
    Objective,
    Penalties,
    Rotation,
    RowPrior,
)
from penchant.engines.blocks.blockwise import BlockwiseEngine, slices_of
from penchant.engines.blocks.sums import tree_sum
from penchant.engines.cluster import files, tasks
from penchant.engines.cluster.executor import Executor
from penchant.engines.local import LocalEngine
from penchant.engines.memory import draw_normal
from penchant.errors import SettingsError

__all__ = ["Cluster"]


@dataclass(frozen=True, eq=False)
class ClusterRows:
    """Weighted rows in blocks, the file that holds them for workers, and λ of each row."""

    source: BlockedRows
    file: Path
    regularization: Penalties


@dataclass(eq=False)
class ClusterFactors:
    """The factors of a side: a file for each block. The files of a change are new ones."""

    blocks: tuple[Path, ...]
    bounds: Bounds
    f: int
    dtype: str

    @property
    def slices(self) -> list[slice]:
        """The rows of each block."""
        return slices_of(self.bounds)

    def replace(self, blocks: Sequence[Path]) -> None:
        """Take the files of changed blocks, and delete those before."""
        before, self.blocks = set(self.blocks), tuple(blocks)
        files.delete(sorted(before - set(blocks)))


class Cluster(BlockwiseEngine[ClusterRows, ClusterFactors]):
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
        A folder that this process and all workers share. The training uses a new folder in it,
        which is removed with the engine. None: a temporary folder of this machine.
    entries_per_block
        The entries of a block, about, where interactions in memory are cut.
    threads
        The threads of each task.
    checkpoint, resume
        As for :class:`penchant.engines.Blocks`; this process writes the file.

    Raises
    ------
    SettingsError
        If a number is less than 1, a worker does not see the folder, or ``resume`` has no
        ``checkpoint``.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        folder: str | Path | None = None,
        entries_per_block: int = ENTRIES_PER_BLOCK,
        threads: int = 1,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> None:
        super().__init__(
            LocalEngine(),
            entries_per_block=entries_per_block,
            checkpoint=checkpoint,
            resume=resume,
        )
        self._threads = checks.check_int("threads", threads, 1)
        self._executor = executor
        top = Path(tempfile.gettempdir() if folder is None else folder)
        self._folder = top.absolute() / f"penchant-training-{uuid.uuid4().hex}"
        self._folder.mkdir(parents=True, mode=0o700)
        self._finalizer = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        if not executor.sees(files.write(self._folder, np.zeros(1))):
            self.close()
            raise SettingsError(
                f"not all workers see files in {top}: name a folder that they share, folder=…"
            )

    @property
    def executor(self) -> Executor:
        """What runs the tasks."""
        return self._executor

    @property
    def shared_folder(self) -> str:
        """The path or address of a folder that all workers see, removed with the engine."""
        return str(self._folder)

    @property
    def threads(self) -> int:
        """The threads of each task."""
        return self._threads

    def close(self) -> None:
        """Remove the files of the training; the engine can't train any more."""
        self._finalizer()

    @contextlib.contextmanager
    def _shared(self, value: object) -> Iterator[Path]:
        """Write an object that all tasks of a step need to one file, and delete it afterwards."""
        path = files.write_object(self._folder, value)
        try:
            yield path
        finally:
            files.delete([path])

    # --- handles -------------------------------------------------------------------

    def load_blocks(self, rows: BlockedRows, regularization: Penalties) -> ClusterRows:
        """See :meth:`BlockEngine.load_blocks`; rows in memory are written to files."""
        shared = files.FileBlocks(self._folder, rows) if isinstance(rows, MemoryBlocks) else rows
        return ClusterRows(rows, files.write_object(self._folder, shared), regularization)

    def create_factors(self, bounds: Bounds, f: int, dtype: str) -> ClusterFactors:
        """See :meth:`Engine.create_factors`."""
        blocks = [
            files.write(self._folder, np.zeros((rows.stop - rows.start, f), dtype))
            for rows in slices_of(bounds)
        ]
        return ClusterFactors(tuple(blocks), bounds, f, dtype)

    def from_numpy(self, factors: Factors, bounds: Bounds) -> ClusterFactors:
        """See :meth:`Engine.from_numpy`."""
        blocks = [files.write(self._folder, factors[rows]) for rows in slices_of(bounds)]
        return ClusterFactors(tuple(blocks), bounds, factors.shape[1], factors.dtype.name)

    def to_numpy(self, factors: ClusterFactors) -> Factors:
        """See :meth:`Engine.to_numpy`; reads all blocks into the memory of this process."""
        whole = np.zeros((factors.bounds[-1], factors.f), factors.dtype)
        for rows, path in zip(factors.slices, factors.blocks, strict=True):
            whole[rows] = files.read(path)[0]
        return whole

    def copy_factors(self, factors: ClusterFactors) -> ClusterFactors:
        """See :meth:`Engine.copy_factors`."""
        blocks = [files.write(self._folder, files.read(path)[0]) for path in factors.blocks]
        return ClusterFactors(tuple(blocks), factors.bounds, factors.f, factors.dtype)

    def initialize(
        self, factors: ClusterFactors, *, seed: int | Sequence[int], scale: float
    ) -> None:
        """See :meth:`Engine.initialize`; draws in this process, a block at a time."""
        random, blocks = np.random.default_rng(seed), []
        for rows in factors.slices:
            block = np.empty((rows.stop - rows.start, factors.f), factors.dtype)
            draw_normal(block, random, scale)
            blocks.append(files.write(self._folder, block))
        factors.replace(blocks)

    def assign_rows(
        self,
        factors: ClusterFactors,
        values: Factors,
        positions: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """See :meth:`Engine.assign_rows`."""
        at = np.ones(factors.bounds[-1], dtype=bool) if positions is None else positions
        taken, blocks = 0, []
        for rows, path in zip(factors.slices, factors.blocks, strict=True):
            block, here = files.read(path)[0], at[rows]
            count = int(here.sum())
            block[here] = values[taken : taken + count]
            taken += count
            blocks.append(files.write(self._folder, block))
        factors.replace(blocks)

    def clear_empty_rows(self, rows: ClusterRows, factors: ClusterFactors) -> None:
        """See :meth:`Engine.clear_empty_rows`."""
        empty = rows.source.row_counts == 0
        if empty.any():
            zeros = np.zeros((int(empty.sum()), factors.f), factors.dtype)
            self.assign_rows(factors, zeros, empty)

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
        with self._shared(spectrum) as shared:
            rotations = [
                tasks.RotateTask(self._folder, path, shared, self._threads) for path in fixed.blocks
            ]
            rotated = tuple(self._executor.map(tasks.rotate, rotations))
            solutions = [
                tasks.SolveTask(
                    self._folder,
                    rows.file,
                    number,
                    rows.regularization[part],
                    rotated,
                    shared,
                    solved.blocks[number],
                    objective,
                    _prior_of(prior, part),
                    self._threads,
                )
                for number, part in enumerate(solved.slices)
            ]
            try:
                blocks = self._executor.map(tasks.solve, solutions)
            except BaseException:
                files.delete(rotated)
                raise
        fixed.replace(rotated)
        solved.replace(blocks)
        return spectrum.vectors

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
        previous: Sequence[Path | None],
        rotation: Rotation,
        momentum: float,
    ) -> list[Path]:
        pairs = zip(factors.blocks, previous, strict=True)
        with self._shared(rotation) as shared:
            results = self._executor.map(
                tasks.extrapolate,
                [
                    tasks.ExtrapolateTask(self._folder, *pair, shared, momentum, self._threads)
                    for pair in pairs
                ],
            )
        factors.replace([block for block, _ in results])
        return [before for _, before in results]

    def previous_to_arrays(self, previous: Any) -> list[npt.NDArray[Any]]:
        """See :meth:`Engine.previous_to_arrays`; reads all blocks."""
        blocks = [files.read(path) for path in previous]
        return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]

    def previous_from_arrays(self, arrays: list[npt.NDArray[Any]], factors: ClusterFactors) -> Any:
        """See :meth:`Engine.previous_from_arrays`."""
        like = np.zeros((1, factors.f), factors.dtype)
        kept = self._local.previous_from_arrays(arrays, like)
        whole = self._local.previous_to_arrays(kept)
        return [
            files.write(self._folder, *(array[rows] for array in whole)) for rows in factors.slices
        ]

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
        losses = [
            tasks.LossTask(rows.file, number, path, Y.blocks, unobserved_weight, self._threads)
            for number, path in enumerate(X.blocks)
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
            tasks.PenaltyTask(
                path, rows.regularization[part], _prior_of(prior, part), nonempty[part]
            )
            for part, path in zip(factors.slices, factors.blocks, strict=True)
        ]
        return math.fsum(self._executor.map(tasks.penalty, parts))

    def _gram(self, factors: ClusterFactors, *, precise: bool = True) -> F64:
        """See :meth:`BlockwiseEngine._gram`."""
        blocks = [tasks.GramTask(path, precise, self._threads) for path in factors.blocks]
        return tree_sum(self._executor.map(tasks.gram, blocks))


def _prior_of(prior: RowPrior | None, rows: slice) -> RowPrior | None:
    """Return the prior of some rows."""
    return None if prior is None else RowPrior(prior.features[rows], prior.coefficients)
