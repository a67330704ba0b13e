"""What the models answer: recommendations and explanations, as tables, text and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tacit.data.catalogue import Catalogue
from tacit.data.ids import Id

Kind = Literal["user", "item", "history"]


@dataclass(frozen=True, eq=False)
class Recommendations:
    """Ranked answers to one or more queries; immutable.

    Attributes
    ----------
    queries
        Whom or what each list is for: outside ids; ``history`` queries are numbered 0, 1, ….
    query_kind
        What the queries are: ``"user"``, ``"item"`` or ``"history"``.
    answer_kind
        What the answers are: ``"item"`` or ``"user"``.
    offsets
        int64, shape (n_queries + 1,): list q is the rows ``offsets[q]:offsets[q + 1]``.
    ids
        The answers' outside ids, best first within a list.
    scores
        float32, falling within a list.
    catalogue
        Names, links and pictures of the items, or None.
    """

    queries: Sequence[Id]
    query_kind: Kind
    answer_kind: Literal["user", "item"]
    offsets: npt.NDArray[np.int64]
    ids: Sequence[Id]
    scores: npt.NDArray[np.float32]
    catalogue: Catalogue | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a user got an item: what each item of their past adds to the score.

    Attributes
    ----------
    user, item
        Outside ids; the user is None for a history.
    score
        The score of the item, which the contributions add up to.
    ids
        The items of the past, the largest contribution first.
    contributions
        float64, one each.
    catalogue
        Names, links and pictures of the items, or None.
    """

    user: Id | None
    item: Id
    score: float
    ids: Sequence[Id]
    contributions: npt.NDArray[np.float64]
    catalogue: Catalogue | None = None
