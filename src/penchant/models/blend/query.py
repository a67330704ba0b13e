"""A query to a blend, and the scorers of its parts for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers
from penchant.data.feature_rows import FeatureRow
from penchant.data.ids import Id
from penchant.data.interactions import Interactions
from penchant.errors import UnknownIdError
from penchant.models._answering import histories_of
from penchant.models._arguments import as_list, known_code
from penchant.models._scores import People
from penchant.models._scoring.scorers import Scorer
from penchant.models.base import Model
from penchant.models.cold_start import ColdStartModel, Entity, empty_rows

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ScoringQuery:
    """The users to score for, and the items to score.

    Attributes
    ----------
    rows
        Histories over the items that the models know.
    users
        Codes, −1 for unknown users; None for users who are described by ``rows`` alone.
    people
        The features of new users, one row for each.
    items
        The features of new items, which alone are ranked; None: rank the known items.
    """

    rows: Csr
    users: npt.NDArray[Any] | None = None
    people: Sequence[FeatureRow] | None = None
    items: Sequence[FeatureRow] | None = None

    @property
    def is_unknown(self) -> Bools:
        """Which queries name an unknown user."""
        if self.users is None:
            return np.zeros(self.rows.n_rows, dtype=np.bool_)
        return np.asarray(self.users < 0)

    @property
    def seen(self) -> Csr:
        """The history of each query among the ranked items."""
        return self.rows if self.items is None else empty_rows(self.rows, len(self.items))

    def take(self, places: npt.NDArray[Any]) -> ScoringQuery:
        """Return some of the queries; unknown users become users without a history."""
        are_known = self.users is not None and not self.is_unknown[places].any()
        people = None if self.people is None else [self.people[place] for place in places.tolist()]
        return ScoringQuery(
            self.rows.take_rows(places),
            self.users[places] if are_known else None,  # type: ignore[index]
            people,
            self.items,
        )

    def scorer_for(self, part: Model) -> Scorer:
        """Return the scorer of one model, given the features that it uses."""
        if not isinstance(part, ColdStartModel):
            return part._scorer(self.rows, self.users)
        people = self.people if uses_features(part, "user") else None
        return part._scorer_of_new(self.rows, self.users, people, self.items)

    def is_rankable_by(self, part: Model) -> bool:
        """Whether a model can rank these items."""
        return self.items is None or uses_features(part, "item")

    def can_score(self, part: Model, met: Bools) -> Bools:
        """Return which queries a model can score; see :meth:`Model._can_score`."""
        codes = None if self.users is None else np.maximum(self.users, 0)
        can = part._can_score(self.rows, codes, met) & ~(self.is_unknown & part.personal)
        if self.people is not None and uses_features(part, "user"):
            can |= self._has_known_feature(part)
        return can & self.is_rankable_by(part)

    def _has_known_feature(self, part: Model) -> Bools:
        """Return which queries have a feature that was in the training data."""
        features = part._trained_on.user_features
        assert features is not None
        assert self.people is not None
        names = features.names
        return np.array([any(name in names for name in row) for row in self.people], dtype=np.bool_)


def people_of(model: Model, users: Id | Iterable[Id], *, scores_unknown: bool) -> People:
    """Return users, also unknown ones, with the code −1 and no history.

    Raises
    ------
    UnknownIdError
        If a user is unknown and no part scores users without a history.
    """
    data, queries = model._trained_on, as_list(users)
    matches = [known_code(query, data.users) for query in queries]
    codes = np.array([-1 if code is None else code for code in matches], dtype=np.int32)
    is_known = codes >= 0
    if not scores_unknown and not is_known.all():
        raise _unknown(queries[int(np.argmin(is_known))], data)
    rows = data.csr.take_rows(codes[:0])
    if is_known.any():
        rows = histories_of(model, codes[is_known])
    counts = np.zeros(len(codes), dtype=np.int64)
    counts[is_known] = rows.row_counts
    return People(queries, replace(rows, indptr=row_pointers(counts)), codes)


def _unknown(user: Id, data: Interactions) -> UnknownIdError:
    try:
        data.users.code(user)
    except UnknownIdError as error:
        return UnknownIdError(
            f"{error}; for a new person pass history=[…], or add penchant.Popularity() to the "
            "blend, which answers for users without a history"
        )
    raise AssertionError(f"{user!r} is known")


def uses_features(part: Model, entity: Entity) -> bool:
    """Whether a model was fitted with features of users, or of items, and uses them."""
    return isinstance(part, ColdStartModel) and part._uses_features_of(entity)
