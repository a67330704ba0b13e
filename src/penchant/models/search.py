"""What automatic selection of a model needs to know of a kind of model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Search"]


@dataclass(frozen=True, kw_only=True)
class Search:
    """How ``penchant.tune(data, models="auto")`` searches the settings of a kind of model.

    Every kind in the registry is searched; a class overrides :attr:`Model.search` where the
    ranges that its settings declare are not the best space, or where fits can be made cheaper.

    Attributes
    ----------
    space
        Setting → values, a range or one value for all trials, as for :func:`penchant.tune`. None:
        the ranges that the settings declare, those of advanced settings excepted.
    start
        What the defaults that are None, or a rule by its name, stand for, where a search nearby
        begins.
    rules
        The settings whose default, a rule by the data, may stay beside others that are given.
        Such a setting then follows the data when the model is fitted on more of it.
    quick
        Settings of the first round, in which all families are compared: fewer factors, shorter
        lists of neighbors.
    epochs
        The epochs at which models with epochs are measured; the best is chosen.
    included
        Whether the kind takes part.
    needs_features
        Whether it takes part only where users or items have features.
    """

    space: Mapping[str, Any] | None = None
    start: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    quick: Mapping[str, Any] = field(default_factory=dict)
    epochs: tuple[int, ...] = (5, 10, 15, 30)
    included: bool = True
    needs_features: bool = False
