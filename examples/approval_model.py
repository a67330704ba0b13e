"""A complete model in sixty lines: items score by their approval. See docs/add-a-model.md."""

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
class Approval(Model):
    """Score items by the share of likes among their likes and dislikes."""

    prior: Annotated[float, Setting(above=0, help="Dislikes added to each item's.")] = 5.0
    threads: Threads = None

    kind: ClassVar[str] = "approval"
    personal: ClassVar[bool] = False  # every user gets the same order of items
    arrays: ClassVar[Mapping[str, ArraySpec]] = {"shares": ArraySpec("float32", ("n_items",))}

    def __post_init__(self) -> None:
        validate(self)

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Count the likes and all interactions of each item."""
        data = self._to_learn(interactions)  # raises DataError or EmptyDataError
        self._interactions = data
        items, liked = data.csr.indices, data.csr.values > 0
        likes, all_ = (np.bincount(i, minlength=data.n_items) for i in (items[liked], items))
        self._shares = (likes / (all_ + self.prior)).astype(np.float32)
        return self

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._same_for_all(rows.n_rows)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return self._same_for_all(len(items))

    def _same_for_all(self, n_queries: int) -> Scorer:
        """Return a scorer of rank 1: each query's vector is (1,), an item's its share."""
        queries = np.ones((n_queries, 1), dtype=np.float32)
        return FactorScorer(queries, self._shares[:, np.newaxis], threads=self.threads)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"shares": self._shares}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._shares = arrays["shares"]
