"""Item-based nearest neighbors: similarities of items by their common users."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
from penchant.data.interactions import Csr, Interactions
from penchant.models._scoring.scorers import BlockScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch
from penchant.models.capabilities import Explains

if TYPE_CHECKING:
    import scipy.sparse as sp


Values = npt.NDArray[np.float32] | None
"""The values of entries; None: all 1."""

_BLOCK_BYTES = 8 << 20  # of similarities at a time: they fit into the cache


@dataclass(kw_only=True, eq=False)
class ItemNeighbors(Model, Explains):
    """Recommend the items most similar to those of a user's history (item-based neighbors).

    The score of item j for user u is Σ_i r_ui s_ij over the items i of the user's history; s_ij is
    the similarity of the items' columns of weighted interactions (Deshpande & Karypis 2004,
    "Item-based top-N recommendation algorithms"). Each item keeps its nearest neighbors only.

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

    similarity: Annotated[
        Literal["cosine", "tfidf", "bm25"],
        Setting(
            help="Similarity of two items' columns.",
            details='``"cosine"``: of the columns as they are; ``"tfidf"``: cosine of columns of '
            "√r · log(n / (1 + |S_u|)), n the number of items and |S_u| the number of the user's "
            'items, so that users of very many items count less; ``"bm25"``: inner product of '
            "columns weighted by Okapi BM25 with the same inverse frequency.",
            tune=["cosine", "tfidf", "bm25"],
        ),
    ] = "cosine"
    neighbors: Annotated[
        int, Setting(min=1, help="Neighbors kept per item.", tune=(10, 400, "log"))
    ] = 50
    k1: Annotated[
        float,
        Setting(
            above=0,
            help="Saturation of BM25.",
            details="A large value nearly divides an item's column by its length, which suits "
            "catalogs of rare items.",
            tune=(0.1, 100.0, "log"),
            advanced=True,
        ),
    ] = 1.2
    b: Annotated[
        float,
        Setting(min=0, max=1, help="Length normalization of BM25.", tune=(0.0, 1.0), advanced=True),
    ] = 0.75
    shrinkage: Annotated[
        float,
        Setting(
            min=0,
            unit="users",
            help="Users in common at which a similarity counts half; 0: no shrinkage.",
            tune=(0.1, 100.0, "log"),
        ),
    ] = 0.0
    threads: Annotated[
        int | None,
        Setting(
            min=1,
            help="Number of threads. Default: all cores this process may use.",
            details="The environment variable ``PENCHANT_THREADS`` sets another default.",
        ),
    ] = None

    kind: ClassVar[str] = "item-neighbors"

    def __post_init__(self) -> None:
        validate(self)

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Compute every item's neighbors; there are no epochs, so ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        """
        interactions = self._to_learn(interactions)
        n = interactions.n_items
        own = Csr(
            np.arange(n + 1, dtype=np.int64),
            np.arange(n, dtype=np.int32),
            np.ones(n, dtype=np.float32),
            n,
        )
        batch = max(1, _BLOCK_BYTES // (4 * n))
        similarities = self._similarity_blocks(interactions)
        scorer = BlockScorer(n, n, similarities, batch=batch, threads=self.threads)
        top = scorer.top_k(self.neighbors, exclude=own)
        positive = top.scores > 0
        indptr = np.concatenate([[0], np.cumsum(positive)])[top.indptr]
        self._similarities = _csr(top.scores[positive], top.indices[positive], indptr, n)
        self._interactions = interactions
        return self

    def _similarity_blocks(
        self, interactions: Interactions
    ) -> Callable[[slice], npt.NDArray[np.float32]]:
        """Return a function that computes the similarities of a range of items to all."""
        columns = self._weighted(interactions)
        by_user = columns.transpose()

        def products(items: slice, left: Values, right: Values) -> npt.NDArray[np.float32]:
            pointers = columns.indptr[items.start : items.stop + 1]
            return _kernels.sparse_product(
                (pointers, columns.indices, left),
                (by_user.indptr, by_user.indices, right),
                columns.n_rows,
                validated=True,  # by the transposition
                threads=self.threads,
            )

        def similarities(items: slice) -> npt.NDArray[np.float32]:
            block = products(items, columns.values, by_user.values)
            if self.shrinkage:
                common = products(items, None, None)
                common /= common + np.float32(self.shrinkage)
                block *= common
            return block

        return similarities

    def _weighted(self, interactions: Interactions) -> Csr:
        """Return weighted items × users, whose rows have the similarities as inner products."""
        by_item = interactions.by_item()
        n_users = interactions.n_users
        values = by_item.values.astype(np.float64)
        rows, users = by_item.row_of_entry, by_item.indices
        if self.similarity != "cosine":
            seen = np.bincount(users, minlength=n_users)
            rarity = np.maximum(np.log(by_item.n_rows / (1.0 + seen)), 0.0)[users]
            size = np.abs(values)
            if self.similarity == "tfidf":
                size = np.sqrt(size) * rarity
            else:
                total = np.bincount(rows, weights=size, minlength=by_item.n_rows)
                length = (1 - self.b) + self.b * total / max(total.mean(), 1e-30)
                size = size * (self.k1 + 1) / (self.k1 * length[rows] + size) * rarity
            values = np.copysign(size, values)
        if self.similarity != "bm25":
            norms = np.sqrt(np.bincount(rows, weights=values**2, minlength=by_item.n_rows))
            values = values / np.maximum(norms, 1e-30)[rows]
        return Csr(by_item.indptr, by_item.indices, values.astype(np.float32), n_users)

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._block_scorer(rows.n_rows, rows.to_scipy())

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the model's own similarity for any metric."""
        ones = np.ones(len(items), dtype=np.float32)
        chosen = _csr(ones, items, np.arange(len(items) + 1), len(self.items))
        return self._block_scorer(len(items), chosen)

    def _block_scorer(self, n: int, left: sp.csr_array) -> Scorer:
        right = self._similarities
        return BlockScorer(
            n, len(self.items), lambda rows: _dense(left[rows] @ right), threads=self.threads
        )

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        votes = self._similarities[row.indices][:, [item]].toarray().ravel()
        return row.values.astype(np.float64) * np.asarray(votes, dtype=np.float64)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        matrix = self._similarities
        return {
            "similarities": matrix.data,
            "neighbors": matrix.indices.astype(np.int32),
            "offsets": matrix.indptr.astype(np.int64),
        }

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._similarities = _csr(
            arrays["similarities"], arrays["neighbors"], arrays["offsets"], len(self.items)
        )


def _csr(
    values: npt.NDArray[Any], columns: npt.NDArray[Any], indptr: npt.NDArray[Any], n_columns: int
) -> sp.csr_array:
    import scipy.sparse as sp

    return sp.csr_array((values, columns, indptr), shape=(len(indptr) - 1, n_columns))


def _dense(block: sp.csr_array) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(block.toarray(), dtype=np.float32)
