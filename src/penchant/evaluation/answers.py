"""What a model answers the users it is measured on: made where first needed, then kept.

:mod:`penchant.evaluation.metrics` turns it into figures. What does not depend on the model
(:class:`Relevant`, :class:`Training`) may serve several; what does not depend on which items are
to be found (:class:`Query`) may serve several parts of a split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.interactions import Csr, Interactions
from penchant.models._scoring.scorers import Ranks, Scorer, TopK

PerUser = npt.NDArray[np.float64]


def likes(interactions: Interactions) -> Csr:
    """The positive entries."""
    positive = interactions.csr.values > 0
    return interactions.csr if positive.all() else interactions.select(positive).csr


@dataclass(frozen=True, eq=False)
class Relevant:
    """R_u: what is to be found.

    Attributes
    ----------
    csr
        A row a user, and how much each item is worth; no row is empty.
    """

    csr: Csr

    @cached_property
    def counts(self) -> PerUser:
        """|R_u|."""
        return self.csr.row_counts.astype(np.float64)

    @cached_property
    def worth(self) -> PerUser:
        """Σ_{i ∈ R_u} r_ui."""
        return self.sum_by_user(self.csr.values.astype(np.float64))

    def sum_by_user(self, entries: npt.NDArray[np.float64]) -> PerUser:
        """Sums over each user's relevant items of one number each."""
        sums = np.bincount(self._user, weights=entries, minlength=self.csr.n_rows)
        return sums.astype(np.float64, copy=False)

    def of_user(self, numbers: PerUser) -> npt.NDArray[np.float64]:
        """Each user's number beside each of their relevant items."""
        return np.repeat(numbers, self.csr.row_counts)

    @cached_property
    def _user(self) -> npt.NDArray[np.int32]:
        return self.csr.row_of_entry


@dataclass(frozen=True, eq=False)
class Training:
    """What the likes that a model learned from say of items.

    Attributes
    ----------
    interactions
        What it was fitted on.
    """

    interactions: Interactions

    @cached_property
    def surprise(self) -> npt.NDArray[np.float64]:
        """−log2(share of the users who like an item), shape (n_items,); nobody counts as one."""
        data = self.interactions
        likers = np.maximum(np.bincount(likes(data).indices, minlength=data.n_items), 1)
        bits: npt.NDArray[np.float64] = np.log2(max(data.n_users, 1)) - np.log2(likers)
        return bits


@dataclass(frozen=True, eq=False)
class Query:
    """A model's scores for the users who are measured.

    Attributes
    ----------
    scorer
        A query for each user.
    longest
        The largest k that will be asked for.
    """

    scorer: Scorer
    longest: int

    @cached_property
    def best(self) -> TopK:
        """The longest lists, of all items."""
        return self.scorer.top_k(self.longest)

    @cached_property
    def squares(self) -> PerUser:
        """Σ over all items of the squared score."""
        return self.scorer.sum_of_squares()


@dataclass(frozen=True, eq=False)
class Gains:
    """What list metrics are made of, an entry a user; see ``_kernels.ranking_gains``."""

    hits: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    dcg: npt.NDArray[np.float64]
    precisions: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers beside what was to be found.

    Attributes
    ----------
    query
        The model's scores of the users.
    relevant
        R_u.
    masked
        Items that are no candidates, none of them relevant; None: all are candidates.
    training
        What the model was fitted on.
    """

    query: Query
    relevant: Relevant
    masked: Csr | None
    training: Training

    @cached_property
    def n_candidates(self) -> PerUser:
        """|C_u|."""
        every = np.full(self.relevant.csr.n_rows, float(self.query.scorer.n_items))
        return every if self.masked is None else every - self.masked.row_counts

    @cached_property
    def ranks(self) -> Ranks:
        """Where each relevant item stands among the candidates."""
        return self.query.scorer.ranks(self.relevant.csr, exclude=self.masked)

    def lists(self, k: int) -> _kernels.Rows:
        """L_u of every user: row pointers and item codes."""
        top = self._top
        if k >= self.query.longest:
            return top.indptr, top.indices
        place = np.arange(len(top.indices)) - np.repeat(top.indptr[:-1], np.diff(top.indptr))
        counts = np.minimum(np.diff(top.indptr), k)
        return np.concatenate([[0], np.cumsum(counts)]), top.indices[place < k]

    def gains(self, k: int) -> Gains:
        """What the list metrics are made of, from one native pass over the lists."""
        if k not in self._gains:
            lists = self._top.indptr, self._top.indices
            relevant = self.relevant.csr.indptr, self.relevant.csr.indices
            n_items, threads = self.query.scorer.n_items, self.query.scorer.threads
            found = _kernels.ranking_gains(lists, relevant, k, n_items, threads=threads)
            self._gains[k] = Gains(*found)
        return self._gains[k]

    @cached_property
    def _top(self) -> TopK:
        if self.masked is None:
            return self.query.best
        return self.query.scorer.top_k(self.query.longest, exclude=self.masked)

    @cached_property
    def _gains(self) -> dict[int, Gains]:
        return {}
