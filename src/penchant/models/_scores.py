"""The part of a model that answers are computed from: its scores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant.data.ids import Id
from penchant.data.interactions import Csr
from penchant.errors import UnsupportedError
from penchant.models._arguments import History
from penchant.models._fitted import Fitted
from penchant.models._request import RecommendRequest
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.topk import Metric
from penchant.results import Recommendations


class People(NamedTuple):
    """The users of a request.

    Attributes
    ----------
    queries
        Their ids, or 0, 1, … for histories.
    rows
        Their histories, over the model's items.
    codes
        Their codes if they are users of the model, else None.
    """

    queries: list[Id]
    rows: Csr
    codes: npt.NDArray[np.int32] | None


class Scoring(Fitted):
    """A model with scores of items; :mod:`penchant.models._answering` makes answers of them."""

    kind: ClassVar[str]
    """The name of this kind of model in model files."""

    personal: ClassVar[bool] = True
    """Whether recommendations depend on the user."""

    threads: int | None
    """How many threads to use; None: all cores this process may use."""

    falls_back: ClassVar[bool] = False
    """Whether unknown users are answered if it can score anyone, and answers name their source."""

    @property
    def scores_anyone(self) -> bool:
        """Whether it scores users without a history."""
        return not self.personal

    @abstractmethod
    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        """Return the scores of all items for some users.

        ``rows`` holds their histories over the model's items. ``users`` are their codes if they
        are the model's own users with the histories it was fitted on, else None.
        """

    @abstractmethod
    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the similarities of all items to some of them (int codes)."""

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return the similarities of all users to some of them (int codes)."""
        raise UnsupportedError(
            f"{type(self).__name__} has no similar users: it has no user vectors"
        )

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """See :class:`penchant.models.capabilities.Explains`."""
        raise UnsupportedError(f"{type(self).__name__} does not explain its scores")

    @abstractmethod
    def answer(self, request: RecommendRequest) -> Recommendations:
        """Answer a request for recommendations."""

    @abstractmethod
    def _people(
        self, users: Id | Iterable[Id] | None, history: History | Sequence[History] | None
    ) -> People:
        """Return known users with their histories, or numbered histories of new users."""
