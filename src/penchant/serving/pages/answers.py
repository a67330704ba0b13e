"""Recommendations with their reasons, as pages show them."""

from __future__ import annotations

from typing import NamedTuple

from penchant.data.ids import Id
from penchant.errors import UnsupportedError
from penchant.serving.catalog.views import ItemView
from penchant.serving.people import Profile
from penchant.serving.query import History
from penchant.serving.service import ScoredItem, Service

_REASONS = 4


class ReasonShare(NamedTuple):
    """A liked item, and its share of the contributions to a recommendation."""

    item: ItemView
    share: float


class Suggestion(NamedTuple):
    """A recommended item, and the liked items that contribute most to its score."""

    item: ItemView
    reasons: list[ReasonShare]


def suggestions(service: Service, profile: Profile, k: int) -> list[Suggestion]:
    """Return the best items for a user of the model or a history, each with its reasons."""
    user, history, seen_by = profile
    recommended = service.recommend(user, history, k=k, seen_by=seen_by)
    if history is not None and not history:
        return [Suggestion(scored.item, []) for scored in recommended]
    return [
        Suggestion(scored.item, _reasons(service, user, history, scored)) for scored in recommended
    ]


def _reasons(
    service: Service, user: Id | None, history: History | None, scored: ScoredItem
) -> list[ReasonShare]:
    """Return the reasons; none if the model has no explanations."""
    try:
        explained = service.explain(user, history, item=scored.item.id, k=_REASONS + 20)
    except UnsupportedError:
        return []
    total = sum(reason.score for reason in explained.reasons)
    return [ReasonShare(item, score / total) for item, score in explained.reasons[:_REASONS]]
