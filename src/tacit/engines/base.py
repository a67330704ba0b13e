"""What an engine does for the solver: three operations, however it spreads them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tacit.data.interactions import Csr

Factors = npt.NDArray[Any]


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
    """Half steps and losses of weighted regularised matrix factorisation.

    The rows handed in are :class:`~tacit.data.interactions.Csr` whose values are the *excess*
    weights c − α0 > 0 with the sign of the preference (negative: a dislike).
    """

    @abstractmethod
    def half_step(
        self,
        rows: Csr,
        fixed: Factors,
        start: Factors,
        regularization: npt.NDArray[np.float64],
        objective: Objective,
        spectrum: Spectrum | None = None,
    ) -> Factors:
        """Solve every row with the other side fixed.

        Parameters
        ----------
        rows
            m rows over n columns.
        fixed
            The other side's factors, shape (n, f).
        start
            This side's factors, shape (m, f): where iterative solvers start from; not changed.
        regularization
            λ of each row, shape (m,).
        objective
            What all rows share.
        spectrum
            That of the whole fixed side: saves finding it, and lets ``fixed`` hold only the rows
            that are used.

        Returns
        -------
        ndarray
            New factors, shape (m, f), of the type of ``fixed``; zero for rows without entries.
        """

    @abstractmethod
    def observed_loss(self, rows: Csr, X: Factors, Y: Factors, unobserved_weight: float) -> float:
        """Σ over stored cells of c (p − x·y)² − α0 (x·y)²."""

    @abstractmethod
    def gram(self, factors: Factors) -> npt.NDArray[np.float64]:
        """FᵀF, float64, shape (f, f)."""

    def spectrum(self, factors: Factors) -> Spectrum:
        """The spectrum of FᵀF, with the sign of every eigenvector settled.

        LAPACK may give an eigenvector or its negative; the solution is the same, but its last
        bits are not. The entry of largest size is made positive.
        """
        import scipy.linalg

        values, vectors = scipy.linalg.eigh(self.gram(factors))
        largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))]
        return Spectrum(np.maximum(values, 0.0), vectors * np.where(largest < 0, -1.0, 1.0))
