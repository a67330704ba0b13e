"""A complete model in sixty lines: every item has a random score. See docs/add-a-model.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting, Threads
from penchant.data.interactions import Csr, Interactions
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch


@dataclass(kw_only=True, eq=False)
class Random(Model):
    """Score items at random: a lower bound for every other model."""

    seed: Annotated[int, Setting(min=0, help="Seed of the random scores.")] = 0
    threads: Threads = None

    kind: ClassVar[str] = "random"
    personal: ClassVar[bool] = False  # every user gets the same order of items
    arrays: ClassVar[Mapping[str, ArraySpec]] = {"item_scores": ArraySpec("float32", ("n_items",))}

    def __post_init__(self) -> None:
        validate(self)

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Draw one score per item."""
        data = self._to_learn(interactions)  # raises DataError or EmptyDataError
        self._interactions = data
        rng = np.random.default_rng(self.seed)
        self._item_scores = rng.random(data.n_items, dtype=np.float32)
        return self

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._scores_for(rows.n_rows)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return self._scores_for(len(items))

    def _scores_for(self, n_queries: int) -> Scorer:
        """Return a scorer of rank 1: each query's vector is (1,), an item's its score."""
        queries = np.ones((n_queries, 1), dtype=np.float32)
        return FactorScorer(queries, self._item_scores[:, np.newaxis], threads=self.threads)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"item_scores": self._item_scores}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._item_scores = arrays["item_scores"]
