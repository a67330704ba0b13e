"""Learning to rank: WARP, k-OS WARP, BPR and logistic loss over sums of features' vectors."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from penchant._settings import checks
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
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

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    loss: Annotated[
        Literal["warp", "bpr", "logistic", "k-os-warp"],
        Setting(help="Loss of a pair of items.", tune=["warp", "bpr"]),
    ] = "warp"
    factors: Annotated[
        int, Setting(min=1, max=65536, help="Length of the vectors.", tune=(16, 256, "log"))
    ] = 32
    learning_rate: Annotated[
        float, Setting(above=0, help="Learning rate of AdaGrad.", tune=(0.005, 0.2, "log"))
    ] = 0.05
    schedule: Annotated[
        Literal["adagrad", "adadelta"],
        Setting(
            help="How step sizes adapt.",
            source="AdaGrad: Duchi, Hazan & Singer 2011; AdaDelta: Zeiler 2012",
            advanced=True,
        ),
    ] = "adagrad"
    rho: Annotated[
        float, Setting(above=0, below=1, help="Decay rate of AdaDelta.", advanced=True)
    ] = 0.95
    epsilon: Annotated[
        float,
        Setting(above=0, help="Constant under the roots of AdaDelta.", advanced=True),
    ] = 1e-6
    item_alpha: Annotated[
        float,
        Setting(
            min=0,
            help="L2 penalty on the item features that an example touches.",
            details="A step of size s also shrinks what it moves by s·alpha.",
            tune=(1e-7, 1e-2, "log"),
        ),
    ] = 0.0
    user_alpha: Annotated[
        float,
        Setting(
            min=0,
            help="L2 penalty on the user features that an example touches.",
            tune=(1e-7, 1e-2, "log"),
        ),
    ] = 0.0
    k: Annotated[
        int, Setting(min=1, help="k-OS WARP trains the k-th best of n likes.", advanced=True)
    ] = 5
    n: Annotated[
        int,
        Setting(min=1, max=65536, help="Likes that k-OS WARP draws for a step.", advanced=True),
    ] = 10
    max_sampled: Annotated[
        int,
        Setting(min=1, help="Most items that WARP draws for a like.", tune=(5, 100, "log")),
    ] = 10
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="How examples weigh by the size of their values.",
            details='``"binary"``: all alike; ``"linear"``: by size; ``"log"``: by log(1 + size). '
            "Weights are divided by their mean.",
        ),
    ] = "binary"
    identity: Annotated[
        bool,
        Setting(
            help="Give each user and item a feature of its own besides the named ones.",
            details="Without it only the named features are learned, and a row without any gets a "
            "zero vector.",
            advanced=True,
        ),
    ] = True
    feature_norm: Annotated[
        Literal["l2", "l1"] | None,
        Setting(
            help="Norm that rows of features are divided by; None: not divided.",
            details="Their own feature is included. It applies where the features have no norm "
            "of their own. Without it rows with many features take large steps, and "
            "quality for known items is lower.",
            advanced=True,
        ),
    ] = "l2"
    batch: Annotated[
        int,
        Setting(
            min=1,
            max=1 << 24,
            unit="examples",
            help="Examples whose gradients are taken at the same vectors.",
            details="An epoch has at least 64 batches, so small data have smaller ones. 1 is plain "
            "sequential descent.",
            advanced=True,
        ),
    ] = 16384
    iterations: Annotated[int, Setting(min=1, help="Number of training epochs.")] = 30
    seed: Annotated[
        int,
        Setting(
            min=0,
            help="Seed of the first vectors, the order of examples and the items drawn.",
            details="The same seed and data give the same result, bit for bit, with any number of "
            "threads (and one instruction set).",
        ),
    ] = 0
    hogwild: Annotated[
        bool,
        Setting(
            help="Update vectors without locks between threads.",
            details="Results then differ from run to run; useful with many threads.",
            source="Niu, Recht, Ré & Wright 2011",
            advanced=True,
        ),
    ] = False
    threads: Annotated[
        int | None,
        Setting(
            min=1,
            help="Number of threads. Default: all cores this process may use.",
            details="The environment variable ``PENCHANT_THREADS`` sets another default.",
        ),
    ] = None

    kind: ClassVar[str] = "ranking"

    def __post_init__(self) -> None:
        validate(self)
        checks.check_int("k", self.k, 1, self.n)
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
            self._check_learned()
            self._epochs = epochs  # another list each time: snapshots keep theirs
            log.debug("Ranking epoch %d: %.3f s so far, loss %s", number, spent, loss)
            stop = bool(on_epoch and on_epoch(epochs[-1]))
            begun = time.perf_counter()
            if stop:
                break
