"""What a blend is asked, and how one of its parts is asked the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.data.feature_rows import FeatureRow
from penchant.models._scoring.scorers import Scorer
from penchant.models.base import Model
from penchant.models.cold_start import ColdStartModel, Entity, empty_rows

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ScoringQuery:
    """Whom lists are for, and of which items.

    Attributes
    ----------
    rows
        Histories over the items that the models know.
    users
        Codes, −1 for those who are not known; None for people who are known by ``rows`` alone.
    people
        The features of people who are new, one row for each.
    items
        The features of items that are new, which alone are ranked; None: the items known.
    """

    rows: Csr
    users: npt.NDArray[Any] | None = None
    people: Sequence[FeatureRow] | None = None
    items: Sequence[FeatureRow] | None = None

    @property
    def strangers(self) -> Bools:
        """Who was named, and is not known."""
        if self.users is None:
            return np.zeros(self.rows.n_rows, dtype=np.bool_)
        return np.asarray(self.users < 0)

    @property
    def seen(self) -> Csr:
        """What each has of the items that are ranked."""
        return self.rows if self.items is None else empty_rows(self.rows, len(self.items))

    def take(self, who: npt.NDArray[Any]) -> ScoringQuery:
        """Some of the queries; strangers among them are then people without a history."""
        known = self.users is not None and not self.strangers[who].any()
        people = None if self.people is None else [self.people[one] for one in who.tolist()]
        return ScoringQuery(
            self.rows.take_rows(who),
            self.users[who] if known else None,  # type: ignore[index]
            people,
            self.items,
        )

    def scorer_for(self, part: Model) -> Scorer:
        """The scores of one model, which is told as much as it can use."""
        if not isinstance(part, ColdStartModel):
            return part._scorer(self.rows, self.users)
        people = self.people if uses_features(part, "user") else None
        return part._scorer_of_new(self.rows, self.users, people, self.items)

    def takes(self, part: Model) -> bool:
        """Whether a model can rank these items at all."""
        return self.items is None or uses_features(part, "item")

    def can_score(self, part: Model, met: Bools) -> Bools:
        """Whom a model has something to say to; see :meth:`Model._can_score`."""
        codes = None if self.users is None else np.maximum(self.users, 0)
        told = part._can_score(self.rows, codes, met) & ~(self.strangers & part.personal)
        if self.people is not None and uses_features(part, "user"):
            told |= self._described(part)
        return told & self.takes(part)

    def _described(self, part: Model) -> Bools:
        """Of whom a feature is given that was known when the model was fitted."""
        features = part.interactions.user_features
        assert features is not None
        assert self.people is not None
        known = features.names
        return np.array([any(name in known for name in row) for row in self.people], dtype=np.bool_)


def uses_features(part: Model, entity: Entity) -> bool:
    """Whether a model was fitted with features of users, or of items, and uses them."""
    return isinstance(part, ColdStartModel) and part._uses_features_of(entity)
