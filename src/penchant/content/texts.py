"""Vectors of names, tags and texts: TF-IDF, as it is or reduced."""

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
"""A text, whose words count; or a list of tags, each of which counts as a whole."""


def embed(
    given: Catalog | Mapping[Id, Text],
    *,
    dimensions: int | None = None,
    min_items: int = 1,
    max_share: float = 1.0,
    seed: int = 0,
) -> Features:
    """What items are called and how they are described, as features.

    A term weighs (1 + log of how often the item has it) × (1 + log((1 + n) / (1 + how many items
    have it))), and each item's weights are divided by their length: scikit-learn's TF-IDF
    (``pip install 'penchant[text]'``). Letter case does not count.

    Parameters
    ----------
    given
        Item → a text or a list of tags; or a catalog, of which names and tags are taken.
    dimensions
        Bring them to so many dimensions, in which words that go together are near (latent
        semantic analysis, Deerwester et al. 1990). None: a feature for each term, called by it.
    min_items, max_share
        Leave out terms of fewer items than that, or of a larger share of all items.
    seed
        Of the reduction.

    Returns
    -------
    Features
        Sparse with the terms' names; or dense. Items without any term have no weights.

    Raises
    ------
    EmptyDataError
        If no term is left.
    DataError
        If a text is no text and no list of them.
    SettingsError
        If a setting is out of its range.
    MissingExtraError
        If scikit-learn is not installed.
    """
    checks.whole("min_items", min_items, 1)
    checks.share("max_share", max_share, up_to_one=True)
    checks.whole("seed", seed, 0, 2**32 - 1)
    if dimensions is not None:
        checks.whole("dimensions", dimensions, 1)
    text = require("sklearn.feature_extraction.text", extra="text", what="Vectors of texts")
    ids, terms = _terms_of(given)
    counter = text.TfidfVectorizer(
        analyzer=_same, min_df=min_items, max_df=float(max_share), sublinear_tf=True
    )
    try:
        matrix = counter.fit_transform(terms)
    except ValueError as error:  # scikit-learn says so of an empty vocabulary
        raise EmptyDataError(f"no term is left of {len(ids):,} texts: {error}") from None
    if dimensions is None:
        return Features.from_matrix(ids, matrix, counter.get_feature_names_out().tolist())
    return Features.dense(ids, _reduced(matrix, dimensions, seed))


def _reduced(matrix: Any, dimensions: int, seed: int) -> Any:
    most = min(matrix.shape)
    if dimensions >= most:
        raise SettingsError(
            f"dimensions must be less than the {matrix.shape[1]:,} terms and the "
            f"{matrix.shape[0]:,} items, got {dimensions:,}"
        )
    decomposition = require("sklearn.decomposition", extra="text", what="Vectors of texts")
    return decomposition.TruncatedSVD(dimensions, random_state=seed).fit_transform(matrix)


def _terms_of(given: Catalog | Mapping[Id, Text]) -> tuple[IdMap, list[list[str]]]:
    if isinstance(given, Catalog):
        names = given.names or [""] * len(given)
        tags = given.tags or [()] * len(given)
        both = zip(names, tags, strict=True)
        return given.items, [_terms(name) + _terms(own) for name, own in both]
    if not isinstance(given, Mapping):
        raise DataError(f"texts are a mapping item → text, or a catalog; got {given!r:.80}")
    return IdMap(list(given), "item"), [_terms(one) for one in given.values()]


def _terms(text: object) -> list[str]:
    if isinstance(text, str):
        return _WORD.findall(text.casefold())
    if not isinstance(text, Sequence) or not all(isinstance(tag, str) for tag in text):
        raise DataError(f"a text, or a list of tags, is needed for each item; got {text!r:.80}")
    return [tag.strip().casefold() for tag in text if tag.strip()]


def _same(terms: list[str]) -> list[str]:
    return terms
