"""PureSVD: histories projected onto the first singular vectors of the interactions."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._files.arrays import ArraySpec
from penchant._settings.configurable import validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.models._arguments import History, need_items
from penchant.models._inputs import WeighsByAge
from penchant.models._outline import Use
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch, vector_scorer
from penchant.models.capabilities import Explains, FoldsInUsers, HasItemVectors, HasUserVectors
from penchant.models.search import Search
from penchant.models.spectral.choice import chosen_factors
from penchant.models.spectral.size import factors_for
from penchant.models.spectral.svd import truncated_svd

log = logging.getLogger("penchant")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_POWER, _SHARE = 4 / 3, 760  # of the size of the data: the number that others are compared with


@dataclass(kw_only=True, eq=False)
class PureSVD(Model, WeighsByAge, Explains, FoldsInUsers, HasItemVectors, HasUserVectors):
    """Project a user's history onto the first singular vectors of the interactions.

    With the truncated SVD of the interactions X ≈ U Σ Vᵀ, where missing values are 0, the scores
    of a history x are x V Vᵀ (Cremonesi, Koren & Turrin 2010, "Performance of recommender
    algorithms on top-N recommendation tasks", section 3.2.2). There is no training, and a new
    user needs one product.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    factors: Annotated[
        int | None,
        Setting(
            min=1,
            help="Number of singular vectors. Default: chosen on interactions held out in the fit.",
            details="At most the number of users and of items are used. The default compares "
            "numbers around s^(4/3) / 760, up to 512, by NDCG@10 on a tenth of the interactions of "
            "at most 4,000 users; s is √(users × items), where users and items with few "
            "interactions count less. With fewer than 100 users, or more than 65,536 users and "
            "items, it is that number, from 12 to 256. See the manual on defaults.",
            tune=(8, 512, "log"),
        ),
    ] = None
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="Value of an interaction in X.",
            details='``"binary"``: 1, and −1 for a dislike; ``"linear"``: its value, as in the '
            'paper; ``"log"``: log(1 + size) with the sign of the value.',
        ),
    ] = "binary"
    seed: Annotated[int, Setting(min=0, help="Seed of the random start of the SVD.")] = 0
    half_life: HalfLife = None
    threads: Threads = None

    kind: ClassVar[str] = "pure-svd"
    search: ClassVar[Search] = Search(start={"factors": 24}, rules=("factors",))
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "item_factors": ArraySpec("float32", ("n_items", "?values")),
        "singular_values": ArraySpec("float64", ("?values",), min=0),
    }

    def __post_init__(self) -> None:
        validate(self)

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Compute the singular vectors; there are no epochs, so ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        """
        data = self._to_learn(interactions)
        began = time.perf_counter()
        X = self._weighted(data.csr, data)
        threads = _kernels.thread_count(self.threads)
        factors = self._chosen_factors(X, threads) if self.factors is None else self.factors
        svd = truncated_svd(X, factors, seed=self.seed, threads=threads)
        self._keep(data, freeze(svd.right.astype(np.float32)), svd.values)
        self._check_learned()
        log.debug("PureSVD: %s in %.2f s", svd.right.shape, time.perf_counter() - began)
        return self

    def _chosen_factors(self, X: Csr, threads: int) -> int:
        usual = factors_for(X, _SHARE, _POWER)
        return chosen_factors(X, usual, seed=self.seed, threads=threads)

    @property
    def training(self) -> Mapping[str, Any]:
        """The number of singular vectors that were computed, as ``factors``."""
        _ = self._trained_on
        return {"factors": len(self._values)}

    def _keep(self, data: Interactions, vectors: F32, values: F64) -> None:
        self._interactions, self._vectors, self._values = data, vectors, values
        self._drop_indexes()
        self._users = freeze(self._project(data.csr))

    def _project(self, rows: Csr) -> F32:
        """Compute x V of each row."""
        own = self._weighted(rows)
        parts = own.indptr, own.indices, own.values
        return np.asarray(
            _kernels.block_product(parts, self._vectors, validated=True, threads=self.threads)
        )

    @property
    def singular_values(self) -> F64:
        """Singular values of the interactions, float64, falling."""
        _ = self._trained_on
        return self._values

    @property
    def item_factors(self) -> F32:
        """V, float32, shape (n_items, factors), in the order of ``interactions.items``."""
        _ = self._trained_on
        return self._vectors

    @property
    def user_factors(self) -> F32:
        """X V = U Σ, float32, shape (n_users, factors), in the order of ``interactions.users``."""
        _ = self.interactions
        return self._users

    def fold_in_users(self, histories: Interactions | Iterable[History]) -> F32:
        """Compute vectors of new users from their histories: x V, float32, shape (n, factors).

        Raises
        ------
        UnknownIdError
            If an item is unknown.
        DataError
            If these are interactions over other items than the model's.
        """
        if isinstance(histories, Interactions):
            need_items(histories, self.items)
            return self._project(histories.csr)
        return self._project(self._trained_on.rows_of(histories))

    @property
    def uses_interactions(self) -> Use:
        """Vectors of users are projections of their histories."""
        return "histories"

    # --- the contract --------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        is_own = users is not None and self.kept_interactions == "all"
        vectors = self.user_factors[users] if is_own else self._project(rows)
        return FactorScorer(vectors, self._index("items", self._vectors), threads=self.threads)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return vector_scorer(self._index("items", self.item_factors), items, metric, self.threads)

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        return vector_scorer(self._index("users", self.user_factors), users, metric, self.threads)

    def _contributions(self, row: Csr, item: int) -> F64:
        own = self._weighted(row).values
        products = self._vectors[row.indices].astype(np.float64) @ self._vectors[item]
        return np.asarray(own * products, dtype=np.float64)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"item_factors": self._vectors, "singular_values": self._values}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        vectors, values = arrays["item_factors"], arrays["singular_values"]
        self._keep(self._trained_on, freeze(vectors), values)
