"""Learning to rank: WARP, k-OS WARP, BPR and logistic loss over sums of features' vectors."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import ClassVar, Self

from penchant._settings import checks
from penchant.data.interactions import Interactions
from penchant.errors import EmptyDataError
from penchant.models.base import Epoch, OnEpoch
from penchant.models.cold_start import with_features_of
from penchant.models.ranking import trainer
from penchant.models.ranking.embeddings import Embeddings
from penchant.models.ranking.vectors import RankingVectors
from penchant.models.search import Search

log = logging.getLogger("penchant")


@dataclass(kw_only=True, eq=False)
class Ranking(RankingVectors):
    """Learn to rank liked items above others (WARP, BPR), with features, as LightFM does.

    The score of an item is x_u·y_i + b_u + b_i. The vector and bias of a user are the weighted
    sums of those of the user's features, and likewise for items (Kula 2015, "Metadata embeddings
    for user and item cold-start recommendations"); features are taken from the interactions
    (``with_item_features``, ``with_user_features``). Training is stochastic gradient descent, one
    like at a time, on one of these losses:

    - ``"warp"``: up to ``max_sampled`` items are drawn until one that the user does not like
      scores above the like minus 1. The hinge loss of the pair has the weight
      log⌊(n − 1) / draws⌋, from the estimated rank (Weston, Bengio & Usunier 2011, "WSABIE",
      algorithm 1). It optimizes the top of lists.
    - ``"k-os-warp"``: the same for the ``k``-th best of ``n`` of the user's likes (Weston, Yee
      & Weiss 2013, "Learning to rank recommendations with the k-order statistic loss").
    - ``"bpr"``: one such item is drawn, frequent items more often; the log loss of the difference
      (Rendle, Freudenthaler, Gantner & Schmidt-Thieme 2009, "BPR"). Without features it is that
      paper's matrix factorization, BPR-MF, with a bias for each item; the paper draws items
      evenly.
    - ``"logistic"``: the log loss of each like, each dislike, and ``negatives`` items of weight 1
      that are drawn for each like (Johnson 2014, "Logistic matrix factorization for implicit
      feedback data", which sums over all items without an interaction).

    Under the other losses a dislike (a negative value) is the negative item of a pair with a like
    of the same user; its rank is not estimated. Other negatives are drawn from the items that have
    interactions: an item without any is not considered disliked.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    kind: ClassVar[str] = "ranking"
    search: ClassVar[Search] = Search(quick={"factors": 32}, epochs=(10, 20, 30, 50))

    def __post_init__(self) -> None:
        super().__post_init__()
        self._epochs: list[Epoch] = []

    # --- fitting -------------------------------------------------------------------

    def fit(
        self,
        interactions: Interactions,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
    ) -> Self:
        """Fit the model to interactions; an earlier fit is discarded.

        Parameters
        ----------
        interactions
            Users × items, with their features if there are any.
        on_epoch
            Called after each epoch, when the model has the vectors of that epoch; returning True
            ends the training there.
        track_loss
            Report the loss of each epoch, the sum over its examples at the vectors of their
            gradients. It is computed from drawn items and therefore noisy.

        Raises
        ------
        EmptyDataError
            If there are no interactions.
        SettingsError
            If the vectors diverge: the learning rate is too high.
        KeyboardInterrupt
            At Ctrl-C; the model is then as it was after the last whole epoch.
        """
        data = self._to_learn(interactions)
        start = trainer.start(self, data, 0)
        self._train(data, start, self.iterations, on_epoch, track_loss, [])
        return self

    def partial_fit(
        self,
        interactions: Interactions | None = None,
        iterations: int = 1,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
    ) -> Self:
        """Continue training, on the same interactions or on others.

        Users, items and features are matched by their ids and names: known ones keep their
        vectors, new ones start as in :meth:`fit`, and missing ones are dropped.
        Interactions without features take those that the model was fitted with. A model that is
        not fitted yet is fitted.

        Raises
        ------
        DataError
            If the ids are of another type than those of the model.
        """
        checks.check_int("iterations", iterations, 1)
        data = self._interactions if interactions is None else interactions
        if data is None:
            raise EmptyDataError("a model that is not fitted yet needs interactions")
        data = self._to_learn(data)
        if self._interactions is not None:
            data = with_features_of(self._interactions, data)
        users, items = trainer.start(self, data, len(self._epochs))
        if self._interactions is not None:
            users, items = users.resumed_from(self._users), items.resumed_from(self._items)
        self._train(data, (users, items), iterations, on_epoch, track_loss, list(self._epochs))
        return self

    def _train(
        self,
        data: Interactions,
        start: tuple[Embeddings, Embeddings],
        iterations: int,
        on_epoch: OnEpoch | None,
        track_loss: bool,
        epochs: list[Epoch],
    ) -> None:
        begun = time.perf_counter()
        spent = epochs[-1].seconds if epochs else 0.0
        first = len(epochs) + 1
        numbers = range(first, first + iterations)
        trained = trainer.epochs(self, data, *start, numbers)
        for number, (users, items, loss) in zip(numbers, trained, strict=True):
            spent += time.perf_counter() - begun
            epochs = [*epochs, Epoch(number, spent, loss if track_loss else None)]
            self._keep(data, users, items)
            self._check_learned()
            self._epochs = epochs  # another list each time: snapshots keep theirs
            log.debug("Ranking epoch %d: %.3f s so far, loss %s", number, spent, loss)
            stop = bool(on_epoch and on_epoch(epochs[-1]))
            begun = time.perf_counter()
            if stop:
                break
