"""The tasks of a training: pure functions of files, which may run twice and anywhere.

Each reads the files that a task names, writes new ones, and returns their paths or small arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.engines.base import F64, Factors, Objective, Penalties, Rotation, RowPrior, Spectrum
from penchant.engines.blocks.solve import FixedSide, solve_block
from penchant.engines.cluster import files
from penchant.engines.local import LocalEngine
from penchant.engines.penalties import penalty_of, prior_penalty_of


@dataclass(frozen=True, eq=False)
class GramTask:
    """FᵀF of a block of factors."""

    factors: Path
    precise: bool
    threads: int


def gram(task: GramTask) -> F64:
    """Compute the Gram matrix of a block, float64, shape (f, f)."""
    factors = files.read_factors(task.factors)
    return _kernels.gram(factors, precise=task.precise, threads=task.threads)


@dataclass(frozen=True, eq=False)
class RotateTask:
    """A block of factors and the file of the spectrum to whose eigenvectors it is rotated."""

    folder: Path
    factors: Path
    spectrum: Path
    threads: int


def rotate(task: RotateTask) -> Path:
    """Write the rotated block."""
    factors = files.read_factors(task.factors)
    spectrum: Spectrum = files.read_object(task.spectrum)
    _kernels.rotate(spectrum, factors, factors[:0], threads=task.threads)
    return files.write(task.folder, factors)


_sides = files.Cache(1)


def whole_side(blocks: tuple[Path, ...], n: int) -> Factors:
    """Read all n factors of a side into one array, once in each process."""

    def read() -> Factors:
        whole: Factors | None = None
        first = 0
        for path in blocks:
            part = files.read(path)[0]
            if whole is None:
                whole = _kernels.align_rows(np.zeros((n, part.shape[1]), part.dtype))
            whole[first : first + len(part)] = part
            first += len(part)
        assert whole is not None
        return whole

    return _sides.get(blocks, read)


@dataclass(frozen=True, eq=False)
class SolveTask:
    """A block of rows to solve.

    Attributes
    ----------
    folder
        Where to write.
    rows
        The file of the rows in blocks.
    number
        The number of the block.
    regularization
        λ of the rows of the block.
    fixed
        The files of the rotated factors of the fixed side.
    spectrum
        The file of the spectrum of the fixed side before it was rotated.
    solved
        The file of the factors of the block, not rotated.
    objective, prior, threads
        As for the engine; the prior is that of the block's rows, rotated.
    """

    folder: Path
    rows: Path
    number: int
    regularization: Penalties
    fixed: tuple[Path, ...]
    spectrum: Path
    solved: Path
    objective: Objective
    prior: RowPrior | None
    threads: int


def solve(task: SolveTask) -> Path:
    """Solve the rows of a block and write their factors."""
    rows = files.read_object(task.rows).read(task.number)
    array = whole_side(task.fixed, rows.n_columns)
    spectrum: Spectrum = files.read_object(task.spectrum)
    side = FixedSide(array, len(array), spectrum.values)
    if task.prior is not None:
        side = side.with_room(rows.n_rows)
    solved = files.read_factors(task.solved)
    _kernels.rotate(spectrum, solved, solved[:0], threads=task.threads)
    solve_block(
        rows,
        side,
        solved,
        task.regularization,
        task.objective,
        means=None if task.prior is None else task.prior.means(),
        threads=task.threads,
    )
    return files.write(task.folder, solved)


@dataclass(frozen=True, eq=False)
class ExtrapolateTask:
    """A block to extrapolate from its quantized previous factors; None: only to quantize it.

    The rotation, a matrix or None, is in a file.
    """

    folder: Path
    factors: Path
    previous: Path | None
    rotation: Path
    momentum: float
    threads: int


def extrapolate(task: ExtrapolateTask) -> tuple[Path, Path]:
    """Write the extrapolated block, and its factors before, quantized where they are float32."""
    engine, factors = LocalEngine(task.threads), files.read_factors(task.factors)
    if task.previous is None:
        previous, extrapolated = engine.quantize_previous(factors), task.factors
    else:
        previous = engine.previous_from_arrays(files.read(task.previous), factors)
        rotation: Rotation = files.read_object(task.rotation)
        previous = engine.extrapolate(factors, previous, rotation, task.momentum)
        extrapolated = files.write(task.folder, factors)
    return extrapolated, files.write(task.folder, *engine.previous_to_arrays(previous))


@dataclass(frozen=True, eq=False)
class LossTask:
    """A block of rows whose part of the loss is computed."""

    rows: Path
    number: int
    solved: Path
    fixed: tuple[Path, ...]
    unobserved_weight: float
    threads: int


def observed_loss(task: LossTask) -> float:
    """Compute Σ c (p − x·y)² − α0 (x·y)² over the stored cells of a block."""
    rows = files.read_object(task.rows).read(task.number)
    engine, factors = LocalEngine(task.threads), files.read_factors(task.solved)
    loaded = engine.load_rows(rows, np.zeros(rows.n_rows))
    fixed = whole_side(task.fixed, rows.n_columns)
    return engine.observed_loss(loaded, factors, fixed, task.unobserved_weight)


@dataclass(frozen=True, eq=False)
class PenaltyTask:
    """A block of factors whose penalty is computed; with a prior, the change that it makes."""

    factors: Path
    regularization: Penalties
    prior: RowPrior | None
    nonempty: npt.NDArray[np.bool_] | None


def penalty(task: PenaltyTask) -> float:
    """Compute the penalty of a block."""
    factors = files.read_factors(task.factors)
    if task.prior is None or task.nonempty is None:
        return penalty_of(task.regularization, factors)
    return prior_penalty_of(task.regularization, factors, task.prior.means(), task.nonempty)


@dataclass(frozen=True, eq=False)
class SumTask:
    """Weights of the rows of a block, a sparse matrix of shape (k, rows), and its factors."""

    weights: Any
    factors: Path


def weighted_sum(task: SumTask) -> F64:
    """Compute the weighted sums of the rows of a block, float64, shape (k, f)."""
    return LocalEngine(1).weighted_sum(task.weights, files.read_factors(task.factors))
