"""Recommendations for new users and of new items, both known by their features."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant.data.feature_rows import FeatureRow, as_weights
from penchant.data.features import Features
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.engines.base import Factors
from penchant.errors import DataError, SettingsError
from penchant.models import _answering as answering
from penchant.models._answering import Candidates
from penchant.models._arguments import History, ItemLists, as_histories
from penchant.models._request import RecommendRequest
from penchant.models._scores import People
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.base import Model
from penchant.results import Recommendations

Entity = Literal["user", "item"]
"""What features describe."""


class ColdStartModel(Model):
    """A model that takes features: of new users to rank for, and of new items to rank."""

    @abstractmethod
    def _scorer_of_new(
        self,
        rows: Csr,
        users: npt.NDArray[Any] | None,
        people: Sequence[FeatureRow] | None,
        items: Sequence[FeatureRow] | None,
    ) -> Scorer:
        """As :meth:`_scorer`, with features of new users, or over new items."""

    def _uses_features_of(self, entity: Entity) -> bool:
        """Whether the model was fitted with features of users, or of items, and uses them."""
        data = self.interactions
        return (data.user_features if entity == "user" else data.item_features) is not None

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
        """Recommend the best items, known or new, for users, known or new.

        Parameters
        ----------
        users, k, history, exclude_seen, allow, deny, scale
            As for every model.
        user_features
            The features of a new user, or a list of several users' features, in place of
            ``users``; with a ``history`` or without one.
        item_features
            New items, id → features: they alone are ranked.

        Raises
        ------
        UnsupportedError
            If the model was fitted without such features.
        DataError
            If features are not lists or mappings of names.
        UnknownIdError, NotFittedError, SettingsError
            As for every model.
        """
        return self.answer(
            RecommendRequest(
                users=users,
                k=k,
                history=history,
                exclude_seen=exclude_seen,
                allow=allow,
                deny=deny,
                scale=scale,
                user_features=user_features,
                item_features=item_features,
            )
        )

    def answer(self, request: RecommendRequest) -> Recommendations:
        """Answer a request for recommendations; see :meth:`recommend`."""
        features = None
        if request.user_features is None:
            people = self._people(request.users, request.history)
        else:
            features = self._feature_rows(request.user_features)
            people = _new_people(self.interactions, request, len(features))
        candidates, items = Candidates(self.items, people.rows, self.catalog), None
        if request.item_features is not None:
            new_ids = _new_ids(request.item_features)
            known = self.interactions.item_features
            items = [named(row, known) for row in request.item_features.values()]
            candidates = Candidates(new_ids, empty_rows(people.rows, len(new_ids)), None)
        scorer = self._scorer_of_new(people.rows, people.codes, features, items)
        return answering.recommendations(self, request, people, candidates, scorer)

    def _feature_rows(self, features: FeatureRow | Sequence[FeatureRow]) -> list[FeatureRow]:
        """Return one user's features, or several users' features, as a list."""
        known = self.interactions.user_features
        if isinstance(features, np.ndarray) and features.dtype.kind == "f":
            return [named(row, known) for row in np.atleast_2d(features)]
        if isinstance(features, str | bytes) or not isinstance(features, Iterable):
            raise DataError(f"user_features are a list of names or a mapping, got {features!r}")
        # one row is told from several as a history of items is
        return [named(row, known) for row in as_histories(features)]


class FeatureModel(ColdStartModel):
    """A model whose scores are inner products, and which computes vectors from features."""

    threads: int | None

    @abstractmethod
    def _vectors_of_people(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> Factors:
        """Return vectors of known users (codes), or of histories, with features or without."""

    @abstractmethod
    def _vectors_of_items(self, features: Sequence[FeatureRow] | None) -> Factors:
        """Return vectors of all items of the model, or of new ones, by their features."""

    def _scorer_of_new(
        self,
        rows: Csr,
        users: npt.NDArray[Any] | None,
        people: Sequence[FeatureRow] | None,
        items: Sequence[FeatureRow] | None,
    ) -> Scorer:
        vectors = self._vectors_of_people(rows, users, people)
        if items is None:
            return self._known_items_scorer(vectors)
        return self._inner(vectors, self._vectors_of_items(items))

    def _known_items_scorer(self, people: Factors) -> Scorer:
        """Return the scores of all items of the model."""
        return self._inner(people, self._vectors_of_items(None))

    def _inner(self, people: Factors, items: Factors) -> Scorer:
        """Return inner products as scores."""
        return FactorScorer(people, items, threads=self.threads)

    def _can_score(
        self, rows: Csr, users: npt.NDArray[Any] | None, met: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Known users without a history can be scored too, by their features."""
        can_score = super()._can_score(rows, users, met)
        features = self.interactions.user_features
        if users is None or features is None:
            return can_score
        described = features.with_identity(False).aligned(self.users).row_counts > 0
        return np.asarray(can_score | described[users])


def named(row: FeatureRow, known: Features | None) -> FeatureRow:
    """Return features as name → weight; a row of numbers is in the order of the known names.

    Raises
    ------
    DataError
        If they are not features, or their number differs.
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


def empty_rows(rows: Csr, n_columns: int) -> Csr:
    """Return as many rows without entries, over other columns."""
    return Csr(np.zeros_like(rows.indptr), rows.indices[:0], rows.values[:0], n_columns)


def _new_people(data: Interactions, request: RecommendRequest, n: int) -> People:
    """Return n new users: their numbers, and their histories, empty unless the request has any."""
    if request.users is not None:
        raise SettingsError("user_features are of people never seen: name no users")
    histories = [[]] * n if request.history is None else as_histories(request.history)
    if len(histories) != n:
        raise DataError(f"features of {n:,} people for {len(histories):,} histories")
    return People(list(range(n)), data.rows_of(histories), None)


def _new_ids(features: Mapping[Id, FeatureRow]) -> IdMap:
    if not isinstance(features, Mapping):
        raise DataError(
            f"item_features are a mapping item → features, got {type(features).__name__}"
        )
    return IdMap(list(features), "item")
