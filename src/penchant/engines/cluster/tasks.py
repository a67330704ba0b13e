"""The tasks of a training: pure functions of files, which may run twice and anywhere.

Each reads the files that a task names, writes new ones, and returns their names or small arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.engines.base import F64, Factors, Objective, Penalties, Rotation, RowPrior, Spectrum
from penchant.engines.blocks.solve import FixedSide, solve_block
from penchant.engines.cluster import files
from penchant.engines.cluster.files import File, Place
from penchant.engines.cluster.sides import FixedFiles, consecutive, parts_of
from penchant.engines.local import LocalEngine
from penchant.engines.penalties import penalty_of, prior_penalty_of

_LOSS_ROWS = 256
"""The rows whose losses the kernel adds up first."""


@dataclass(frozen=True, eq=False)
class GramTask:
    """FᵀF of a block of factors."""

    factors: File
    precise: bool
    threads: int


def gram(task: GramTask) -> F64:
    """Compute the Gram matrix of a block, float64, shape (f, f)."""
    factors = files.read_factors(task.factors)
    return _kernels.gram(factors, precise=task.precise, threads=task.threads)


@dataclass(frozen=True, eq=False)
class RotateTask:
    """A block of factors and the file of the spectrum to whose eigenvectors it is rotated."""

    place: Place
    factors: File
    spectrum: File
    threads: int


def rotate(task: RotateTask) -> File:
    """Write the rotated block."""
    factors = files.read_factors(task.factors)
    spectrum: Spectrum = files.read_object(task.spectrum)
    _kernels.rotate(spectrum, factors, factors[:0], threads=task.threads)
    return files.write(task.place, factors)


@dataclass(frozen=True, eq=False)
class SolveTask:
    """A block of rows to solve.

    Attributes
    ----------
    place
        Where to write.
    rows
        The file of the rows in blocks.
    number
        The number of the block.
    regularization
        The file of λ of the rows of the block.
    fixed
        The file of the :class:`FixedFiles` of the rotated fixed side.
    spectrum
        The file of the spectrum of the fixed side before it was rotated.
    solved
        The file of the factors of the block, not rotated.
    objective, prior, threads
        As for the engine; the prior is that of the block's rows, rotated.
    """

    place: Place
    rows: File
    number: int
    regularization: File
    fixed: File
    spectrum: File
    solved: File
    objective: Objective
    prior: RowPrior | None
    threads: int


def solve(task: SolveTask) -> File:
    """Solve the rows of a block and write their factors."""
    rows: Csr = files.read_object(task.rows).read(task.number)
    fixed: FixedFiles = files.read_object(task.fixed)
    spectrum: Spectrum = files.read_object(task.spectrum)
    solved = files.read_factors(task.solved)
    penalties: Penalties = files.read(task.regularization)[0]
    _kernels.rotate(spectrum, solved, solved[:0], threads=task.threads)
    if fixed.most_rows is None:
        side = FixedSide(fixed.whole(), fixed.n, spectrum.values)
        if task.prior is not None:
            side = side.with_room(rows.n_rows)
        _solve_part(task, slice(0, rows.n_rows), rows, side, penalties, solved)
    else:
        for part in parts_of(rows, fixed.most_rows):
            room = 0 if task.prior is None else part.rows.n_rows
            buffer = fixed.take(part.columns, room)
            side = FixedSide(buffer, len(part.columns), spectrum.values)
            _solve_part(task, part.where, part.rows, side, penalties, solved, whole=rows)
    return files.write(task.place, solved)


def _solve_part(
    task: SolveTask,
    where: slice,
    rows: Csr,
    side: FixedSide,
    penalties: Penalties,
    solved: Factors,
    whole: Csr | None = None,
) -> None:
    """Solve some rows of a block in place; penalties and factors are those of the block."""
    solve_block(
        rows,
        side,
        solved[where],
        penalties[where],
        task.objective,
        means=None if task.prior is None else task.prior.means(where),
        whole=whole,
        threads=task.threads,
    )


@dataclass(frozen=True, eq=False)
class ExtrapolateTask:
    """A block to extrapolate from its quantized previous factors; None: only to quantize it.

    The rotation, a matrix or None, is in a file.
    """

    place: Place
    factors: File
    previous: File | None
    rotation: File
    momentum: float
    threads: int


def extrapolate(task: ExtrapolateTask) -> tuple[File, File]:
    """Write the extrapolated block, and its factors before, quantized where they are float32."""
    engine, factors = LocalEngine(task.threads), files.read_factors(task.factors)
    if task.previous is None:
        previous, extrapolated = engine.quantize_previous(factors), task.factors
    else:
        previous = engine.previous_from_arrays(files.read(task.previous), factors)
        rotation: Rotation = files.read_object(task.rotation)
        previous = engine.extrapolate(factors, previous, rotation, task.momentum)
        extrapolated = files.write(task.place, factors)
    return extrapolated, files.write(task.place, *engine.previous_to_arrays(previous))


@dataclass(frozen=True, eq=False)
class LossTask:
    """A block of rows whose part of the loss is computed."""

    rows: File
    number: int
    solved: File
    fixed: File
    unobserved_weight: float
    threads: int


def observed_loss(task: LossTask) -> float:
    """Compute Σ c (p − x·y)² − α0 (x·y)² over the stored cells of a block."""
    rows: Csr = files.read_object(task.rows).read(task.number)
    fixed: FixedFiles = files.read_object(task.fixed)
    factors = files.read_factors(task.solved)
    if fixed.most_rows is None:
        return _loss_of(task, rows, factors, fixed.whole())
    total = 0.0
    for part in parts_of(rows, fixed.most_rows, granule=_LOSS_ROWS):
        taken, begin = fixed.take(part.columns, 0), part.where.start
        for first in range(0, part.rows.n_rows, _LOSS_ROWS):  # in the order of the kernel's sums
            few = consecutive(part.rows, first, min(first + _LOSS_ROWS, part.rows.n_rows))
            of_few = factors[begin + first : begin + first + few.n_rows]
            total += _loss_of(task, few, of_few, taken)
    return total


def _loss_of(task: LossTask, rows: Csr, solved: Factors, fixed: Factors) -> float:
    engine = LocalEngine(task.threads)
    loaded = engine.load_rows(rows, np.zeros(rows.n_rows))
    return engine.observed_loss(loaded, solved, fixed, task.unobserved_weight)


@dataclass(frozen=True, eq=False)
class PenaltyTask:
    """A block of factors whose penalty is computed; with a prior, the change that it makes."""

    factors: File
    regularization: File
    prior: RowPrior | None
    nonempty: npt.NDArray[np.bool_] | None


def penalty(task: PenaltyTask) -> float:
    """Compute the penalty of a block."""
    factors = files.read_factors(task.factors)
    regularization: Penalties = files.read(task.regularization)[0]
    if task.prior is None or task.nonempty is None:
        return penalty_of(regularization, factors)
    return prior_penalty_of(regularization, factors, task.prior.means(), task.nonempty)


@dataclass(frozen=True, eq=False)
class SumTask:
    """Weights of the rows of a block, a sparse matrix of shape (k, rows), and its factors."""

    weights: Any
    factors: File


def weighted_sum(task: SumTask) -> F64:
    """Compute the weighted sums of the rows of a block, float64, shape (k, f)."""
    return LocalEngine(1).weighted_sum(task.weights, files.read_factors(task.factors))
