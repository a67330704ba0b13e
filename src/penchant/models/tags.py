"""Items for a tag and tags for an item, by the cosines of their vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from penchant._boundary import checked
from penchant._settings import checks
from penchant.data.features import Features, match_features
from penchant.data.ids import Id
from penchant.data.interactions import Csr
from penchant.errors import DataError, UnsupportedError
from penchant.models._arguments import ItemLists, allow_rows, as_list, exclude_rows
from penchant.models._finite import check_scores
from penchant.models._scoring.normalize import normalize_rows
from penchant.models._scoring.scorers import TopK
from penchant.models._scoring.similarity import inner_scorer
from penchant.models._scoring.topk import top_k
from penchant.models.base import Model
from penchant.models.capabilities import HasFeatureVectors, HasItemVectors
from penchant.results import AnswerKind, Kind, Recommendations


@checked
def items_for_tag(
    model: Model,
    tags: Id | Iterable[Id],
    k: int = 10,
    *,
    of: Features | None = None,
    tagged: bool = True,
    allow: ItemLists | None = None,
    deny: ItemLists | None = None,
) -> Recommendations:
    """Return the items nearest to a tag, whether they have it or not.

    Scores are cosines. If the model was fitted with the tag as a feature
    (:class:`penchant.HybridALS`, :class:`penchant.Ranking`), the vector of the tag is that of the
    feature; otherwise it is the mean of its items' vectors, each divided by its length.

    Parameters
    ----------
    model
        A fitted model whose items have vectors: ALS, HybridALS, Ranking or Content.
    tags
        One tag or several.
    k
        The number of items for each tag.
    of
        The tags of items. None: those of the model's catalog, or else the item features that it
        was fitted with.
    tagged
        Whether items that have the tag may be among the answers; False gives those without it,
        candidates for tagging.
    allow, deny
        As for :meth:`penchant.ALS.recommend`.

    Raises
    ------
    UnknownIdError
        If there is no such tag; the message names close matches.
    DataError
        If there are no tags.
    UnsupportedError
        If the model has no vectors of items.
    NotFittedError, SettingsError
        If the model is not fitted, or k is less than 1.
    """
    features = _tags_of(model, of)
    queries = as_list(tags)
    codes = features.names.codes(queries)
    with_tag = None if tagged else _transposed(features.aligned(model.items)).take_rows(codes)
    top = top_k(
        inner_scorer(_tag_vectors(model, features)[codes], _item_vectors(model), model.threads),
        checks.check_int("k", k, 1),
        exclude_rows(with_tag, deny, queries, model.items),
        allow_rows(allow, queries, model.items),
    )
    return _answer(model, queries, "tag", "item", top, model.items[top.indices].tolist())


@checked
def suggest_tags(
    model: Model,
    items: Id | Iterable[Id],
    k: int = 10,
    *,
    of: Features | None = None,
    include_own: bool = False,
) -> Recommendations:
    """Return the tags nearest to an item; see :func:`items_for_tag`.

    Parameters
    ----------
    model
        A fitted model whose items have vectors.
    items
        One id or several.
    k
        The number of tags for each item.
    of
        The tags of items. None: those of the model's catalog, or else the item features that it
        was fitted with.
    include_own
        Whether the tags that the item has may be among the answers.

    Raises
    ------
    UnknownIdError
        If an item is unknown; the message names close matches.
    DataError, UnsupportedError, NotFittedError, SettingsError
        As for :func:`items_for_tag`.
    """
    tags = _tags_of(model, of)
    queries = as_list(items)
    codes = model.items.codes(queries)
    own_tags = None if include_own else tags.aligned(model.items).take_rows(codes)
    scorer = inner_scorer(_item_vectors(model)[codes], _tag_vectors(model, tags), model.threads)
    top = scorer.top_k(checks.check_int("k", k, 1), exclude=own_tags)
    return _answer(model, queries, "item", "tag", top, tags.names[top.indices].tolist())


def _tags_of(model: Model, of: Features | None) -> Features:
    data = model._trained_on
    if of is None and data.catalog is not None and data.catalog.tags is not None:
        of = Features.of_tags(data.catalog)
    features = match_features(data.item_features if of is None else of, data.items)
    if features is None:
        raise DataError(
            "no tags are known: pass of=, or fit on interactions with a catalog that has tags"
        )
    return features.with_identity(False).normalized(None)


def _item_vectors(model: Model) -> Any:
    if not isinstance(model, HasItemVectors):
        raise UnsupportedError(f"{type(model).__name__} has no vectors of items to compare with")
    return normalize_rows(model.item_factors)


def _tag_vectors(model: Model, tags: Features) -> Any:
    """Return vectors of tags at length 1.

    They are those of features if the model was fitted with all of the tags, else means.
    """
    data = model._trained_on
    fitted = model.item_feature_factors if isinstance(model, HasFeatureVectors) else None
    if fitted is not None and data.item_features is not None:
        codes = [data.item_features.names.get(name) for name in tags.names]
        matched = [code for code in codes if code is not None]
        if len(matched) == len(codes):
            return normalize_rows(fitted[matched])
    items_of_tags = tags.aligned(data.items).to_scipy().T.tocsr()
    return normalize_rows(items_of_tags @ _item_vectors(model))


def _transposed(rows: Csr) -> Csr:
    columns = rows.to_scipy().T.tocsr()
    columns.sort_indices()
    pointers, indices = columns.indptr.astype(np.int64), columns.indices.astype(np.int32)
    return Csr(pointers, indices, columns.data, rows.n_rows)


def _answer(
    model: Model, queries: list[Id], query_kind: Kind, kind: AnswerKind, top: TopK, ids: list[Id]
) -> Recommendations:
    check_scores(top.scores, model._trained_on)
    return Recommendations(queries, query_kind, kind, top.indptr, ids, top.scores, model.catalog)
