"""Recommendations with their reasons, as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from penchant.data.ids import Id
from penchant.errors import UnsupportedError
from penchant.serving.catalog.views import ItemView
from penchant.serving.service import ScoredItem, Service

_REASONS = 4


class ReasonShare(NamedTuple):
    """An item that somebody likes, and its share in what speaks for another."""

    item: ItemView
    share: float


class Suggestion(NamedTuple):
    """An item for somebody, and the items of their past that speak most for it."""

    item: ItemView
    reasons: list[ReasonShare]


def suggestions(
    service: Service, user: Id | None, history: Mapping[Id, float] | None, k: int
) -> list[Suggestion]:
    """The best items for a person of the model or a history, each with its reasons."""
    found = service.recommend(user, history, k=k)
    if history is not None and not history:
        return [Suggestion(one.item, []) for one in found]
    return [Suggestion(one.item, _reasons(service, user, history, one)) for one in found]


def _reasons(
    service: Service, user: Id | None, history: Mapping[Id, float] | None, one: ScoredItem
) -> list[ReasonShare]:
    """None where the model can't tell."""
    try:
        why = service.explain(user, history, item=one.item.id, k=_REASONS + 20)
    except UnsupportedError:
        return []
    total = sum(reason.score for reason in why.reasons)
    return [ReasonShare(item, score / total) for item, score in why.reasons[:_REASONS]]
