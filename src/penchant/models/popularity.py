"""The non-personal baseline: the most popular items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings.configurable import validate
from penchant._settings.declarations import Threads
from penchant.data.interactions import Csr, Interactions
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch


@dataclass(kw_only=True, eq=False)
class Popularity(Model):
    """Score every item by the share of users who like it; dislikes don't count.

    It has no similarities: :meth:`similar_items` returns the most popular items.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    threads: Threads = None

    kind: ClassVar[str] = "popularity"
    personal: ClassVar[bool] = False
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "shares": ArraySpec("float32", ("n_items",), min=0)
    }

    def __post_init__(self) -> None:
        validate(self)

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Count the likes of each item; there are no epochs, so ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        """
        interactions = self._to_learn(interactions)
        liked = interactions.csr.indices[interactions.csr.values > 0]
        counts = np.bincount(liked, minlength=interactions.n_items)
        self._interactions = interactions
        self._shares = (counts / interactions.n_users).astype(np.float32)
        self._check_learned()
        return self

    @property
    def shares(self) -> npt.NDArray[np.float32]:
        """float32, shape (n_items,): the share of users who like each item."""
        _ = self.interactions
        return self._shares

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._same_for_all(rows.n_rows)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return self._same_for_all(len(items))

    def _same_for_all(self, n_queries: int) -> Scorer:
        queries = np.ones((n_queries, 1), dtype=np.float32)
        return FactorScorer(queries, self.shares[:, np.newaxis], threads=self.threads)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"shares": self._shares}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._shares = arrays["shares"]
