"""What an engine does for the solver: three operations, however it spreads them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

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
