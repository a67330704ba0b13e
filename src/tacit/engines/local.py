"""The engine of one machine: native kernels on its threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tacit import kernels
from tacit.data.interactions import Csr
from tacit.engines.base import Engine, Factors, Objective


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
    ) -> Factors:
        """See :meth:`Engine.half_step`."""
        eigenvalues, eigenvectors = spectrum(self.gram(fixed))
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


def spectrum(gram: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """Eigenvalues (none negative) and eigenvectors of a Gram matrix, with every sign settled.

    LAPACK may give an eigenvector or its negative; the solution is the same, but its last bits
    are not. The entry of largest size is made positive.
    """
    import scipy.linalg

    values, vectors = scipy.linalg.eigh(gram)
    largest = np.abs(vectors).argmax(axis=0)
    signs = np.sign(vectors[largest, np.arange(len(values))])
    return np.maximum(values, 0.0), vectors * np.where(signs == 0, 1.0, signs)
