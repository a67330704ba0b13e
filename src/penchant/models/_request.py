"""The records of one request for recommendations, or for similar items.

They are named tuples, which are made in less than half the time of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from penchant.data.feature_rows import FeatureRow
from penchant.data.ids import Id
from penchant.models._arguments import History, ItemLists
from penchant.models._scoring.topk import Metric


class RecommendRequest(NamedTuple):
    """The arguments of :meth:`penchant.models.base.Model.recommend`.

    Attributes
    ----------
    users, k, history, exclude_seen, allow, deny, scale
        As documented there.
    user_features, item_features
        As documented at :meth:`penchant.models.cold_start.ColdStartModel.recommend`.
    may_build
        Whether a pruning index may be built now, see
        :class:`penchant.models._scoring.scorers.Scorer`.
    """

    users: Id | Iterable[Id] | None = None
    k: int = 10
    history: History | Sequence[History] | None = None
    exclude_seen: bool = True
    allow: ItemLists | None = None
    deny: ItemLists | None = None
    scale: bool = False
    user_features: FeatureRow | Sequence[FeatureRow] | None = None
    item_features: Mapping[Id, FeatureRow] | None = None
    may_build: bool = True


class SimilarRequest(NamedTuple):
    """The arguments of :meth:`penchant.models.base.Model.similar_items`.

    Attributes
    ----------
    items, k, metric, include_self, allow, deny
        As documented there.
    may_build
        Whether a pruning index may be built now.
    """

    items: Id | Iterable[Id]
    k: int = 10
    metric: Metric = "cosine"
    include_self: bool = False
    allow: ItemLists | None = None
    deny: ItemLists | None = None
    may_build: bool = True
