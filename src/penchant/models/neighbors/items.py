"""Item-based nearest neighbors: similarities of items by their common users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec, check_arrays
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.models._outline import Use
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.sparse_scorer import SparseScorer
from penchant.models._scoring.topk import diagonal
from penchant.models.base import Metric, OnEpoch
from penchant.models.neighbors.paths import Paths
from penchant.models.neighbors.settings import NeighborSettings
from penchant.models.neighbors.similarity import MAX_BYTES, RowSimilarity, too_many
from penchant.models.search import Search


@dataclass(kw_only=True, eq=False)
class ItemNeighbors(NeighborSettings):
    """Recommend the items most similar to those of a user's history (item-based neighbors).

    The score of item j for user u is Σ_i x_ui s_ij over the items i of the user's history; s_ij is
    the similarity of the items' columns of weighted interactions (Deshpande & Karypis 2004,
    "Item-based top-N recommendation algorithms"), and s_ii = 0. Each item keeps its nearest
    neighbors only, or all of them.

    ``similarity="rp3beta"`` is normalized co-occurrence with three exponents,
    s_ij = d_i⁻ᵃ (Σ_u x_ui x_uj d_u⁻ᵇ) d_j⁻ᶜ, where d is the sum of the absolute values of a row or
    column of x. a = b = 1, c = 0 is P³, a random walk over three edges (Cooper, Lee, Radinsky &
    Siddiqui 2014, "Random walks in recommender systems"); with c = β it is RP³β (Paudel,
    Christoffel, Newell & Bernstein 2017, "Updatable, accurate, diverse, and scalable
    recommendations for interactive applications"); a = c = ½, b = 0 is the cosine on likes without
    values. The default, ``"auto"``, has b = 0.7, and a and c that grow with the interactions of a
    user and of an item, since popular items are the better guess where there are few (see "How the
    defaults were chosen" in the manual).

    Similarities with little support are often due to chance. ``shrinkage`` h reduces them: s_ij is
    multiplied by n_ij / (n_ij + h), where n_ij is the number of users who have both (Bell & Koren
    2007, "Scalable collaborative filtering with jointly derived neighborhood interpolation
    weights"; for top-k lists, Cremonesi, Koren & Turrin 2010, "Performance of recommender
    algorithms on top-N recommendation tasks").

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    kind: ClassVar[str] = "item-neighbors"
    search: ClassVar[Search] = Search(
        space={
            "similarity": "auto",
            "neighbors": [50, 200, 800, None],
            "source_exponent": (0.0, 1.0),
            "common_exponent": (0.0, 1.0),
            "target_exponent": (0.0, 0.75),
        },
        start={"source_exponent": 0.5, "common_exponent": 0.7, "target_exponent": 0.3},
        rules=("source_exponent", "common_exponent", "target_exponent"),
        quick={"neighbors": 50},
    )
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "similarities": ArraySpec("float32", ("?kept",), needs="kept"),
        "neighbors": ArraySpec("int32", ("?kept",), min=0, below="n_items", needs="kept"),
        "offsets": ArraySpec("int64", ("n_items + 1",), points_into="?kept", needs="kept"),
        "on_demand": ArraySpec("uint8", (1,), needs="on_demand"),
    }

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Compute every item's neighbors; there are no epochs, so ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        SettingsError
            If all similarities are to be kept, with shrinkage or by Jaccard, and take too much
            memory.
        """
        interactions = self._to_learn(interactions)
        items, similarity = self._learn(interactions)
        own = diagonal(np.arange(items.n_rows, dtype=np.int32), items.n_rows)
        if self.neighbors is not None:
            self._similarities: Csr | None = similarity.nearest(items, self.neighbors, own)
        else:
            self._similarities = similarity.all_of(items, own, MAX_BYTES)
            if self._similarities is None and not similarity.is_linear:
                raise too_many(self)
        self._paths = None if self._similarities is not None else Paths(items, similarity)
        self._interactions = interactions
        self._check_learned()
        return self

    def _learn(self, interactions: Interactions) -> tuple[Csr, RowSimilarity]:
        """Return the items over the users, and the similarity of items."""
        items = self._items_of(interactions)
        return items, RowSimilarity(self, items, interactions.csr)

    def _items_of(self, data: Interactions) -> Csr:
        """Return the items over the users, with the values of X."""
        if self.half_life is None:
            return self._weighted(data.by_item(), data)
        return self._weighted(data.csr, data).transpose()

    @property
    def uses_interactions(self) -> Use:
        """Scores are sums over a history, unless similarities are computed when needed."""
        return "histories" if vars(self).get("_paths") is None else "all"

    # --- answers -------------------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._scorer_of(self._weighted(rows))

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the model's own similarity for any metric."""
        return self._scorer_of(diagonal(np.asarray(items, dtype=np.int32), len(self.items)))

    def _scorer_of(self, rows: Csr) -> Scorer:
        if self._similarities is not None:
            return SparseScorer(rows, self._similarities, threads=self.threads)
        assert self._paths is not None
        return self._paths.scorer(rows, self.threads)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        cells = Csr(
            np.arange(row.nnz + 1, dtype=np.int64),
            np.full(row.nnz, item, dtype=np.int32),
            np.zeros(row.nnz, dtype=np.float32),
            len(self.items),
        )
        votes = self._item_scorer(row.indices, "cosine").at(cells)
        values = self._weighted(row).values
        return values.astype(np.float64) * np.asarray(votes, dtype=np.float64)

    # --- files ---------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the similarities, or a mark that they are computed when needed."""
        if self._similarities is None:
            return {"on_demand": np.ones(1, dtype=np.uint8)}
        matrix = self._similarities
        return {
            "similarities": matrix.values,
            "neighbors": matrix.indices.astype(np.int32),
            "offsets": matrix.indptr.astype(np.int64),
        }

    def _check_arrays(self, arrays: Mapping[str, npt.NDArray[Any]], *, finite: bool = True) -> None:
        """Expect the similarities, or the mark that they are computed when needed."""
        kind = "on_demand" if "on_demand" in arrays else "kept"
        check_arrays(arrays, self.arrays, {**self._sizes(), kind: 1}, finite=finite)

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._similarities = self._paths = None
        if "on_demand" in arrays:
            items, similarity = self._learn(self.interactions)
            if self.neighbors is not None or not similarity.is_linear:
                raise ValueError("similarities of these settings are not computed on demand")
            self._paths = Paths(items, similarity)
        else:
            parts = arrays["offsets"], arrays["neighbors"], arrays["similarities"]
            self._similarities = Csr(*parts, len(self.items))
