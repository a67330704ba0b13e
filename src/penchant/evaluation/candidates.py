"""Measuring over some items only, where a split says that no others may be recommended."""

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
        """Scores of all items for every user of ``interactions``, given what they did there."""


def scorer_of(model: Scorable, known: Interactions, candidates: Codes | None) -> Scorer:
    """A model's scores for users by what is known of them, of all items or of some.

    A model that does not rate new items (:attr:`penchant.models.base.Model.scores_cold_items`) is taken
    at its word: of the candidates of a split, which are items that nobody has taken to in
    training, it recommends none, and a warning says so.
    """
    if candidates is None:
        return model.scorer(known)
    if not isinstance(model, Model) or model.scores_cold_items:
        return model.scorer(known).take_items(candidates)
    log.warning(
        "%s does not rate items that nobody has taken to in training: it recommends none of the %s "
        "it is measured on", type(model).__name__, f"{len(candidates):,}",
    )  # fmt: skip
    return _silent(known.n_users, len(candidates))


def narrowed(part: Interactions, candidates: Codes | None) -> Interactions:
    """Interactions with some items alone, called as they were."""
    if candidates is None:
        return part
    csr = part.csr.take_columns(candidates)
    return Interactions(csr, part.users, part.items.subset(candidates))


def _silent(n_users: int, n_items: int) -> Scorer:
    """Rates nothing."""

    def nothing(span: slice) -> npt.NDArray[Any]:
        return np.full((span.stop - span.start, n_items), np.nan, dtype=np.float32)

    return BlockScorer(n_users, n_items, nothing)
