"""Capabilities of some kinds of model, declared by inheriting from these classes.

Callers test ``isinstance(model, HasItemVectors)``, never a model's kind or attributes. They are
no models themselves: a class of a model has a single line of bases to
:class:`penchant.models.base.Model`. Features of new users and items are the capability
:class:`penchant.models.cold_start.ColdStartModel`. What depends on the training data is a property
of the model, such as :attr:`penchant.models.base.Model.scores_cold_items`.
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
    """A model that fits a vector for each feature of the items."""

    @property
    @abstractmethod
    def item_feature_factors(self) -> npt.NDArray[Any] | None:
        """Shape (n_features, f); None if the model was fitted without features of items."""


class Explains(ABC):
    """A model whose scores are sums over the items of a history."""

    @abstractmethod
    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """Compute what each entry of a history, a single row, adds to the score of an item.

        Raises
        ------
        UnsupportedError
            If the features of users are part of the scores.
        """


class FoldsInUsers(ABC):
    """A model that computes vectors of new users from their histories."""

    @abstractmethod
    def fold_in_users(self, histories: Any) -> npt.NDArray[Any]:
        """Compute vectors of new users from their histories, shape (n, f)."""


class TrainsInEpochs(ABC):
    """A model that is trained in epochs, reports them, and can be trained further."""

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
        """Continue training, on the same interactions or on others."""


class ReportsSteps(ABC):
    """A model that is fitted without epochs and reports its progress in steps."""

    @abstractmethod
    def fit(
        self,
        interactions: Interactions,
        *,
        on_epoch: OnEpoch | None = None,
        on_step: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Fit the model; ``on_step`` gets the completed and the total number of steps."""
