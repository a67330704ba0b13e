"""The part that linear models have in common: scores by weights from item to item."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.models._inputs import WeighsByAge
from penchant.models._outline import Use
from penchant.models._scoring.scorers import Scorer
from penchant.models.base import Metric, Model
from penchant.models.capabilities import Explains
from penchant.models.linear.dense_weights import DenseWeights
from penchant.models.linear.inverse import OnStep
from penchant.models.linear.regression import Resources, item_weights
from penchant.models.linear.sparse_weights import SparseWeights


class LinearModel(Model, WeighsByAge, Explains):
    """A model whose scores are sums of a history's values times weights of items."""

    threads: int | None
    max_memory: float
    _weights: DenseWeights | SparseWeights

    def _solve_items(
        self, X: Csr, problem: _kernels.ElasticNet, on_step: OnStep | None
    ) -> SparseWeights:
        """Solve an elastic net for each item."""
        resources = Resources(self.max_memory, self.threads, on_step)
        return SparseWeights(item_weights(X, problem, resources), self.threads)

    @property
    def uses_interactions(self) -> Use:
        """Scores are sums over a history."""
        return "histories"

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._weights.scorer(self._weighted(rows))

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return self._weights.item_scorer(items, metric)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        return self._weights.contributions(self._weighted(row), item)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._weights.arrays()
