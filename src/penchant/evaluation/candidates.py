"""Evaluation over the candidate items of a split, where it has any."""

from __future__ import annotations

import logging
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from penchant.data.interactions import Interactions
from penchant.models._scoring.scorers import BlockScorer, Scorer
from penchant.models.base import Model

log = logging.getLogger("penchant")

Codes = npt.NDArray[np.int64]


@runtime_checkable
class Scorable(Protocol):
    """What can be measured: every model, and any object with a ``scorer``."""

    def scorer(self, interactions: Interactions) -> Scorer:
        """Return scores of all items for every user of ``interactions``, given their history."""


def candidate_scorer(model: Scorable, seen: Interactions, candidates: Codes | None) -> Scorer:
    """Return a model's scores for the users of ``seen``, of the candidate items or of all.

    The candidates of a split are cold items: they have no interactions in training. A model
    that can't score them (:attr:`penchant.models.base.Model.scores_cold_items`) recommends none
    of them, and a warning is logged.
    """
    if candidates is None:
        return model.scorer(seen)
    if not isinstance(model, Model) or model.scores_cold_items:
        return model.scorer(seen).take_items(candidates)
    log.warning(
        "%s can't score cold items (without interactions in training): it recommends none of the "
        "%s candidates", type(model).__name__, f"{len(candidates):,}",
    )  # fmt: skip
    return _no_scores(seen.n_users, len(candidates))


def restrict_items(part: Interactions, candidates: Codes | None) -> Interactions:
    """Return the interactions with the candidate items only, under the same ids."""
    if candidates is None:
        return part
    csr = part.csr.take_columns(candidates)
    return Interactions(csr, part.users, part.items.subset(candidates))


def _no_scores(n_users: int, n_items: int) -> Scorer:
    """Return a scorer whose scores are all NaN."""

    def block(span: slice) -> npt.NDArray[Any]:
        return np.full((span.stop - span.start, n_items), np.nan, dtype=np.float32)

    return BlockScorer(n_users, n_items, block)
