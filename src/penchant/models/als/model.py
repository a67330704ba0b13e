"""Weighted regularized matrix factorization by alternating least squares (WRMF, iALS)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from penchant.data.interactions import Interactions
from penchant.engines.base import Factors
from penchant.models._arguments import History
from penchant.models._outline import Use
from penchant.models.als.factor_model import FactorModel
from penchant.models.als.state import ITEMS


@dataclass(kw_only=True, eq=False)
class ALS(FactorModel):
    """Factorize implicit feedback by alternating least squares.

    Every user u gets a vector x_u and every item i a vector y_i; the inner product x_u·y_i
    is the score of the item for the user. The vectors minimize (Hu, Koren & Volinsky 2008,
    "Collaborative filtering for implicit feedback datasets", equation 3)::

        Σ_observed c_ui (p_ui − x_u·y_i)²  +  α0 Σ_unobserved (x_u·y_i)²
            + Σ_u λ_u ‖x_u‖²  +  Σ_i λ_i ‖y_i‖²

    with the preference p = 1 for a like and 0 for a dislike (a negative value), and the
    confidence c = α0 + α·g(|r|), which grows with the size of the value r.

    Raises
    ------
    SettingsError
        If a setting is out of its range.

    Notes
    -----
    After the last epoch the users are solved exactly. The vector of a user is then the one that
    fold-in computes for the same history, and explanations add up to the score.
    """

    kind: ClassVar[str] = "als"

    @property
    def uses_interactions(self) -> Use:
        """Vectors of users are kept; interactions leave out seen items."""
        return "seen"

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        super()._restore(arrays)
        if self.kept_interactions != "all":
            _ = self._weights  # raises an error if they are not in the file

    def _facts(self) -> dict[str, Any]:
        """Return the weights of the objective, which fold-in needs."""
        return self.training

    def fold_in_users(self, histories: Interactions | Iterable[History]) -> Factors:
        """Compute vectors of new users from their histories.

        Parameters
        ----------
        histories
            Lists of items or mappings item → value, one for each user; or interactions over the
            model's items.

        Returns
        -------
        ndarray
            Shape (n, factors): with the item vectors fixed, the least-squares solution for each;
            zero for an empty history. A known user's history gives the user's own vector.

        Raises
        ------
        UnknownIdError
            If an item is unknown.
        DataError
            If interactions are not over the model's items, in the same order.
        """
        return self._fold_in(self._history_rows(histories))

    def fold_in_items(self, audiences: Iterable[History]) -> Factors:
        """Compute vectors of new items from their audiences.

        Parameters
        ----------
        audiences
            The users of each item: lists of users or mappings user → value.

        Returns
        -------
        ndarray
            Shape (n, factors): with the user vectors fixed, the least-squares solution for each.

        Raises
        ------
        UnknownIdError
            If a user is unknown.
        """
        return self._fold_in(self._audience_rows(audiences), side=ITEMS)
