"""What an engine does for the solver: a few operations, however it spreads them."""

from __future__ import annotations

import functools
import sys
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant.data.interactions import Csr

Factors = npt.NDArray[Any]
Penalties = npt.NDArray[np.float64]
Rotation = npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class Objective:
    """The weights of the WRMF objective that the rows of one side share.

    Attributes
    ----------
    unobserved_weight
        α0, the weight of a cell without an interaction.
    solver, cg_steps
        How rows are solved: ``"exact"``, ``"cg"`` or ``"auto"``.
    """

    unobserved_weight: float
    solver: str
    cg_steps: int


class Spectrum(NamedTuple):
    """Eigenvalues Λ, shape (f,), none negative, and eigenvectors Q, shape (f, f), of a Gram."""

    values: npt.NDArray[np.float64]
    vectors: npt.NDArray[np.float64]


class Engine(ABC):
    """Half steps and losses of weighted regularized matrix factorization.

    The rows handed in are :class:`~penchant.data.interactions.Csr` whose values are the *confidence_delta*
    weights c − α0 > 0 with the sign of the preference (negative: a dislike).
    """

    @abstractmethod
    def align_rows(self, factors: Factors) -> Factors:
        """The same factors, shape (n, f), as :meth:`half_step` takes them."""

    @abstractmethod
    def half_step(
        self,
        rows: Csr,
        fixed: Factors,
        solved: Factors,
        regularization: Penalties,
        objective: Objective,
    ) -> Rotation:
        """Solve every row with the other side fixed, in place.

        The engine may turn both sides into other coordinates, by the same rotation: their inner
        products, which are all that the model is made of, do not change by it.

        Parameters
        ----------
        rows
            m rows over n columns.
        fixed
            The other side's factors, shape (n, f), laid out.
        solved
            This side's factors, shape (m, f), laid out: where iterative solvers start from, and
            where the solutions go; zero for rows without entries.
        regularization
            λ of each row, shape (m,).
        objective
            What all rows share.

        Returns
        -------
        ndarray or None
            The rotation Q, shape (f, f), that both sides were turned by (X became XQ); None where
            they were not.
        """

    def quantize_previous(self, factors: Factors) -> Any:
        """What :meth:`extrapolate` needs to know of laid out factors as they are."""
        return factors.copy()

    def extrapolate(
        self,
        factors: Factors,
        before: Any,
        turn: Rotation,
        momentum: float,
    ) -> Any:
        """Move factors on by ``momentum`` times what parts them from those before, in place.

        Parameters
        ----------
        factors
            F, shape (n, f), laid out: becomes F + momentum (F − BQ).
        before
            B as :meth:`quantize_previous` or this method gave it; not to be used again.
        turn
            Q, shape (f, f), the rotation since then; None: none.
        momentum
            How far.

        Returns
        -------
        object
            F as it was, remembered.
        """
        now = factors.copy()
        if turn is not None:
            with one_blas_thread():
                before = before @ turn.astype(factors.dtype)
        factors += momentum * (now - before)
        return now

    @abstractmethod
    def fold_in(
        self,
        rows: Csr,
        fixed: Factors,
        spectrum: Spectrum,
        regularization: Penalties,
        unobserved_weight: float,
    ) -> Factors:
        """Exact solutions of some rows, shape (m, f), in the coordinates of the fixed side.

        ``spectrum`` is that of the whole fixed side; ``fixed`` may hold only the rows of it that
        are used. Nothing is changed.
        """

    @abstractmethod
    def observed_loss(self, rows: Csr, X: Factors, Y: Factors, unobserved_weight: float) -> float:
        """Σ over stored cells of c (p − x·y)² − α0 (x·y)²."""

    @abstractmethod
    def gram(self, factors: Factors, *, precise: bool = True) -> npt.NDArray[np.float64]:
        """FᵀF, float64, shape (f, f); sums may be of the factors' own type unless ``precise``."""

    def spectrum(self, factors: Factors, *, precise: bool = True) -> Spectrum:
        """The spectrum of FᵀF, with the sign of every eigenvector settled.

        LAPACK may give an eigenvector or its negative; the solution is the same, but its last
        bits are not. The entry of largest size is made positive.
        """
        values, vectors = _eigh(self.gram(factors, precise=precise))
        largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))]
        return Spectrum(np.maximum(values, 0.0), vectors * np.where(largest < 0, -1.0, 1.0))


def _eigh(gram: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """LAPACK's eigenvalues and vectors by divide and conquer, on one thread.

    A problem of this size gains nothing from BLAS's own threads, and they spin: beside ours they
    made it twenty times slower. NumPy's routine is SciPy's, without half a second of importing
    that to open a model.
    """
    with one_blas_thread():
        values, vectors = np.linalg.eigh(gram)
    return values, vectors


def one_blas_thread() -> AbstractContextManager[Any]:
    """Keeps BLAS to the calling thread for a while; see :func:`_eigh`."""
    pools = _blas_threads(with_scipy="scipy.linalg" in sys.modules)
    limited: AbstractContextManager[Any] = pools.limit(limits=1, user_api="blas")
    return limited


@functools.cache
def _blas_threads(*, with_scipy: bool) -> Any:  # noqa: ARG001
    """The thread pools of BLAS libraries, NumPy's and, once that is loaded, SciPy's own."""
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()
