"""What only some kinds of model can do, declared by inheriting one of these classes.

Callers ask with ``isinstance(model, HasItemVectors)``, never by a model's kind or by looking for
an attribute. What depends on the data that a model was fitted on is a property of the model:
:attr:`penchant.models.base.Model.scores_cold_items` and, for features of new users and items,
:class:`penchant.models.cold_start.ColdStartModel`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from penchant.models.epoch import Epoch, OnEpoch

if TYPE_CHECKING:
    from penchant.data.interactions import Csr, Interactions

__all__ = [
    "Explains",
    "FoldsInUsers",
    "HasFeatureVectors",
    "HasItemVectors",
    "HasUserVectors",
    "ReportsSteps",
    "TrainsInEpochs",
]


class HasItemVectors(ABC):
    """A model that holds a vector for each item."""

    @property
    @abstractmethod
    def item_factors(self) -> Any:
        """Shape (n_items, f), in the order of ``interactions.items``; dense, or SciPy's sparse."""


class HasUserVectors(ABC):
    """A model that holds a vector for each user it was fitted on."""

    @property
    @abstractmethod
    def user_factors(self) -> npt.NDArray[Any]:
        """Shape (n_users, f), in the order of ``interactions.users``."""


class HasFeatureVectors(HasItemVectors):
    """A model that learns a vector for each feature of the items."""

    @property
    @abstractmethod
    def item_feature_factors(self) -> npt.NDArray[Any] | None:
        """Shape (n_features, f); None if the model was fitted without features of items."""


class Explains(ABC):
    """A model whose scores are sums over the items of a history."""

    @abstractmethod
    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """Return what each entry of a one-row history adds to the score of an item.

        Raises
        ------
        UnsupportedError
            If the features of users are part of the scores.
        """


class FoldsInUsers(ABC):
    """A model that computes vectors for users who were not there when it was fitted."""

    @abstractmethod
    def fold_in_users(self, histories: Any) -> npt.NDArray[Any]:
        """Shape (n, f): vectors for new users, from their histories."""


class TrainsInEpochs(ABC):
    """A model that is trained epoch by epoch, can report each, and can be trained further."""

    @property
    @abstractmethod
    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs of training, first to last."""

    @abstractmethod
    def partial_fit(
        self,
        interactions: Interactions | None = None,
        iterations: int = 1,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
    ) -> Self:
        """Train further, on the same interactions or on others."""


class ReportsSteps(ABC):
    """A model that is fitted in one computation and reports its progress in steps."""

    @abstractmethod
    def fit(
        self,
        interactions: Interactions,
        *,
        on_epoch: OnEpoch | None = None,
        on_step: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Fit; ``on_step`` is called with the steps completed and their number."""
