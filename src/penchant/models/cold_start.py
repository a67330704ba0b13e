"""Recommendations for and of those that were never seen, known by their features."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.feature_rows import FeatureRow, as_weights
from penchant.data.features import Features
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.engines.base import Factors
from penchant.errors import DataError, SettingsError
from penchant.models._arguments import History, ItemLists, allowed, as_histories, excluded
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models._scoring.topk import top_k
from penchant.models.base import Model
from penchant.results import Recommendations

Side = Literal["user", "item"]


class ColdStartModel(Model):
    """A model that ranks for people, and out of items, that are known by their features alone."""

    @abstractmethod
    def _scorer_of_new(
        self,
        rows: Csr,
        users: npt.NDArray[Any] | None,
        people: Sequence[FeatureRow] | None,
        items: Sequence[FeatureRow] | None,
    ) -> Scorer:
        """As :meth:`_scorer`, with features of people who are new, or over items that are."""

    def _goes_by_features_of(self, side: Side) -> bool:
        """Whether it was fitted with features of users, or of items, and uses them."""
        return getattr(self.interactions, f"{side}_features") is not None

    def recommend(
        self,
        users: Id | Iterable[Id] | None = None,
        k: int = 10,
        *,
        history: History | Sequence[History] | None = None,
        exclude_seen: bool = True,
        allow: ItemLists | None = None,
        deny: ItemLists | None = None,
        scale: bool = False,
        user_features: FeatureRow | Sequence[FeatureRow] | None = None,
        item_features: Mapping[Id, FeatureRow] | None = None,
    ) -> Recommendations:
        """The best items for people, known or never seen, out of items known or never seen.

        Parameters
        ----------
        users, k, history, exclude_seen, allow, deny, scale
            As every model has them.
        user_features
            The features of a person who was never seen, or a list of several people's, in place
            of ``users``; beside a ``history`` or without one.
        item_features
            Items that were never seen, id → features; they alone are ranked, by their features.

        Raises
        ------
        UnsupportedError
            If the model was fitted without such features.
        DataError
            If features are no lists or mappings of names.
        UnknownIdError, NotFittedError, SettingsError
            As every model does.
        """
        described = None if user_features is None else self._several(user_features)
        queries, rows, codes = (
            self._people(users, history)
            if described is None
            else _new_people(self.interactions, users, history, len(described))
        )
        ids, new = self.items, None
        if item_features is not None:
            ids, known = _ids_of(item_features), self.interactions.item_features
            new = [named(row, known) for row in item_features.values()]
        scorer = self._scorer_of_new(rows, codes, described, new)
        rows = rows if new is None else nothing_of(rows, len(ids))
        top = top_k(
            scorer,
            checks.whole("k", k, 1),
            excluded(rows if exclude_seen else None, deny, queries, ids),
            allowed(allow, queries, ids),
        )
        answer = Recommendations(
            queries=queries,
            query_kind="history" if codes is None else "user",
            answer_kind="item",
            offsets=top.indptr,
            ids=ids[top.indices].tolist(),
            scores=top.scores,
            catalog=None if item_features is not None else self.catalog,
            sources=scorer.sources,
        )
        return answer.with_scaled_scores() if scale else answer

    def _several(self, given: FeatureRow | Sequence[FeatureRow]) -> list[FeatureRow]:
        """One person's features, or several people's, as a list."""
        known = self.interactions.user_features
        if isinstance(given, np.ndarray) and given.dtype.kind == "f":
            return [named(row, known) for row in np.atleast_2d(given)]
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise DataError(f"user_features are a list of names or a mapping, got {given!r}")
        # lists and mappings of names are told apart as of items
        return [named(row, known) for row in as_histories(given)]


class FeatureModel(ColdStartModel):
    """A model whose scores are inner products of vectors, and whose vectors features can give."""

    threads: int | None

    @abstractmethod
    def _vectors_of_people(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> Factors:
        """Of known users, by code; or where that is None of histories, with features or without."""

    @abstractmethod
    def _vectors_of_items(self, features: Sequence[FeatureRow] | None) -> Factors:
        """Of all items it knows; or of new ones, by their features."""

    def _scorer_of_new(
        self,
        rows: Csr,
        users: npt.NDArray[Any] | None,
        people: Sequence[FeatureRow] | None,
        items: Sequence[FeatureRow] | None,
    ) -> Scorer:
        vectors = self._vectors_of_people(rows, users, people)
        return self._inner(vectors, self._vectors_of_items(items))

    def _inner(self, people: Factors, items: Factors) -> Scorer:
        """The scores that vectors give."""
        return FactorScorer(people, items, threads=self.threads)

    def _can_score(
        self, rows: Csr, users: npt.NDArray[Any] | None, met: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Also for known users without a history, by their features."""
        told = super()._can_score(rows, users, met)
        features = self.interactions.user_features
        if users is None or features is None:
            return told
        described = features.with_identity(False).aligned(self.users).row_counts > 0
        return np.asarray(told | described[users])


def named(row: FeatureRow, known: Features | None) -> FeatureRow:
    """Features as name → weight; numbers in a row are those of the known ones, in their order.

    Raises
    ------
    DataError
        If they are none, or of another number.
    """
    if not isinstance(row, np.ndarray):
        return as_weights(row)
    if known is None or row.dtype.kind != "f":
        return row
    if row.shape != (known.n_features,):
        raise DataError(
            f"a vector of shape {row.shape} does not fit vectors of length {known.n_features:,}"
        )
    return dict(zip(known.names, row.tolist(), strict=True))


def nothing_of(rows: Csr, n_columns: int) -> Csr:
    """As many rows over other columns, with nothing in them."""
    return Csr(np.zeros_like(rows.indptr), rows.indices[:0], rows.values[:0], n_columns)


def _new_people(
    data: Interactions,
    users: Id | Iterable[Id] | None,
    history: History | Sequence[History] | None,
    n: int,
) -> tuple[list[Id], Csr, None]:
    """People never seen: their numbers and their histories, none where none is given."""
    if users is not None:
        raise SettingsError("user_features are of people never seen: name no users")
    histories = [[]] * n if history is None else as_histories(history)
    if len(histories) != n:
        raise DataError(f"features of {n:,} people for {len(histories):,} histories")
    return list(range(n)), data.rows_of(histories), None


def _ids_of(features: Mapping[Id, FeatureRow]) -> IdMap:
    if not isinstance(features, Mapping):
        raise DataError(
            f"item_features are a mapping item → features, got {type(features).__name__}"
        )
    return IdMap(list(features), "item")
