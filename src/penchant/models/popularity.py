"""The baseline: the most popular items, overall, recently, or of a user's categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings import times
from penchant._settings.configurable import validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.data.categories import categories_of
from penchant.data.csr import Csr
from penchant.data.decay import NEEDS_TIMES, decay
from penchant.data.interactions import Interactions
from penchant.errors import DataError, EmptyDataError
from penchant.models._outline import Use
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models._scoring.sparse_scorer import SparseScorer
from penchant.models.base import Metric, Model, OnEpoch

Shares = npt.NDArray[np.float32]


@dataclass(kw_only=True, eq=False)
class Popularity(Model):
    """Score every item by the share of users who like it; dislikes don't count.

    With ``half_life`` a like counts the less the older it is, with ``since`` only later likes
    count: the items that are popular now.

    With ``category`` each user gets the popular items of the categories of their likes. The score
    of an item is the probability Σ_c P(c | user) · P(item | c): a category c is drawn by the user's
    likes, then an item of c by popularity. P(c | user) is the share of c in the user's likes and
    one like more that is drawn from all likes; a like of an item of several categories is divided
    among them, and items without any are a category of their own. A user without a history gets
    the popular items of all categories.

    It has no similarities: :meth:`similar_items` returns the most popular items, with ``category``
    those for a user who likes the item.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    half_life: HalfLife = None
    since: Annotated[
        int | str | None,
        Setting(
            help="Time before which interactions don't count. Default: all count.",
            details="A whole number in the unit of the timestamps; a date, or date and time, in "
            'ISO format (UTC), for timestamps in seconds; or a duration such as ``"90d"``: so '
            "long before the newest interaction.",
        ),
    ] = None
    category: Annotated[
        str | None,
        Setting(
            help="Column of the items' categories. Default: categories don't count.",
            details='``"tags"``: the tags of the catalog; another name: that column of the '
            "table that features of items were read from.",
        ),
    ] = None
    threads: Threads = None

    kind: ClassVar[str] = "popularity"
    personal: ClassVar[bool] = False  # every user can be scored, with or without a history
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
            If it is not interactions, has no timestamps for ``half_life`` or ``since``, or its
            items have no column ``category``.
        EmptyDataError
            If there are none, or none since ``since``.
        """
        data = self._to_learn(interactions)
        counts = np.bincount(data.csr.indices, self._weights(data), minlength=data.n_items)
        shares = (counts / data.n_users).astype(np.float32)
        categories = self._categories_of(data, shares)
        self._interactions, self._shares, self._categories = data, shares, categories
        self._check_learned()
        return self

    def _weights(self, data: Interactions) -> npt.NDArray[np.float64]:
        """Compute what each interaction counts, shape (nnz,)."""
        weights = (data.csr.values > 0).astype(np.float64)
        if self.half_life is not None:
            weights *= decay(data.timestamps, self.half_life)
        if self.since is None:
            return weights
        if data.timestamps is None:
            raise DataError(f"since= {NEEDS_TIMES}")
        since = times.check_time("since", self.since, int(data.timestamps.max()))
        weights *= data.timestamps >= since
        if not weights.any():
            raise EmptyDataError(f"there are no likes in {data.name!r} since {self.since!r}")
        return weights

    @property
    def shares(self) -> Shares:
        """float32, shape (n_items,): the share of users who like each item."""
        _ = self._trained_on
        return self._shares

    @property
    def uses_interactions(self) -> Use:
        """Histories determine scores with ``category`` only."""
        return "seen" if self.category is None else "histories"

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        if self._categories is not None:
            return self._categories.scorer(rows, self.threads)
        return self._same_for_all(rows.n_rows)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        pointers = np.arange(len(items) + 1, dtype=np.int64)
        values = np.ones(len(items), dtype=np.float32)
        return self._scorer(Csr(pointers, items, values, len(self.shares)), None)

    def _same_for_all(self, n_queries: int) -> Scorer:
        queries = np.ones((n_queries, 1), dtype=np.float32)
        return FactorScorer(queries, self.shares[:, np.newaxis], threads=self.threads)

    def _categories_of(self, data: Interactions, shares: Shares) -> _Categories | None:
        return None if self.category is None else _Categories.of(data, self.category, shares)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"shares": self._shares}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._shares = arrays["shares"]
        self._categories = self._categories_of(self._trained_on, self._shares)


@dataclass(frozen=True)
class _Categories:
    """The categories of the items, for P(c | user), and P(item | c).

    A last category, which no item has and every user likes once, stands for one like more.

    Attributes
    ----------
    of_items
        Shape (n_items, n categories): what a like of an item counts in each category.
    items
        Shape (n categories + 1, n_items): P(item | c); in the last row the shares of all likes.
    """

    of_items: Csr
    items: Csr

    @classmethod
    def of(cls, data: Interactions, column: str, shares: Shares) -> _Categories:
        """Compute both from the shares of users who like each item."""
        import scipy.sparse as sp

        of_items = categories_of(data, column)
        likes = sp.csr_array(of_items.to_scipy().astype(np.float64).T)
        likes.data *= shares[likes.indices]
        rows = sp.csr_array(sp.vstack([likes, shares[np.newaxis].astype(np.float64)]))
        sums = np.maximum(rows.sum(axis=1), np.finfo(np.float64).tiny)
        rows.data /= np.repeat(sums, np.diff(rows.indptr))
        return cls(of_items, _csr(rows))

    def scorer(self, rows: Csr, threads: int | None) -> Scorer:
        """Return a scorer of Σ_c P(c | user) · P(item | c) for the histories of some users."""
        import scipy.sparse as sp

        X = rows.to_scipy()
        X.data = (X.data > 0).astype(np.float64)
        counts = sp.csr_array(sp.hstack([X @ self.of_items.to_scipy(), np.ones((rows.n_rows, 1))]))
        counts.data /= np.repeat(X.sum(axis=1) + 1, np.diff(counts.indptr))
        return SparseScorer(_csr(counts), self.items, threads=threads)


def _csr(matrix: Any) -> Csr:
    """Return a sparse matrix of SciPy as float32."""
    matrix.sum_duplicates()
    return Csr(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float32),
        matrix.shape[1],
    )
