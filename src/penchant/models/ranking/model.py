"""Learning to rank: WARP, k-OS WARP, BPR and logistic loss over sums of features' vectors."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._settings import checks
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
from penchant.data.feature_rows import FeatureRow
from penchant.data.features import Features
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, EmptyDataError, SettingsError, UnsupportedError
from penchant.models._arguments import History, need_items
from penchant.models._scoring.frozen import cached, freeze
from penchant.models._scoring.scorers import Scorer
from penchant.models.base import Epoch, Metric, OnEpoch, vector_scorer
from penchant.models.cold_start import FeatureModel
from penchant.models.iterative import Iterative
from penchant.models.ranking.embeddings import F32, Embeddings, as_factors, as_queries
from penchant.models.ranking.examples import likes_of, pool_of, weights_of, with_features_of

log = logging.getLogger("penchant")

_BATCHES = 64  # an epoch has at least so many, that steps answer each other


@dataclass(kw_only=True, eq=False)
class Ranking(FeatureModel, Iterative):
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
            Called after each epoch, with the vectors of that epoch in place; returning True ends
            the training there.
        track_loss
            Report the loss of each epoch: the sum over its examples, each at the vectors that its
            gradient was taken at. It is sampled, so it is noisy.

        Raises
        ------
        EmptyDataError
            If there are no interactions.
        SettingsError
            If the vectors grow out of all bounds: the learning rate is too high.
        KeyboardInterrupt
            At Ctrl-C; the model is then as it was after the last whole epoch.
        """
        data = self._to_learn(interactions)
        self._train(data, *self._start(data, 0), self.iterations, on_epoch, track_loss, [])
        return self

    def partial_fit(
        self,
        interactions: Interactions | None = None,
        iterations: int = 1,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
    ) -> Self:
        """Train on from where the model stands, on the same interactions or on others.

        Users, items and features are matched by their ids and names: known ones keep what was
        learned of them, new ones begin as in :meth:`fit`, and those that are gone are forgotten.
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
        users, items = self._start(data, len(self._epochs))
        if self._interactions is not None:
            users, items = users.going_on_from(self._users), items.going_on_from(self._items)
        self._train(data, users, items, iterations, on_epoch, track_loss, list(self._epochs))
        return self

    def _start(self, data: Interactions, epoch: int) -> tuple[Embeddings, Embeddings]:
        how: dict[str, Any] = {
            "factors": self.factors,
            "identity": self.identity,
            "adadelta": self.schedule == "adadelta",
        }
        active = data.csr.row_counts > 0
        met = np.bincount(data.csr.indices, minlength=data.n_items) > 0
        of_users, of_items = map(self._normed, (data.user_features, data.item_features))
        return (
            Embeddings.start(data.users, of_users, active, seed=[self.seed, epoch, 0], **how),
            Embeddings.start(data.items, of_items, met, seed=[self.seed, epoch, 1], **how),
        )

    def _normed(self, features: Features | None) -> Features | None:
        if features is None or features.norm is not None:
            return features
        return features.normalized(self.feature_norm)

    def _train(
        self,
        data: Interactions,
        users: Embeddings,
        items: Embeddings,
        iterations: int,
        on_epoch: OnEpoch | None,
        track_loss: bool,
        epochs: list[Epoch],
    ) -> None:
        begun = time.perf_counter()
        spent = epochs[-1].seconds if epochs else 0.0
        if self.loss == "logistic" and not (data.csr.values < 0).any():
            log.warning("%s holds no dislikes: the logistic loss has nothing to tell apart", data)
        likes, pool = likes_of(data.csr), pool_of(data, self.loss)
        examples = (
            data.csr.row_of_entry,
            data.csr.indices,
            weights_of(data.csr, data.csr, self.confidence),
        )
        first = len(epochs) + 1
        for number in range(first, first + iterations):
            left, right = users.laid_out(self.user_alpha), items.laid_out(self.item_alpha)
            loss = _kernels.ranking_epoch(
                examples,
                (likes.indptr, likes.indices),
                pool,
                left,
                right,
                self._settings(self._seed_of(number), data.nnz),
                threads=_kernels.thread_count(self.threads),
            )
            users, items = users.after(left), items.after(right)
            self._check_bounds(users, items, number)
            spent += time.perf_counter() - begun
            epochs = [*epochs, Epoch(number, spent, loss if track_loss else None)]
            self._keep(data, users, items)
            self._epochs = epochs  # another list each time: snapshots keep theirs
            log.debug("Ranking epoch %d: %.3f s so far, loss %s", number, spent, loss)
            done = bool(on_epoch and on_epoch(epochs[-1]))
            begun = time.perf_counter()
            if done:
                break

    def _check_bounds(self, users: Embeddings, items: Embeddings, epoch: int) -> None:
        if not (np.isfinite(users.vectors).all() and np.isfinite(items.vectors).all()):
            raise SettingsError(
                f"the vectors are not finite after epoch {epoch}: lower the learning rate "
                f"({self.learning_rate}), or the weights of the features"
            )

    def _settings(self, seed: int, n_examples: int) -> _kernels.RankingSettings:
        return _kernels.RankingSettings(
            self.loss,
            self.factors,
            self.learning_rate,
            self.rho,
            self.epsilon,
            self.max_sampled,
            self.k,
            self.n,
            max(1, min(self.batch, n_examples // _BATCHES)),
            seed,
            self.hogwild,
        )

    def _seed_of(self, epoch: int) -> int:
        """Of an epoch; 0 is that of folding in."""
        return int(np.random.SeedSequence([self.seed, epoch]).generate_state(1, np.uint64)[0])

    def _keep(self, data: Interactions, users: Embeddings, items: Embeddings) -> None:
        self._interactions, self._users, self._items = data, users, items
        self._X, self._Y = freeze(users.sums()), freeze(items.sums())

    # --- what was learned ----------------------------------------------------------

    @property
    def user_factors(self) -> F32:
        """Shape (n_users, factors), in the order of ``interactions.users``."""
        return self.user_table[:, :-1]

    @property
    def item_factors(self) -> F32:
        """Shape (n_items, factors), in the order of ``interactions.items``."""
        return self.item_table[:, :-1]

    @property
    def item_feature_factors(self) -> F32 | None:
        """Shape (n features, factors): the vectors of the items' named features, if any."""
        _ = self.interactions
        return self._items.vectors[: self._items.n_named, :-1] if self._items.names else None

    @property
    def user_biases(self) -> F32:
        """Shape (n_users,); zero but under the logistic loss, since they order nobody's items."""
        return self.user_table[:, -1]

    @property
    def item_biases(self) -> F32:
        """Shape (n_items,)."""
        return self.item_table[:, -1]

    @property
    def user_table(self) -> F32:
        """Shape (n_users, factors + 1), vectors with their biases last."""
        _ = self.interactions
        return self._X

    @property
    def item_table(self) -> F32:
        """Shape (n_items, factors + 1), vectors with their biases last."""
        _ = self.interactions
        return self._Y

    def fold_in_users(
        self,
        histories: Interactions | Iterable[History],
        *,
        features: Iterable[FeatureRow] | None = None,
    ) -> F32:
        """Vectors for people who were not there when the model was fitted.

        With everything else held, a vector of their own takes the steps of as many epochs over
        their history as the model was trained for, from zero or from what their features say. It
        depends on the history, the model and its seed alone; it is near the vector that a known
        user with that history has, and not the same.

        Parameters
        ----------
        histories
            Lists of items or mappings item → value, one a person; or interactions over the
            model's items, which bring their own features.
        features
            For each of them: names of features, or a mapping name → weight. None: no features.
            Names that are not known are passed over, and a warning is logged.

        Returns
        -------
        ndarray
            Shape (n, factors).

        Raises
        ------
        UnknownIdError
            If an item was never seen.
        DataError
            If interactions are not over the model's items, or there are features for others than
            the histories are of.
        SettingsError
            If there are features beside interactions.
        """
        if not isinstance(histories, Interactions):
            rows = self.interactions.rows_of(histories)
            return self._fold_in(rows, self._sums("user", features))[:, :-1]
        if features is not None:
            raise SettingsError("interactions bring their own features: with_user_features")
        need_items(histories, self.items)
        return self._fold_in(histories.csr, self._start_of(histories))[:, :-1]

    def _fold_in(self, rows: Csr, start: F32 | None = None) -> F32:
        if start is None:
            start = np.zeros((rows.n_rows, self.factors + 1), dtype=np.float32)
        if len(start) != rows.n_rows:
            raise DataError(f"features of {len(start):,} people for {rows.n_rows:,} histories")
        return _kernels.ranking_fold_in(
            (rows.indptr, rows.indices, weights_of(rows, self.interactions.csr, self.confidence)),
            pool_of(self.interactions, self.loss),
            self._Y,
            start,
            self._settings(self._seed_of(0), 1),
            decay=self.user_alpha,
            adadelta=self.schedule == "adadelta",
            passes=max(1, len(self._epochs)),
            threads=_kernels.thread_count(self.threads),
        )

    def _start_of(self, data: Interactions) -> F32 | None:
        """What the features that interactions bring say of their users, if the model knows any."""
        names, features = self._users.names, self._normed(data.user_features)
        if names is None or features is None:
            return None
        return self._users.sums_of(features.with_identity(False).over(names).aligned(data.users))

    def _sums(self, side: Literal["user", "item"], rows: Iterable[FeatureRow] | None) -> F32 | None:
        """Vectors and biases by features alone."""
        if rows is None:
            return None
        known = self._normed(getattr(self.interactions, f"{side}_features"))
        if known is None:
            raise UnsupportedError(
                f"the model was fitted without features of {side}s: fit it on "
                f"interactions.with_{side}_features(…)"
            )
        if isinstance(rows, str | bytes | Mapping):
            raise DataError(f"features are needed for each {side}, as a list; got {rows!r}")
        return (self._users if side == "user" else self._items).sums_of(known.rows_of(rows))

    def item_vectors(self, features: Iterable[FeatureRow]) -> tuple[F32, F32]:
        """Vectors (n, factors) and biases (n,) of items that were not there, by their features.

        These are given as for :meth:`fold_in_users`.

        Raises
        ------
        UnsupportedError
            If the model was fitted without features of items.
        """
        sums = self._sums("item", features)
        assert sums is not None
        return sums[:, :-1], sums[:, -1]

    # --- the contract --------------------------------------------------------------

    @property
    def scores_cold_items(self) -> bool:
        """Whether it was fitted on items with features."""
        return self._interactions is not None and self._items.names is not None

    def scorer(self, interactions: Interactions) -> Scorer:
        """See :meth:`penchant.models.base.Model.scorer`; users of others bring their features."""
        known = interactions is self._interactions or self.interactions.user_features is None
        if known or interactions.user_features is None or interactions.items != self.items:
            return super().scorer(interactions)
        people = self._fold_in(interactions.csr, self._start_of(interactions))
        return self._inner(as_queries(people), self._vectors_of_items(None))

    def _vectors_of_people(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> F32:
        if users is not None:
            return as_queries(self._X[users])
        return as_queries(self._fold_in(rows, self._sums("user", features)))

    def _vectors_of_items(self, features: Sequence[FeatureRow] | None) -> F32:
        sums = self._sums("item", features)
        return cached(self._Y, as_factors) if sums is None else as_factors(sums)

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        people = self._vectors_of_people(rows, users, None)
        return self._inner(people, cached(self._Y, as_factors))

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return vector_scorer(self.item_factors, items, metric, self.threads)

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        return vector_scorer(self.user_factors, users, metric, self.threads)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {**self._users.arrays("user"), **self._items.arrays("item")}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        data = self.interactions
        users, items = self._start(data, 0)
        self._keep(data, users.restored("user", arrays), items.restored("item", arrays))
