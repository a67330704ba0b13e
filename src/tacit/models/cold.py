"""Recommendations where people or items are known by their features alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from tacit import checks
from tacit.data.features import FeatureRow
from tacit.data.ids import Id, IdMap
from tacit.data.interactions import Csr
from tacit.engines.scorers import FactorScorer
from tacit.errors import DataError, SettingsError
from tacit.models.embeddings import F32
from tacit.models.lists import History, ItemLists, allowed, as_histories, excluded
from tacit.models.ranked import top_k
from tacit.results import Recommendations

if TYPE_CHECKING:
    from tacit.models.ranking import Ranking

People = tuple[list[Id], Literal["user", "history"], Csr, F32]
"""Who asks, what they are called, their histories, their vectors and biases."""


def recommend(
    model: Ranking,
    users: Id | Iterable[Id] | None,
    k: int,
    history: History | Sequence[History] | None,
    user_features: FeatureRow | Sequence[FeatureRow] | None,
    item_features: Mapping[Id, FeatureRow] | None,
    *,
    exclude_seen: bool,
    allow: ItemLists | None,
    deny: ItemLists | None,
) -> Recommendations:
    """See :meth:`tacit.Ranking.recommend`."""
    queries, kind, rows, people = (
        _known(model, users, history)
        if user_features is None
        else _described(model, users, history, user_features)
    )
    ids, factors = model.items, model.item_table
    if item_features is not None:
        ids, factors = _new_items(model, item_features)
        rows = Csr(np.zeros_like(rows.indptr), rows.indices[:0], rows.values[:0], len(ids))
    top = top_k(
        FactorScorer(as_queries(people), as_factors(factors), threads=model.threads),
        checks.whole("k", k, 1),
        excluded(rows if exclude_seen else None, deny, queries, ids),
        allowed(allow, queries, ids),
    )
    return Recommendations(
        queries=queries,
        query_kind=kind,
        answer_kind="item",
        offsets=top.indptr,
        ids=ids[top.indices].tolist(),
        scores=top.scores,
        catalogue=None if item_features is not None else model.catalogue,
    )


def as_queries(people: F32) -> F32:
    """Vectors and biases of people, (n, f + 1), as queries for :func:`as_factors`: x, 1, b."""
    vectors, biases = people[:, :-1], people[:, -1:]
    return np.hstack([vectors, np.ones_like(biases), biases])


def as_factors(items: F32) -> F32:
    """Vectors and biases of items, (n, f + 1), so that inner products are scores: y, b, 1."""
    return np.hstack([items, np.ones_like(items[:, -1:])])


def _known(
    model: Ranking, users: Id | Iterable[Id] | None, history: History | Sequence[History] | None
) -> People:
    queries, rows, codes = model._people(users, history)
    people = model._fold_in(rows) if codes is None else model.user_table[codes]
    return queries, "history" if codes is None else "user", rows, people


def _described(
    model: Ranking,
    users: Id | Iterable[Id] | None,
    history: History | Sequence[History] | None,
    features: FeatureRow | Sequence[FeatureRow],
) -> People:
    """People never seen, by their features and, if there is one, their history."""
    if users is not None:
        raise SettingsError("user_features are of people never seen: name no users")
    if isinstance(features, str | bytes) or not isinstance(features, Iterable):
        raise DataError(f"user_features are a list of names or a mapping, got {features!r}")
    rows = as_histories(features)
    histories = [[]] * len(rows) if history is None else as_histories(history)
    entries = model.interactions.rows_of(histories)
    return list(range(len(rows))), "history", entries, model._fold_in(entries, rows)


def _new_items(model: Ranking, features: Mapping[Id, FeatureRow]) -> tuple[IdMap, F32]:
    if not isinstance(features, Mapping):
        raise DataError(
            f"item_features are a mapping item → features, got {type(features).__name__}"
        )
    vectors, biases = model.item_vectors(list(features.values()))
    return IdMap(list(features), "item"), np.hstack([vectors, biases[:, None]])
