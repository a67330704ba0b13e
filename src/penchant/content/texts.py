"""Vectors of names, tags and texts: TF-IDF, sparse or reduced in dimension."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from penchant._settings import checks
from penchant.data.catalog import Catalog
from penchant.data.features import Features
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError, EmptyDataError, SettingsError, require

__all__ = ["embed"]

_WORD = re.compile(r"[^\W_]+")

Text = str | Sequence[str]
"""A text, whose words are terms; or a list of tags, each of which is one term."""


def embed(
    source: Catalog | Mapping[Id, Text],
    *,
    dimensions: int | None = None,
    min_items: int = 1,
    max_share: float = 1.0,
    seed: int = 0,
) -> Features:
    """Compute features of items from their names, tags or texts.

    The weight of a term in an item is (1 + log(its count in the item)) × (1 + log((1 + n) /
    (1 + the number of items with the term))) for n items, and the weights of each item are
    divided by their Euclidean norm: scikit-learn's TF-IDF (``pip install 'penchant[text]'``).
    Letter case is ignored.

    Parameters
    ----------
    source
        Item → a text or a list of tags; or a catalog, whose names and tags are used.
    dimensions
        The number of dimensions to reduce to by latent semantic analysis (Deerwester et al.
        1990). None: one feature per term, with the term as its name.
    min_items, max_share
        Leave out terms of fewer items, or of a larger share of all items.
    seed
        The seed of the reduction.

    Returns
    -------
    Features
        Sparse with the terms as names; or dense. Items without any term have no weights.

    Raises
    ------
    EmptyDataError
        If no term is left.
    DataError
        If a text is neither a text nor a list of tags.
    SettingsError
        If a setting is out of its range.
    MissingExtraError
        If scikit-learn is not installed.
    """
    checks.check_int("min_items", min_items, 1)
    checks.check_share("max_share", max_share, up_to_one=True)
    checks.check_int("seed", seed, 0, 2**32 - 1)
    if dimensions is not None:
        checks.check_int("dimensions", dimensions, 1)
    text = require("sklearn.feature_extraction.text", extra="text", what="Vectors of texts")
    ids, terms = _terms_of(source)
    counter = text.TfidfVectorizer(
        analyzer=_unchanged, min_df=min_items, max_df=float(max_share), sublinear_tf=True
    )
    try:
        matrix = counter.fit_transform(terms)
    except ValueError as error:  # of scikit-learn, for an empty vocabulary
        raise EmptyDataError(f"no term is left of {len(ids):,} texts: {error}") from None
    if dimensions is None:
        return Features.from_scipy(ids, matrix, counter.get_feature_names_out().tolist())
    return Features.dense(ids, _reduce(matrix, dimensions, seed))


def _reduce(matrix: Any, dimensions: int, seed: int) -> Any:
    if dimensions >= min(matrix.shape):
        raise SettingsError(
            f"dimensions must be less than the {matrix.shape[1]:,} terms and the "
            f"{matrix.shape[0]:,} items, got {dimensions:,}"
        )
    decomposition = require("sklearn.decomposition", extra="text", what="Vectors of texts")
    return decomposition.TruncatedSVD(dimensions, random_state=seed).fit_transform(matrix)


def _terms_of(source: Catalog | Mapping[Id, Text]) -> tuple[IdMap, list[list[str]]]:
    if isinstance(source, Catalog):
        names = source.names or [""] * len(source)
        tags = source.tags or [()] * len(source)
        pairs = zip(names, tags, strict=True)
        return source.items, [_terms(name) + _terms(own_tags) for name, own_tags in pairs]
    if not isinstance(source, Mapping):
        raise DataError(f"texts are a mapping item → text, or a catalog; got {source!r:.80}")
    return IdMap(list(source), "item"), [_terms(text) for text in source.values()]


def _terms(text: object) -> list[str]:
    if isinstance(text, str):
        return _WORD.findall(text.casefold())
    if not isinstance(text, Sequence) or not all(isinstance(tag, str) for tag in text):
        raise DataError(f"a text, or a list of tags, is needed for each item; got {text!r:.80}")
    return [tag.strip().casefold() for tag in text if tag.strip()]


def _unchanged(terms: list[str]) -> list[str]:
    return terms
