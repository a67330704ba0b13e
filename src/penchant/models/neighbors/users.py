"""User-based nearest neighbors: similarities of users by their common items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings.declarations import Setting
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.sparse_scorer import SparseScorer
from penchant.models._scoring.topk import diagonal
from penchant.models.base import Metric, OnEpoch
from penchant.models.neighbors.settings import NeighborSettings
from penchant.models.neighbors.similarity import RowSimilarity
from penchant.models.neighbors.twins import TwinIndex
from penchant.models.search import Search


@dataclass(kw_only=True, eq=False)
class UserNeighbors(NeighborSettings):
    """Recommend what the users most similar to a user have (user-based neighbors).

    The score of item j for user u is Σ_v s_uv x_vj over the nearest neighbors v of u, or over all
    users; s_uv is the similarity of the users' rows of weighted interactions (Resnick, Iacovou,
    Suchak, Bergstrom & Riedl 1994, "GroupLens: an open architecture for collaborative filtering of
    netnews"; for likes, Sarwar, Karypis, Konstan & Riedl 2000, "Analysis of recommendation
    algorithms for e-commerce"). The similarities and settings are those of
    :class:`penchant.ItemNeighbors`, with users and items exchanged.

    Users with exactly the same history as the asking user, that user included, are no neighbors:
    they have no other items. A new user is compared with all users by the history, and gets
    what a known user with this history gets.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    similarity: Annotated[
        Literal["cosine", "tfidf", "bm25", "jaccard", "p3alpha", "rp3beta"],
        Setting(
            help="Similarity of two users' rows.",
            details="As for :class:`penchant.ItemNeighbors`, with users and items exchanged: the "
            "inverse frequency of TF-IDF and BM25 counts popular items less.",
            tune=["cosine", "tfidf", "bm25", "jaccard", "rp3beta"],
        ),
    ] = "bm25"
    neighbors: Annotated[
        int | None,
        Setting(
            min=1,
            help="Neighbors kept per user; none: all users, with the weight of their similarity.",
            details="Without a limit nothing is kept in the model, and an answer takes longer.",
            tune=(20, 1000, "log"),
        ),
    ] = 150

    kind: ClassVar[str] = "user-neighbors"
    search: ClassVar[Search] = Search(
        space={
            "similarity": ["cosine", "tfidf", "bm25", "rp3beta"],
            "neighbors": (30, 1000, "log"),
            "common_exponent": (0.25, 1.0),
            "target_exponent": (0.0, 0.75),
        },
        quick={"neighbors": 100},
    )
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "similarities": ArraySpec("float32", ("?kept",), needs="neighbors"),
        "neighbors": ArraySpec("int32", ("?kept",), min=0, below="n_users", needs="neighbors"),
        "offsets": ArraySpec("int64", ("n_users + 1",), points_into="?kept", needs="neighbors"),
    }

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Compute every user's neighbors; there are no epochs, so ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        """
        interactions = self._to_learn(interactions)
        self._learn(interactions)
        self._neighbors = None if self.neighbors is None else self._neighbors_of(self._data)
        self._interactions = interactions
        self._check_learned()
        return self

    def _learn(self, interactions: Interactions) -> None:
        """Prepare the similarity of any history to the users of the training data."""
        self._data = self._weighted(interactions.csr, interactions)
        self._similarity = RowSimilarity(self, self._data, interactions.by_item())
        self._twins = TwinIndex(self._data)

    def _neighbors_of(self, rows: Csr) -> Csr:
        """Return the similarities of histories (values x) to their neighbors, over the users."""
        twins = self._twins.twins_of(rows)
        if self.neighbors is not None:
            return self._similarity.nearest(rows, self.neighbors, twins)
        similarities = self._similarity.all_of(rows, twins)
        assert similarities is not None  # the number of entries is not limited
        return similarities

    # --- answers -------------------------------------------------------------------------

    def prepare(self) -> None:
        """Weight the users' rows, with which new users are compared; see :meth:`Model.prepare`."""
        super().prepare()
        _ = self._similarity.targets

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        neighbors, values = self._neighbors, self._weighted(rows)

        def left(queries: npt.NDArray[Any]) -> Csr:
            if users is not None and neighbors is not None:
                return neighbors.take_rows(users[queries])
            return self._neighbors_of(values.take_rows(queries))

        return SparseScorer(left, self._data, n_queries=rows.n_rows, threads=self.threads)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return what a user who has only the item gets, for any metric."""
        return self._scorer(diagonal(np.asarray(items, dtype=np.int32), len(self.items)), None)

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the model's own similarity for any metric."""
        return self._similarity.scorer(self._data.take_rows(users))

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """Divide each neighbor's part of the score by what the items add to the similarity."""
        rows = self._weighted(row)
        neighbors = self._neighbors_of(rows)
        voters = self._data.take_rows(neighbors.indices)
        has = voters.indices == item
        voter, votes = voters.row_of_entry[has], voters.values[has].astype(np.float64)
        codes, parts = neighbors.indices[voter], neighbors.values[voter] * votes
        weights = self._similarity.weigh(rows).values.astype(np.float64)
        columns = self._similarity.targets.take_rows(rows.indices).to_scipy()[:, codes].toarray()
        terms = weights[:, None] * columns.astype(np.float64)
        total = terms.sum(axis=0)
        share = np.divide(parts, total, out=np.zeros_like(parts), where=total != 0)
        return np.asarray(terms @ share)

    # --- files ---------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the neighbors; nothing without a limit, since they are computed when needed."""
        if self._neighbors is None:
            return {}
        matrix = self._neighbors
        return {
            "similarities": matrix.values,
            "neighbors": matrix.indices,
            "offsets": matrix.indptr,
        }

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._learn(self.interactions)
        self._neighbors = None
        if self.neighbors is not None:
            parts = arrays["offsets"], arrays["neighbors"], arrays["similarities"]
            self._neighbors = Csr(*parts, len(self.users))
