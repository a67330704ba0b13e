"""The contract of every model: fit, recommend, similar_items, scores, explain, save.

A model defines how it scores (:meth:`Model._scorer`) and declares its other capabilities
(:mod:`penchant.models.capabilities`). How scores become answers is written once, in
``_answering``. Settings are handled in ``_settings.configurable``, state and files in ``_fitted``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.ids import Id
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError
from penchant.models import _answering as answering
from penchant.models._arguments import History, ItemLists, as_list
from penchant.models._lists.everyone import AnswersAll
from penchant.models._outline import same_entries
from penchant.models._request import RecommendRequest, SimilarRequest
from penchant.models._scores import People
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.topk import Metric as Metric
from penchant.models._scoring.topk import check_metric, diagonal
from penchant.models._scoring.topk import vector_scorer as vector_scorer
from penchant.models.cold_start import scorable_by_history
from penchant.models.epoch import Epoch as Epoch
from penchant.models.epoch import OnEpoch as OnEpoch
from penchant.models.search import Search
from penchant.results import Explanation, Recommendations


class Model(AnswersAll):
    """The base of all models.

    Settings are the fields of a model's dataclass that are annotated with a range and a help text.
    They are validated when the model is made.
    """

    search: ClassVar[Search] = Search()
    """How automatic selection searches the settings of this kind."""

    # --- defined by each kind of model ----------------------------------------------

    @abstractmethod
    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Fit the model to interactions; an earlier fit is discarded."""

    @classmethod
    def precompute(cls, settings: Mapping[str, Any], data: Interactions) -> dict[str, Any]:  # noqa: ARG003
        """Compute replacements for settings, once for many fits on the same data.

        Tuning calls it before the first trial, so that trials share what does not depend on the
        tuned settings.
        """
        return {}

    def _can_score(
        self, rows: Csr, users: npt.NDArray[Any] | None, met: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Return for which users the model has personal scores: bool, one a row.

        ``rows`` and ``users`` are as for :meth:`_scorer`; ``met`` marks the items that had
        interactions in training.
        """
        return scorable_by_history(self, rows, met)

    @property
    def scores_cold_items(self) -> bool:
        """Whether items without interactions in training get meaningful scores."""
        return False

    # --- answers -------------------------------------------------------------------

    def scorer(self, interactions: Interactions) -> Scorer:
        """Return the scores of the model's items for every user of ``interactions``.

        Users are identified by their histories, not by their ids. If the histories are those of
        the training data, row by row, the fitted users are used.

        Raises
        ------
        DataError
            If the items are not the model's, in the same order.
        """
        if interactions.items != self.items:
            raise DataError(
                f"the model was fitted on {len(self.items):,} items, and these interactions are "
                f"over {len(interactions.items):,} that are not the same in the same order"
            )
        own = same_entries(interactions.csr, self._trained_on)
        users = np.arange(interactions.n_users) if own else None
        return self._scorer(interactions.csr, users)

    def prepare(self) -> None:
        """Build the pruning indexes that speed up answers in large catalogs.

        Otherwise they are built after some calls; a server builds them before its first request.
        Answers do not change.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        rows = self._trained_on.csr.take_rows(np.zeros(1, dtype=np.int64))
        self._scorer(rows, np.zeros(1, dtype=np.int64)).prepare()
        self._item_scorer(np.zeros(1, dtype=np.int32), "cosine").prepare()

    def recommend(
        self,
        users: Id | Iterable[Id] | None = None,
        k: int = 10,
        *,
        history: History | Sequence[History] | None = None,
        exclude_seen: bool = True,
        allow: ItemLists | None = None,
        deny: ItemLists | None = None,
        scale: bool = False,
    ) -> Recommendations:
        """Recommend the best items for users, known or new.

        Parameters
        ----------
        users
            One id or several.
        k
            The number of items for each; users with fewer candidates get fewer.
        history
            In place of ``users``: the history of a new user, as a list of items, a mapping
            item → value or a mapping item → (value, time); or a list of such histories. Times are
            whole numbers in the unit of the timestamps; models with a ``half_life`` weigh by them,
            and items without a time are as new as the newest interaction in training.
        exclude_seen
            Leave out the items of the history.
        allow, deny
            The only items to choose from, and items to leave out: a list for all users, or a
            mapping user → list (other users are not limited; histories are numbered 0, 1, …).
            Unknown items are ignored: the model can't recommend them.
        scale
            Scale the scores of each list to 0…1, the first 1 and the last 0.

        Raises
        ------
        UnknownIdError
            If a user, or an item of a history, is unknown (the message names close matches);
            or an item of allow or deny is of another type than the model's.
        NotFittedError, SettingsError
            If the model is not fitted, k is less than 1, or allow or deny are not lists.
        DataError
            If a history is not a list of items, or a value in it not a finite number.
        UnsupportedError
            If the model was saved without the interactions that the answer needs.
        """
        return self.answer(
            RecommendRequest(
                users=users,
                k=k,
                history=history,
                exclude_seen=exclude_seen,
                allow=allow,
                deny=deny,
                scale=scale,
            )
        )

    def answer(self, request: RecommendRequest) -> Recommendations:
        """Answer a request for recommendations; see :meth:`recommend`."""
        return answering.answer(self, request)

    def similar_items(
        self,
        items: Id | Iterable[Id],
        k: int = 10,
        *,
        metric: Metric = "cosine",
        include_self: bool = False,
        allow: ItemLists | None = None,
        deny: ItemLists | None = None,
    ) -> Recommendations:
        """Return the items most similar to some items.

        Parameters
        ----------
        items
            One id or several.
        k
            The number of items for each.
        metric
            ``"cosine"`` of the items' vectors, or their inner product, ``"dot"``, which favors
            popular items.
        include_self
            Whether an item may be in its own list.
        allow, deny
            As for :meth:`recommend`.

        Raises
        ------
        UnknownIdError
            If an item is unknown; the message names close matches.
        """
        return self.answer_similar(
            SimilarRequest(
                items=items, k=k, metric=metric, include_self=include_self, allow=allow, deny=deny
            )
        )

    def answer_similar(self, request: SimilarRequest) -> Recommendations:
        """Answer a request for similar items; see :meth:`similar_items`."""
        return answering.similar_items(self, request)

    def similar_users(
        self, users: Id | Iterable[Id], k: int = 10, *, metric: Metric = "cosine"
    ) -> Recommendations:
        """Return the users most similar to some users, by their vectors.

        Raises
        ------
        UnknownIdError
            If a user is unknown.
        UnsupportedError
            If this kind of model has no vectors of users.
        """
        queries = as_list(users)
        codes = self.users.codes(queries)
        scorer = self._user_scorer(codes, check_metric(metric))
        top = scorer.top_k(checks.check_int("k", k, 1), exclude=diagonal(codes, len(self.users)))
        return answering.as_answer(self, queries, "user", top)

    def scores(self, user: Id, items: Id | Iterable[Id]) -> npt.NDArray[np.float32]:
        """Compute a user's scores of items, including seen ones; float32, shape (n,).

        Raises
        ------
        UnknownIdError
            If the user or an item is unknown.
        """
        return answering.scores(self, user, items)

    def explain(
        self, user: Id | None = None, item: Id | None = None, *, history: History | None = None
    ) -> Explanation:
        """Explain a score by the contribution of each item of the user's history.

        The contributions add up to the score.

        Raises
        ------
        UnknownIdError
            If the user, the item or an item of the history is unknown.
        UnsupportedError
            If this kind of model does not explain its scores.
        SettingsError
            If no item is named, or not exactly one user or history.
        """
        return answering.explanation(self, user, item, history)

    def _people(
        self, users: Id | Iterable[Id] | None, history: History | Sequence[History] | None
    ) -> People:
        """Return the users of a request: ids, histories, and codes if they are known users."""
        return answering.people(self, users, history)
