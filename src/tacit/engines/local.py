"""The engine of one machine: native kernels on its threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tacit import kernels
from tacit.data.interactions import Csr
from tacit.engines.base import Engine, Factors, Objective, Spectrum


class LocalEngine(Engine):
    """Native kernels on ``threads`` threads (None: all cores this process may use)."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = kernels.thread_count(threads)

    def half_step(
        self,
        rows: Csr,
        fixed: Factors,
        start: Factors,
        regularization: npt.NDArray[np.float64],
        objective: Objective,
        spectrum: Spectrum | None = None,
    ) -> Factors:
        """See :meth:`Engine.half_step`."""
        eigenvalues, eigenvectors = spectrum or self.spectrum(fixed)
        return kernels.half_step(
            rows.indptr,
            rows.indices,
            rows.values,
            fixed,
            eigenvalues,
            eigenvectors,
            regularization,
            start,
            unobserved_weight=objective.unobserved_weight,
            solver=objective.solver,
            cg_steps=objective.cg_steps,
            threads=self.threads,
        )

    def observed_loss(self, rows: Csr, X: Factors, Y: Factors, unobserved_weight: float) -> float:
        """See :meth:`Engine.observed_loss`."""
        return kernels.observed_loss(
            rows.indptr,
            rows.indices,
            rows.values,
            X,
            Y,
            unobserved_weight=unobserved_weight,
            threads=self.threads,
        )

    def gram(self, factors: Factors) -> npt.NDArray[np.float64]:
        """See :meth:`Engine.gram`."""
        return kernels.gram(factors, threads=self.threads)
