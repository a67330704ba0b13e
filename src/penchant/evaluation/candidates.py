"""Evaluation over candidate items: the same for all users, or a list for each."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from penchant.data.csr import row_pointers
from penchant.data.ids import is_list
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, SettingsError
from penchant.evaluation.cells import intersection
from penchant.models._arguments import ItemLists
from penchant.models._outline import met_items
from penchant.models._scoring.scorers import BlockScorer, Scorer
from penchant.models.base import Model
from penchant.split import Split

log = logging.getLogger("penchant")

Codes = npt.NDArray[np.int64]
Candidates = Codes | Csr
"""Item codes, rising, for all users, or a matrix with a row for each user of the test part."""


@runtime_checkable
class Scorable(Protocol):
    """What can be measured: every model, and any object with a ``scorer``."""

    def scorer(self, interactions: Interactions) -> Scorer:
        """Return scores of all items for every user of ``interactions``, given their history."""


def candidates_of(split: Split, lists: ItemLists | None) -> Candidates | None:
    """Return the candidates of a split, or those that lists of outside ids name instead.

    Parameters
    ----------
    split
        The split; its own candidates apply if ``lists`` is None.
    lists
        A list of items for all users, or a mapping user → list; users without one have none.

    Raises
    ------
    SettingsError
        If they are neither.
    UnknownIdError
        If a user is not in the test part, or an item is not among its items.
    DataError
        If the split's own candidates don't fit its test part.
    """
    test = split.test
    if lists is None:
        return _checked(split)
    if isinstance(lists, Mapping):
        rows = {test.users.code(user): _codes(lists[user], test) for user in lists}
        none = np.empty(0, dtype=np.int32)
        listed = [rows.get(user, none) for user in range(test.n_users)]
        indices = np.concatenate([none, *listed]).astype(np.int32)
        values = np.ones(len(indices), dtype=np.float32)
        return Csr(row_pointers(np.array(list(map(len, listed)))), indices, values, test.n_items)
    return _codes(lists, test)


def _codes(ids: Iterable[Any], test: Interactions) -> Codes:
    if isinstance(ids, str | bytes) or not is_list(ids):
        raise SettingsError(
            "candidates are a list of items, or a mapping user → list of items, got "
            f"{ids if isinstance(ids, str) else type(ids).__name__!r}"
        )
    return np.unique(np.array([test.items.code(item) for item in ids], dtype=np.int64))


def _checked(split: Split) -> Candidates | None:
    candidates, shape = split.candidates, (split.test.n_users, split.test.n_items)
    if isinstance(candidates, Csr) and (candidates.n_rows, candidates.n_columns) != shape:
        raise DataError(
            f"the candidates of the split have {candidates.n_rows:,} rows and "
            f"{candidates.n_columns:,} columns for {shape[0]:,} users and {shape[1]:,} items"
        )
    return candidates


def candidate_scorer(
    model: Scorable,
    seen: Interactions,
    candidates: Candidates | None,
    source: Scorable | None = None,
) -> Scorer:
    """Return a model's scores for the users of ``seen``, of the candidate items or of all.

    With candidates for each user, the scores are those of all items. If no candidate has an
    interaction in training, a model that can't score such cold items
    (:attr:`penchant.models.base.Model.scores_cold_items`) recommends none of them, and a warning is
    logged. ``source`` computes the scores of the model elsewhere, if it is given.
    """
    source = model if source is None else source
    if candidates is None or isinstance(candidates, Csr):
        return source.scorer(seen)
    if not isinstance(model, Model) or model.scores_cold_items or _any_warm(model, candidates):
        return source.scorer(seen).take_items(candidates)
    log.warning(
        "%s can't score cold items (without interactions in training): it recommends none of the "
        "%s candidates", type(model).__name__, f"{len(candidates):,}",
    )  # fmt: skip
    return _no_scores(seen.n_users, len(candidates))


def _any_warm(model: Model, candidates: Codes) -> bool:
    return bool(met_items(model._trained_on)[candidates].any())


def restrict_items(part: Interactions, candidates: Candidates | None) -> Interactions:
    """Return the interactions with candidate items only.

    With the same candidates for all users, items are renumbered, under the same ids.
    """
    if candidates is None:
        return part
    if isinstance(candidates, Csr):
        return Interactions(intersection(part.csr, candidates), part.users, part.items)
    csr = part.csr.take_columns(candidates)
    return Interactions(csr, part.users, part.items.subset(candidates))


def _no_scores(n_users: int, n_items: int) -> Scorer:
    """Return a scorer whose scores are all NaN."""

    def block(span: slice) -> npt.NDArray[Any]:
        return np.full((span.stop - span.start, n_items), np.nan, dtype=np.float32)

    return BlockScorer(n_users, n_items, block)
