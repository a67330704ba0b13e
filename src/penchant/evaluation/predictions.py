"""A model's predictions for the evaluated users, computed on first use and cached.

:mod:`penchant.evaluation.metrics` computes metrics from them. What does not depend on the model
(:class:`RelevantItems`, :class:`TrainingData`) can be shared by several models; what does not
depend on the relevant items (:class:`UserScores`) can be shared by several parts of a split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.interactions import Csr, Interactions
from penchant.evaluation.cells import positions
from penchant.models._scoring.scorers import Ranks, Scorer, TopK

PerUser = npt.NDArray[np.float64]


def likes(interactions: Interactions) -> Csr:
    """Return the entries with a positive value."""
    positive = interactions.csr.values > 0
    return interactions.csr if positive.all() else interactions.select(positive).csr


@dataclass(frozen=True, eq=False)
class RelevantItems:
    """R_u: the relevant items of each evaluated user.

    Attributes
    ----------
    csr
        One row per user; the value of an entry is the item's weight. No row is empty.
    """

    csr: Csr

    @cached_property
    def counts(self) -> PerUser:
        """|R_u|."""
        return self.csr.row_counts.astype(np.float64)

    @cached_property
    def total_values(self) -> PerUser:
        """Σ_{i ∈ R_u} r_ui."""
        return self.sum_by_user(self.csr.values.astype(np.float64))

    def sum_by_user(self, entries: npt.NDArray[np.float64]) -> PerUser:
        """Return the sum of ``entries``, one per relevant item, for each user."""
        sums = np.bincount(self._user, weights=entries, minlength=self.csr.n_rows)
        return sums.astype(np.float64, copy=False)

    def repeat_by_user(self, values: PerUser) -> npt.NDArray[np.float64]:
        """Return each user's value once for every relevant item of the user."""
        return np.repeat(values, self.csr.row_counts)

    @cached_property
    def _user(self) -> npt.NDArray[np.int32]:
        return self.csr.row_of_entry


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Statistics of the interactions that a model was fitted on.

    Attributes
    ----------
    interactions
        The training interactions.
    """

    interactions: Interactions

    @cached_property
    def self_information(self) -> npt.NDArray[np.float64]:
        """−log2(share of the users who like an item), shape (n_items,).

        An item without likes counts as if it had one.
        """
        data = self.interactions
        counts = np.maximum(np.bincount(likes(data).indices, minlength=data.n_items), 1)
        bits: npt.NDArray[np.float64] = np.log2(max(data.n_users, 1)) - np.log2(counts)
        return bits


@dataclass(frozen=True, eq=False)
class UserScores:
    """A model's scores for the evaluated users.

    Attributes
    ----------
    scorer
        One query per user.
    max_k
        The largest k of any metric.
    """

    scorer: Scorer
    max_k: int

    @cached_property
    def top_k(self) -> TopK:
        """The ``max_k`` best of all items for each user."""
        return self.scorer.top_k(self.max_k)

    @cached_property
    def sum_of_squares(self) -> PerUser:
        """Sum over all items of the squared score."""
        return self.scorer.sum_of_squares()


@dataclass(frozen=True, eq=False)
class ListGains:
    """Per-user counts and sums from which the list metrics follow; see ``ranking_gains``."""

    hits: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    dcg: npt.NDArray[np.float64]
    precisions: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions beside the relevant items.

    Attributes
    ----------
    scores
        The model's scores for the users.
    relevant
        R_u.
    masked
        Items that are no candidates, none of them relevant; None: all items are candidates.
    training
        The data that the model was fitted on.
    allowed
        The only candidates of each user, the relevant items among them and none that is masked;
        None: all items but the masked ones.
    """

    scores: UserScores
    relevant: RelevantItems
    masked: Csr | None
    training: TrainingData
    allowed: Csr | None = None

    @cached_property
    def n_candidates(self) -> PerUser:
        """|C_u|."""
        if self.allowed is not None:
            return self.allowed.row_counts.astype(np.float64)
        n_items = np.full(self.relevant.csr.n_rows, float(self.scores.scorer.n_items))
        return n_items if self.masked is None else n_items - self.masked.row_counts

    @cached_property
    def ranks(self) -> Ranks:
        """The rank of each relevant item among the candidates."""
        if self.allowed is not None:
            return _listed_ranks(self.scores.scorer, self.relevant.csr, self.allowed)
        return self.scores.scorer.ranks(self.relevant.csr, exclude=self.masked)

    def lists(self, k: int) -> _kernels.Rows:
        """Return L_u of every user as row pointers and item codes."""
        top = self._top_k
        if k >= self.scores.max_k:
            return top.indptr, top.indices
        rank = np.arange(len(top.indices)) - np.repeat(top.indptr[:-1], np.diff(top.indptr))
        counts = np.minimum(np.diff(top.indptr), k)
        return np.concatenate([[0], np.cumsum(counts)]), top.indices[rank < k]

    def gains(self, k: int) -> ListGains:
        """Return the gains of the lists cut at k, from one native pass over them."""
        if k not in self._gains:
            lists = self._top_k.indptr, self._top_k.indices
            relevant = self.relevant.csr.indptr, self.relevant.csr.indices
            n_items, threads = self.scores.scorer.n_items, self.scores.scorer.threads
            gains = _kernels.ranking_gains(lists, relevant, k, n_items, threads=threads)
            self._gains[k] = ListGains(*gains)
        return self._gains[k]

    @cached_property
    def _top_k(self) -> TopK:
        if self.masked is None and self.allowed is None:
            return self.scores.top_k
        scorer, k = self.scores.scorer, self.scores.max_k
        return scorer.top_k(k, exclude=self.masked, allow=self.allowed)

    @cached_property
    def _gains(self) -> dict[int, ListGains]:
        return {}


def _listed_ranks(scorer: Scorer, targets: Csr, candidates: Csr) -> Ranks:
    """Return the ranks of targets among the candidates of each query, targets included."""
    scores = scorer.at(candidates)
    scores = np.where(np.isnan(scores), -np.inf, scores)
    row = candidates.row_of_entry
    order = np.lexsort((-scores, row))  # best first within each row
    row, scores = row[order], scores[order]
    differs = (row[1:] != row[:-1]) | (scores[1:] != scores[:-1])
    first = np.flatnonzero(np.concatenate([[True], differs]))  # of each group of equal scores
    sizes = np.diff(np.append(first, len(row)))
    group = np.repeat(np.arange(len(first)), sizes)
    above, tied = np.empty(len(row), dtype=np.int32), np.empty(len(row), dtype=np.int32)
    above[order] = first[group] - candidates.indptr[row]
    tied[order] = sizes[group] - 1
    place = positions(targets, candidates)
    return Ranks(above[place], tied[place], candidates.row_counts)
