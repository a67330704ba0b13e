"""Learning to rank: WARP, k-OS WARP, BPR and logistic loss over sums of features' vectors."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from penchant import _kernels
from penchant._settings import checks
from penchant.data.interactions import Interactions
from penchant.errors import EmptyDataError
from penchant.models.base import Epoch, OnEpoch
from penchant.models.ranking import trainer
from penchant.models.ranking.embeddings import Embeddings
from penchant.models.ranking.examples import with_features_of
from penchant.models.ranking.vectors import RankingVectors

log = logging.getLogger("penchant")


@dataclass(kw_only=True, eq=False)
class Ranking(RankingVectors):
    """Vectors learned to put what a person likes before what they do not (LightFM's family).

    The score of an item is x_u·y_i + b_u + b_i. A person's vector and bias are the weighted sums
    of those of their features, and an item's likewise (Kula 2015, "Metadata embeddings for user
    and item cold-start recommendations"); features are taken from the interactions
    (``with_item_features``, ``with_user_features``). Stochastic gradients, one like at a time:

    - ``"warp"``: up to ``max_sampled`` items are drawn until one that the person does not like
      scores above the like minus 1; the pair's hinge loss weighs log⌊(n − 1) / draws⌋, the
      estimated rank (Weston, Bengio & Usunier 2011, "WSABIE", algorithm 1). For the top of lists.
    - ``"k-os-warp"``: the same for the ``k``-th best of ``n`` of the person's likes (Weston, Yee
      & Weiss 2013, "Learning to rank recommendations with the k-order statistic loss").
    - ``"bpr"``: one such item, the frequent ones more often; log loss of the difference (Rendle,
      Freudenthaler, Gantner & Schmidt-Thieme 2009, "BPR"). Without features it is that paper's
      matrix factorization, BPR-MF, with a bias for each item; the paper draws items evenly.
    - ``"logistic"``: likes against dislikes, each by itself; of use only with dislikes.

    A dislike (a negative value) is paired, as the item not liked, with a like of the same person;
    its rank is not estimated. Negatives are drawn from the items that have interactions: those
    that nobody has met yet are not taken for disliked.

    Parameters
    ----------
    loss
        ``"warp"``, ``"bpr"``, ``"logistic"`` or ``"k-os-warp"``.
    factors
        The length of the vectors, 1 or more.
    learning_rate
        AdaGrad's, above 0.
    schedule
        ``"adagrad"`` (Duchi, Hazan & Singer 2011) or ``"adadelta"`` (Zeiler 2012).
    rho, epsilon
        AdaDelta's decay, 0…1, and the constant of its roots, above 0.
    item_alpha, user_alpha
        L2, 0 or more, for the features that an example touches: a step of size s also shrinks
        what it moves by s·alpha.
    k, n
        Of k-OS WARP: the k-th best of n likes drawn; 1 or more, k up to n.
    max_sampled
        How many items WARP draws at most for a like.
    confidence
        How examples weigh: ``"binary"``, all alike, ``"linear"``, by the size of their values, or
        ``"log"``, by log(1 + size); then divided by their mean.
    identity
        Whether each user and item has a feature of its own beside those of the interactions.
        Without it only features are learned, and who has none gets a zero vector.
    feature_norm
        ``"l2"``, ``"l1"`` or None, nothing: what the rows of features are divided by (the feature
        of its own counted in) where the features do not say it themselves. Undivided, who has
        many features takes large steps, and warm quality suffers.
    batch
        How many examples are taken at the same vectors before features take their steps; an epoch
        has 64 batches at least, so small data have smaller ones. 1 is plain sequential descent.
    iterations
        Epochs.
    seed
        Of the first vectors, the order of examples and the items drawn. The same seed and data
        give the same result, bit for bit, on any number of threads (and one instruction set).
    hogwild
        Let threads step over each other (Niu, Recht, Ré & Wright 2011): results then differ from
        run to run; of use with many threads.
    threads
        None: all cores this process may use (or the environment variable ``PENCHANT_THREADS``).

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    loss: Literal["warp", "bpr", "logistic", "k-os-warp"] = "warp"
    factors: int = 32
    learning_rate: float = 0.05
    schedule: Literal["adagrad", "adadelta"] = "adagrad"
    rho: float = 0.95
    epsilon: float = 1e-6
    item_alpha: float = 0.0
    user_alpha: float = 0.0
    k: int = 5
    n: int = 10
    max_sampled: int = 10
    confidence: Literal["binary", "linear", "log"] = "binary"
    identity: bool = True
    feature_norm: Literal["l2", "l1"] | None = "l2"
    batch: int = 16384
    iterations: int = 30
    seed: int = 0
    hogwild: bool = False
    threads: int | None = None

    kind: ClassVar[str] = "ranking"

    def __post_init__(self) -> None:
        checks.choice("loss", self.loss, _kernels.RANKING_LOSSES)
        checks.whole("factors", self.factors, 1, 65536)
        checks.number("learning_rate", self.learning_rate, 0, above=True)
        checks.choice("schedule", self.schedule, ("adagrad", "adadelta"))
        checks.share("rho", self.rho)
        checks.number("epsilon", self.epsilon, 0, above=True)
        checks.number("item_alpha", self.item_alpha, 0)
        checks.number("user_alpha", self.user_alpha, 0)
        checks.whole("n", self.n, 1, 65536)
        checks.whole("k", self.k, 1, self.n)
        checks.whole("max_sampled", self.max_sampled, 1)
        checks.choice("confidence", self.confidence, ("binary", "linear", "log"))
        checks.flag("identity", self.identity)
        if self.feature_norm is not None:
            checks.choice("feature_norm", self.feature_norm, ("l2", "l1"))
        checks.whole("batch", self.batch, 1, 1 << 24)
        checks.whole("iterations", self.iterations, 1)
        checks.whole("seed", self.seed, 0)
        checks.flag("hogwild", self.hogwild)
        checks.threads(self.threads)
        self._epochs: list[Epoch] = []

    # --- fitting -------------------------------------------------------------------

    def fit(
        self,
        interactions: Interactions,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
    ) -> Self:
        """Learn from interactions; what was learned before is forgotten.

        Parameters
        ----------
        interactions
            Users × items, with their features if there are any.
        on_epoch
            Called after each epoch, when the model has the vectors of that epoch; returning True
            ends the training there.
        track_loss
            Report the loss of each epoch: the sum over its examples, each at the vectors that its
            gradient was taken at. It is sampled, so it is noisy.

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
        vectors, new ones begin as in :meth:`fit`, and missing ones are dropped.
        Interactions without features take those that the model was fitted with. A model that is
        not fitted yet is fitted.

        Raises
        ------
        DataError
            If the ids are of another type than those that the model knows.
        """
        checks.whole("iterations", iterations, 1)
        data = self._interactions if interactions is None else interactions
        if data is None:
            raise EmptyDataError("a model that is not fitted yet needs interactions")
        data = self._to_learn(data)
        if self._interactions is not None:
            data = with_features_of(self._interactions, data)
        users, items = trainer.start(self, data, len(self._epochs))
        if self._interactions is not None:
            users, items = users.going_on_from(self._users), items.going_on_from(self._items)
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
            self._epochs = epochs  # another list each time: snapshots keep theirs
            log.debug("Ranking epoch %d: %.3f s so far, loss %s", number, spent, loss)
            stop = bool(on_epoch and on_epoch(epochs[-1]))
            begun = time.perf_counter()
            if stop:
                break
