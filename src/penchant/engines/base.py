"""The engine interface: the operations on rows and factors that training with ALS needs.

An engine owns the rows and factors of a training and gives out *handles* of them. The trainer
passes these handles back and never looks inside, so that an engine may keep the data in memory,
mapped from disk in blocks, or spread over machines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from penchant._blas import one_blas_thread as one_blas_thread
from penchant.data.blocks import BlockedRows
from penchant.data.interactions import Csr
from penchant.engines.block_progress import BlockProgress, OnBlock
from penchant.engines.checkpoint_file import CheckpointFile
from penchant.errors import NumericError

__all__ = ["BlockEngine", "Engine", "Objective", "RowPrior", "Spectrum"]

RowsT = TypeVar("RowsT")
"""An engine's handle of the weighted rows of one side, with the regularization of each."""

FactorsT = TypeVar("FactorsT")
"""An engine's handle of the factors of one side."""

F64 = npt.NDArray[np.float64]
Factors = npt.NDArray[Any]
"""Factors as an array, float32 or float64, shape (n, f)."""
Penalties = F64
"""The regularization λ of each row, shape (m,)."""
Bounds = tuple[int, ...]
"""The first row of each block of a side, rising from 0, and the number of rows."""
Rotation = F64 | None
"""A rotation Q of factors (X becomes XQ), shape (f, f); None: no rotation."""


@dataclass(frozen=True)
class Objective:
    """The parts of the WRMF objective that all rows share, and how rows are solved.

    Attributes
    ----------
    unobserved_weight
        α0, the weight of a cell without an interaction.
    solver
        ``"exact"``, ``"cg"`` or ``"auto"``.
    cg_steps
        Steps of conjugate gradients for each row.
    """

    unobserved_weight: float
    solver: str
    cg_steps: int


@dataclass(frozen=True, eq=False)
class RowPrior:
    """Prior means of the rows of one side: the rows of F G.

    Attributes
    ----------
    features
        F, a ``scipy.sparse`` matrix of shape (m, n_features).
    coefficients
        G, shape (n_features, f).
    """

    features: Any
    coefficients: F64

    def means(self, rows: slice = slice(None)) -> F64:
        """Compute the prior means of all rows or of a range, float64, shape (n_rows, f)."""
        return np.asarray(self.features[rows] @ self.coefficients)

    def rotated(self, Q: F64) -> RowPrior:
        """Return the prior in the coordinates of factors that were rotated by Q."""
        with one_blas_thread():
            return RowPrior(self.features, self.coefficients @ Q)


class Spectrum(NamedTuple):
    """Eigenvalues Λ, shape (f,), none negative, and eigenvectors Q, shape (f, f), of a Gram."""

    values: F64
    vectors: F64


class Engine(ABC, Generic[RowsT, FactorsT]):
    """Half steps and losses of weighted regularized matrix factorization.

    Training uses the methods that take handles. :meth:`fold_in` and :meth:`spectrum` serve a
    fitted model, whose factors are arrays.
    """

    # --- handles -------------------------------------------------------------------

    @abstractmethod
    def load_rows(self, rows: Csr, regularization: Penalties) -> RowsT:
        """Load the rows of one side.

        Parameters
        ----------
        rows
            m rows over n columns. The values are the weights c − α0 > 0 with the sign of the
            preference (negative: a dislike). They must not change while the handle is in use.
        regularization
            λ of each row, shape (m,).
        """

    @abstractmethod
    def create_factors(self, bounds: Bounds, f: int, dtype: str) -> FactorsT:
        """Create factors of shape (n, f), filled with zeros; the last of ``bounds`` is n.

        An engine may hold the blocks of rows apart, and sums over rows block by block.
        """

    @abstractmethod
    def from_numpy(self, factors: Factors, bounds: Bounds) -> FactorsT:
        """Load factors for reading; the engine may use the array itself, without a copy."""

    @abstractmethod
    def to_numpy(self, factors: FactorsT) -> Factors:
        """Return factors as an array; an engine in memory returns its own, without a copy."""

    @abstractmethod
    def copy_factors(self, factors: FactorsT) -> FactorsT:
        """Copy factors."""

    @abstractmethod
    def initialize(self, factors: FactorsT, *, seed: int | Sequence[int], scale: float) -> None:
        """Draw factors from a normal distribution with mean 0 and standard deviation ``scale``.

        The numbers are those of ``numpy.random.default_rng(seed).normal``, row by row.
        """

    @abstractmethod
    def assign_rows(
        self, factors: FactorsT, values: Factors, positions: npt.NDArray[np.bool_] | None = None
    ) -> None:
        """Write values, shape (k, f), to the k rows where ``positions`` is True (None: all)."""

    @abstractmethod
    def clear_empty_rows(self, rows: RowsT, factors: FactorsT) -> None:
        """Set the factors of rows without entries to zero."""

    # --- training ------------------------------------------------------------------

    def begin_epoch(self, number: int) -> None:  # few engines need it
        """Take note that the half steps of an epoch begin, to report the progress."""

    @abstractmethod
    def half_step(
        self,
        *,
        rows: RowsT,
        fixed: FactorsT,
        solved: FactorsT,
        objective: Objective,
        prior: RowPrior | None = None,
    ) -> Rotation:
        """Solve every row with the factors of the other side fixed, in place.

        The engine may rotate the factors of both sides by the same rotation: the model consists
        of their inner products, which do not change.

        Parameters
        ----------
        rows
            The m rows to solve, over n columns.
        fixed
            The factors of the columns, shape (n, f).
        solved
            The factors of the rows, shape (m, f): the start of iterative solvers, overwritten by
            the solutions; zero for rows without entries.
        objective
            The weights of the objective and the solver.
        prior
            Means that the factors of rows with entries are regularized towards; None: zero.

        Returns
        -------
        ndarray or None
            The rotation Q, shape (f, f), of both sides; None if they were not rotated.

        Raises
        ------
        KeyboardInterrupt
            At Ctrl-C. Each row is then either solved or as it was, and both sides may be rotated.
        """

    @abstractmethod
    def quantize_previous(self, factors: FactorsT) -> Any:
        """Keep a copy of factors, possibly at lower precision, for :meth:`extrapolate`."""

    @abstractmethod
    def extrapolate(
        self, factors: FactorsT, previous: Any, rotation: Rotation, momentum: float
    ) -> Any:
        """Extrapolate factors by their change since the previous ones, in place.

        Parameters
        ----------
        factors
            F, shape (n, f); becomes F + momentum (F − BQ).
        previous
            B, from :meth:`quantize_previous` or this method; not to be used again.
        rotation
            Q, the rotation of the factors since then.
        momentum
            The factor of the change.

        Returns
        -------
        object
            F before the extrapolation, for the next call.
        """

    @abstractmethod
    def previous_to_arrays(self, previous: Any) -> list[npt.NDArray[Any]]:
        """Return what :meth:`quantize_previous` kept, as arrays of n rows, for a checkpoint."""

    @abstractmethod
    def previous_from_arrays(self, arrays: list[npt.NDArray[Any]], factors: FactorsT) -> Any:
        """Restore what :meth:`previous_to_arrays` returned, for these factors."""

    @abstractmethod
    def weighted_sum(self, weights: Any, factors: FactorsT) -> F64:
        """Compute W F, float64, shape (k, f), for a ``scipy.sparse`` matrix W of shape (k, n)."""

    # --- the loss ------------------------------------------------------------------

    @abstractmethod
    def observed_loss(
        self, rows: RowsT, X: FactorsT, Y: FactorsT, unobserved_weight: float
    ) -> float:
        """Compute Σ c (p − x·y)² − α0 (x·y)² over the stored cells of rows."""

    @abstractmethod
    def squared_sum(self, X: FactorsT, Y: FactorsT) -> float:
        """Compute Σ (x·y)² over all cells."""

    @abstractmethod
    def penalty(self, rows: RowsT, factors: FactorsT) -> float:
        """Compute Σ λ_r ‖x_r‖² over the rows of one side, in float64."""

    @abstractmethod
    def prior_penalty(self, rows: RowsT, factors: FactorsT, prior: RowPrior) -> float:
        """Compute Σ λ_r (‖x_r − m_r‖² − ‖x_r‖²) over the rows with entries, in float64."""

    # --- fitted models -------------------------------------------------------------

    @abstractmethod
    def fold_in(
        self,
        *,
        rows: Csr,
        fixed: Factors,
        spectrum: Spectrum,
        regularization: Penalties,
        unobserved_weight: float,
    ) -> Factors:
        """Solve some rows exactly, in the coordinates of the fixed factors.

        Parameters
        ----------
        rows
            m rows, weighted as for :meth:`load_rows`.
        fixed
            The factors of the columns of ``rows``, shape (n, f); may be a subset of the side.
        spectrum
            The spectrum of all factors of the fixed side.
        regularization
            λ of each row, shape (m,).
        unobserved_weight
            α0.

        Returns
        -------
        ndarray
            The solutions, shape (m, f). No argument is changed.
        """

    @abstractmethod
    def spectrum(self, factors: Factors) -> Spectrum:
        """Compute the spectrum of FᵀF, with a fixed sign for every eigenvector."""


class BlockEngine(Engine[RowsT, FactorsT]):
    """An engine that reads the rows of a side block by block, and never holds all of them.

    Attributes
    ----------
    entries_per_block
        The entries, about, of the blocks that rows in memory are cut into.
    checkpoint
        Where trainings are written after each epoch; None: nowhere.
    on_block
        Called after each block that is solved; None: nothing is.
    """

    entries_per_block: int
    checkpoint: CheckpointFile | None = None
    on_block: OnBlock | None = None
    _epoch, _half_steps = 1, 0

    def begin_epoch(self, number: int) -> None:
        """See :meth:`Engine.begin_epoch`."""
        self._epoch, self._half_steps = number, 0

    def _solved(self, block: int, blocks: int) -> None:
        """Report that so many blocks of the present half step are solved."""
        half_step = self._half_steps
        self._half_steps += block == blocks
        if self.on_block is not None:
            self.on_block(BlockProgress(self._epoch, half_step, block, blocks))

    @abstractmethod
    def load_blocks(self, rows: BlockedRows, regularization: Penalties) -> RowsT:
        """Take the rows of one side, to be read at each half step.

        Parameters
        ----------
        rows
            m rows in blocks, with values as for :meth:`load_rows`. The bounds of the factors of
            this side are those of the blocks.
        regularization
            λ of each row, shape (m,).
        """


def compose_rotations(first: Rotation, second: Rotation) -> Rotation:
    """Return the rotation that applies the first and then the second."""
    if first is None or second is None:
        return second if first is None else first
    with one_blas_thread():
        return first @ second


def spectrum_of_gram(gram: F64) -> Spectrum:
    """Compute the eigenvalues and eigenvectors of a Gram matrix by LAPACK, on one thread.

    A problem of this size gains nothing from BLAS's own threads, and they spin: beside the
    engine's threads they made it twenty times slower. NumPy's routine is the same as SciPy's, and
    importing SciPy would take half a second when a model is opened.

    LAPACK may return an eigenvector or its negative; the solution is the same, but its last bits
    are not. The entry of largest absolute value is made positive.
    """
    try:
        with one_blas_thread():
            values, vectors = np.linalg.eigh(gram)
    except np.linalg.LinAlgError as error:
        raise NumericError(
            f"the factors are too large for an eigendecomposition of their Gram matrix ({error}): "
            "scale the values of the interactions, or raise the regularization"
        ) from error
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))]
    return Spectrum(np.maximum(values, 0.0), vectors * np.where(largest < 0, -1.0, 1.0))
