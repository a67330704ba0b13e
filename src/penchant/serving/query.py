"""The record of a recommendation request, from the API to the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from penchant._settings import checks
from penchant.data.ids import Id
from penchant.errors import SettingsError
from penchant.serving.catalog.filters import ALL, Filters

History = Mapping[Id, float] | Mapping[Id, tuple[float, int]] | Sequence[Id]
"""Items, item → value, or item → (value, time in the unit of the model's timestamps)."""

MAX_RESULTS = 1_000
"""Maximum number of items in an answer, skipped ones included."""


class RecommendQuery(NamedTuple):
    """A recommendation request.

    Attributes
    ----------
    user, history
        One of the two; a history is a list of items, a mapping item → value, or a mapping
        item → (value, time). An empty history gets the most popular items.
    k, offset
        How many items, and how many better ones to skip; together at most ``MAX_RESULTS``.
    filters
        Which items may be in the answer.
    exclude_seen
        Leave out the items of the history.
    diversity
        0…1: how much the items of the answer should differ (:func:`penchant.serving.mmr.rerank`).
    seen_by
        A user of the model whose seen items are left out beside those of ``history``.
    """

    user: Id | None = None
    history: History | None = None
    k: int = 20
    offset: int = 0
    filters: Filters = ALL
    exclude_seen: bool = True
    diversity: float = 0.0
    seen_by: Id | None = None


def check_page(k: int, offset: int) -> int:
    """Return ``offset + k``, the length of the list that a page is cut from.

    Raises
    ------
    SettingsError
        If a number is out of range, or the sum exceeds ``MAX_RESULTS``.
    """
    checks.check_int("offset", offset, 0, MAX_RESULTS)
    n = offset + checks.check_int("k", k, 1, MAX_RESULTS)
    if n > MAX_RESULTS:
        raise SettingsError(f"k and offset together may be {MAX_RESULTS:,} at most, got {n:,}")
    return n
