"""Models that take features: of new users to rank for, and of new items to rank."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant.data.feature_rows import FeatureRow, as_weights
from penchant.data.features import Features
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.engines.base import Factors
from penchant.errors import DataError, SettingsError
from penchant.models._arguments import History, ItemLists, as_histories
from penchant.models._request import RecommendRequest
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.results import Recommendations

Entity = Literal["user", "item"]
"""What features describe."""

Bools = npt.NDArray[np.bool_]


class _Answers(Protocol):
    """A model that answers requests."""

    def answer(self, request: RecommendRequest) -> Recommendations: ...


class _Fitted(Protocol):
    """A model that was fitted on interactions."""

    personal: ClassVar[bool]

    @property
    def _trained_on(self) -> Interactions: ...
    @property
    def scores_cold_items(self) -> bool: ...


@checked_methods
class ColdStartModel(ABC):
    """A model that takes features of new users, of new items, or of both.

    It is combined with :class:`penchant.models.base.Model`.
    """

    @abstractmethod
    def _scorer_of_new(
        self,
        rows: Csr,
        users: npt.NDArray[Any] | None,
        people: Sequence[FeatureRow] | None,
        items: Sequence[FeatureRow] | None,
    ) -> Scorer:
        """Return scores as :meth:`_scorer`, with features of new users, or over new items."""

    def _uses_features_of(self: _Fitted, entity: Entity) -> bool:
        """Return whether the model was fitted with features of users, or items, and uses them."""
        data = self._trained_on
        return (data.user_features if entity == "user" else data.item_features) is not None

    def recommend(
        self: _Answers,
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
            New items, id → features: only these are ranked.

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


@checked_methods
class FeatureModel(ColdStartModel):
    """A model whose scores are inner products, and which computes vectors from features."""

    threads: int | None

    @abstractmethod
    def _vectors_of_users(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> Factors:
        """Return vectors of known users (codes), or of histories, with features or without."""

    @abstractmethod
    def _vectors_of_items(self, features: Sequence[FeatureRow]) -> Factors:
        """Return vectors of new items, from their features."""

    @abstractmethod
    def _user_vectors_scorer(self, vectors: Factors) -> Scorer:
        """Return the scores of all items of the model for some vectors of users."""

    def _scorer_of_new(
        self,
        rows: Csr,
        users: npt.NDArray[Any] | None,
        people: Sequence[FeatureRow] | None,
        items: Sequence[FeatureRow] | None,
    ) -> Scorer:
        vectors = self._vectors_of_users(rows, users, people)
        if items is None:
            return self._user_vectors_scorer(vectors)
        return self._inner(vectors, self._vectors_of_items(items))

    def _inner(self, users: Factors, items: Factors) -> Scorer:
        """Return inner products as scores."""
        return FactorScorer(users, items, threads=self.threads)

    def _can_score(self: _Fitted, rows: Csr, users: npt.NDArray[Any] | None, met: Bools) -> Bools:
        """Return for which users there are scores, by their history or by their features."""
        by_history = scorable_by_history(self, rows, met)
        features = self._trained_on.user_features
        if users is None or features is None:
            return by_history
        with_features = features.with_identity(False).aligned(self._trained_on.users)
        return np.asarray(by_history | (with_features.row_counts > 0)[users])


def scorable_by_history(model: _Fitted, rows: Csr, met: Bools) -> Bools:
    """Return which histories a model has personal scores for, shape (n_rows,).

    Parameters
    ----------
    model
        The model. One that does not score cold items needs a history with an item that had
        interactions in training.
    rows
        The histories, over the model's items.
    met
        Which items had interactions in training.
    """
    if not model.personal:
        return np.ones(rows.n_rows, dtype=np.bool_)
    entries = slice(None) if model.scores_cold_items else met[rows.indices]
    return np.bincount(rows.row_of_entry[entries], minlength=rows.n_rows) > 0


def with_features_of(fitted: Interactions, data: Interactions) -> Interactions:
    """Return data with the features of the fitted interactions where it has none."""
    if data.item_features is None and fitted.item_features is not None:
        data = data.with_item_features(fitted.item_features)
    if data.user_features is None and fitted.user_features is not None:
        data = data.with_user_features(fitted.user_features)
    return data


def as_feature_rows(
    features: FeatureRow | Sequence[FeatureRow], fitted: Features | None
) -> list[FeatureRow]:
    """Return one user's features, or several users' features, as a list.

    Raises
    ------
    DataError
        If they are not features, or their number differs from that of the fitted ones.
    """
    if isinstance(features, np.ndarray) and features.dtype.kind == "f":
        return [named(row, fitted) for row in np.atleast_2d(features)]
    if isinstance(features, str | bytes) or not isinstance(features, Iterable):
        raise DataError(f"user_features are a list of names or a mapping, got {features!r}")
    # one row is distinguished from several as for histories
    return [named(row, fitted) for row in as_histories(features)]


def named(row: FeatureRow, fitted: Features | None) -> FeatureRow:
    """Return features as name → weight; a row of numbers is in the order of the fitted names.

    Raises
    ------
    DataError
        If they are not features, or their number differs.
    """
    if not isinstance(row, np.ndarray):
        return as_weights(row)
    if fitted is None or row.dtype.kind != "f":
        return row
    if row.shape != (fitted.n_features,):
        raise DataError(
            f"a vector of shape {row.shape} does not fit vectors of length {fitted.n_features:,}"
        )
    return dict(zip(fitted.names, row.tolist(), strict=True))


def empty_rows(rows: Csr, n_columns: int) -> Csr:
    """Return as many rows without entries, over other columns."""
    return Csr(np.zeros_like(rows.indptr), rows.indices[:0], rows.values[:0], n_columns)


def new_histories(data: Interactions, request: RecommendRequest, n: int) -> Csr:
    """Return the histories of n new users; they are empty unless the request has any.

    Raises
    ------
    SettingsError
        If the request names users too.
    DataError
        If the number of histories differs.
    """
    if request.users is not None:
        raise SettingsError("user_features are of people never seen: name no users")
    histories = [[]] * n if request.history is None else as_histories(request.history)
    if len(histories) != n:
        raise DataError(f"features of {n:,} people for {len(histories):,} histories")
    return data.rows_of(histories)


def new_ids(features: Mapping[Id, FeatureRow]) -> IdMap:
    """Return the ids of new items.

    Raises
    ------
    DataError
        If the argument is not a mapping.
    """
    if not isinstance(features, Mapping):
        raise DataError(
            f"item_features are a mapping item → features, got {type(features).__name__}"
        )
    return IdMap(list(features), "item")
