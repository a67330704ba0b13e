"""Scores by a weight for each pair of items: Σ_i x_ui b_ij."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.models._scoring.scorers import BlockScorer, Scorer
from penchant.models.base import Metric

F32 = npt.NDArray[np.float32]


class DenseWeights:
    """The weights B of a linear model, float32, shape (n_items, n_items).

    Parameters
    ----------
    matrix
        b_ij is what item i of a history adds to the score of item j.
    threads
        The number of threads; None: all cores this process may use.
    """

    def __init__(self, matrix: F32, threads: int | None) -> None:
        self.matrix, self._threads = matrix, threads

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the array of a model file."""
        return {"weights": self.matrix}

    def scorer(self, rows: Csr) -> Scorer:
        """Return the scores of histories with the values x."""
        X, B = rows.to_scipy(), self.matrix
        return self._blocks(rows.n_rows, lambda span: X[span] @ B)

    def item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the weights of items ("dot"), or their partial correlations ("cosine").

        The partial correlation of items i and j given all others is −p_ij/√(p_ii p_jj), the
        geometric mean of b_ij and b_ji with their sign.
        """
        B = self.matrix
        if metric == "dot":
            return self._blocks(len(items), lambda span: B[items[span]])
        return self._blocks(len(items), lambda span: _partial_correlations(B, items[span]))

    def contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """Compute what each entry of a history, a single row, adds to the score of an item."""
        return np.asarray(row.values * self.matrix[row.indices, item], dtype=np.float64)

    def _blocks(self, n: int, block: Callable[[slice], F32]) -> Scorer:
        return BlockScorer(
            n,
            len(self.matrix),
            lambda span: np.ascontiguousarray(block(span)),
            threads=self._threads,
        )


def _partial_correlations(B: F32, items: npt.NDArray[Any]) -> F32:
    rows = B[items]
    correlations: F32 = np.copysign(np.sqrt(np.abs(rows)) * np.sqrt(np.abs(B[:, items].T)), rows)
    correlations[np.arange(len(items)), items] = 1
    return correlations
