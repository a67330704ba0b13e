"""The common part of ALS and HybridALS: training, fitted factors, scores and files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings import checks
from penchant.data.interactions import Csr, Interactions, histories_to_csr
from penchant.engines.base import F64, Engine, Factors
from penchant.engines.local import LocalEngine
from penchant.engines.selection import engine_for
from penchant.errors import EmptyDataError
from penchant.models._arguments import History, need_items
from penchant.models._finite import check_folded
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.als.checkpoint import Checkpoint, checkpointed
from penchant.models.als.divergence import check_loss, check_values
from penchant.models.als.explain import contributions
from penchant.models.als.feature_prior import FeaturePrior, FeaturePriors
from penchant.models.als.fold_in import fold_in
from penchant.models.als.objective import Weights
from penchant.models.als.settings import LAMBDA, SHARE, AlsSettings
from penchant.models.als.setup import Start, load_rows, load_trainer
from penchant.models.als.solver import solver_on
from penchant.models.als.state import USERS, SideState, State
from penchant.models.als.trainer import Trainer
from penchant.models.base import Epoch, Metric, OnEpoch, vector_scorer
from penchant.models.capabilities import Explains, FoldsInUsers, HasItemVectors, HasUserVectors
from penchant.models.cold_start import with_features_of
from penchant.models.iterative import Iterative
from penchant.models.search import Search

Handles = tuple[Any, Any]
"""An engine's handles of the factors of users and of items."""
Starter = Callable[[Start], Handles]
"""Creates the factors that training begins with."""


@dataclass(kw_only=True, eq=False)
class FactorModel(AlsSettings, Iterative, HasItemVectors, HasUserVectors, FoldsInUsers, Explains):
    """A model whose scores are inner products of factors that ALS fits.

    It holds the fitted state; a :class:`Trainer` does the training. The kinds of model differ in
    the priors that they give the trainer (:attr:`_feature_priors`).
    """

    search: ClassVar[Search] = Search(
        space={
            "factors": (32, 512, "log"),
            "unobserved_share": (1.0, 50.0, "log"),
            "regularization": (0.02, 0.3, "log"),
        },
        start={"unobserved_share": SHARE, "regularization": LAMBDA},
        quick={"factors": 64},
        epochs=(5, 10, 15),
    )
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "user_factors": ArraySpec("dtype", ("n_users", "factors")),
        "item_factors": ArraySpec("dtype", ("n_items", "factors")),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self._named_engine: Engine[Any, Any] | None = None
        self._engine: Engine[Any, Any] = LocalEngine(self.threads)
        self._epochs: list[Epoch] = []
        self._trainer: Trainer[Any, Any] | None = None  # while on_epoch runs
        self._last_weights: tuple[Interactions, Weights] | None = None

    @property
    def _feature_priors(self) -> FeaturePriors | None:
        """The priors that features of the data give to the factors; None: there are none."""
        return None

    # --- fitting -------------------------------------------------------------------

    def fit(
        self,
        interactions: Interactions,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
        engine: Engine[Any, Any] | None = None,
    ) -> Self:
        """Fit the model to interactions; an earlier fit is discarded.

        Parameters
        ----------
        interactions
            Users × items.
        on_epoch
            Called after each epoch, when the model has the factors of that epoch; returning True
            ends the training.
        track_loss
            Compute the training loss after each epoch (see :meth:`loss`).
        engine
            The engine, see :mod:`penchant.engines`; later fits use it too. None: this machine's
            threads; data on disk that are large for the memory are read block by block.

        Raises
        ------
        EmptyDataError
            If there are no interactions.
        DatasetError
            If a block of data can't be read; the model is left as at Ctrl-C.
        KeyboardInterrupt
            At Ctrl-C. After at least one epoch the model can be used: each of its rows is then
            either solved or as it was after the last epoch. Before, the model is unchanged.
        """
        self._named_engine = engine or self._named_engine
        data = self._to_learn(interactions)
        self._train(
            data,
            lambda start: start.random(data, self.seed),
            iterations=self.iterations,
            on_epoch=on_epoch,
            track_loss=track_loss,
        )
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

        Users and items are matched by their ids: known ones start from their factors, new ones
        start as in :meth:`fit`, and those that are missing are dropped. The momentum starts at
        its first step again. A model that is not fitted yet is fitted.

        Where features are used, interactions without features of users, or of items, get those
        of the last fit.

        Raises
        ------
        DataError
            If the ids are of another type than those of the model.
        EmptyDataError
            If there are no interactions.
        """
        checks.check_int("iterations", iterations, 1)
        fitted = self._interactions
        data = fitted if interactions is None else interactions
        if data is None:
            raise EmptyDataError("a model that is not fitted yet needs interactions")
        data = self._to_learn(data)
        if fitted is not None and self._feature_priors is not None:
            data = with_features_of(fitted, data)
        self._train(
            data,
            lambda start: (
                start.random(data, self.seed)
                if fitted is None
                else start.resume(data, fitted, self._state, [self.seed, len(self._epochs)])
            ),
            iterations=iterations,
            on_epoch=on_epoch,
            track_loss=track_loss,
            epochs=list(self._epochs),
        )
        return self

    def _train(
        self,
        data: Interactions,
        start: Starter,
        *,
        iterations: int,
        on_epoch: OnEpoch | None,
        track_loss: bool,
        epochs: Sequence[Epoch] = (),
    ) -> None:
        """Run a trainer, and keep its state after each epoch and at an interruption."""
        begun = time.perf_counter()
        self._engine = self._named_engine or engine_for(data, self.threads)
        seconds = epochs[-1].seconds if epochs else 0.0
        weights = self._weights_for(data)
        check_values(weights, data, self)
        trainer = self._load_trainer(data, start, self._prepared_priors(data))
        seconds += time.perf_counter() - begun
        checkpoint = Checkpoint.of(self._engine, self, self.kind, data)
        epochs, run = checkpointed(
            trainer, checkpoint, iterations, epochs=epochs, seconds=seconds, track_loss=track_loss
        )
        try:
            for epoch in run:
                self._keep(data, trainer.state())
                self._trainer = trainer
                epochs = self._epochs = [*epochs, epoch]
                if on_epoch and on_epoch(epoch):
                    break
            trainer.finish()
            check_loss(trainer, weights, data)
        except BaseException:
            if self._trainer is not None:  # at least one epoch ended: the model can be used
                self._keep(data, trainer.state())
            raise
        finally:
            self._trainer = None
        users, items = trainer.state()
        del run, trainer  # frees the rows before the factors are copied
        users = users.finished()
        self._keep(data, State(users, items))
        items = items.finished()
        self._keep(data, State(users, items))
        self._check_learned()

    def _prepared_priors(self, data: Interactions) -> dict[int, FeaturePrior]:
        """Prepare the priors of the sides that have features."""
        priors = self._feature_priors
        return {} if priors is None else priors.prepare(data, self._weights_for(data))

    def _load_trainer(
        self, data: Interactions, start: Starter, priors: Mapping[int, FeaturePrior]
    ) -> Trainer[Any, Any]:
        engine, weights = self._engine, self._weights_for(data)
        rows = load_rows(engine, data, weights)
        factors = start(Start(engine, self.factors, self.dtype, rows.bounds))
        return load_trainer(
            engine, data, rows, factors, settings=self, weights=weights, priors=priors
        )

    @property
    def _weights(self) -> Weights:
        """The weights of the objective that the model was fitted with."""
        return self._weights_for(self._trained_on)

    def _weights_for(self, data: Interactions) -> Weights:
        """Return the weights of the objective on some data; those of the last are kept."""
        if self._last_weights is None or self._last_weights[0] is not data:
            self._last_weights = data, Weights.of(self, data)
        return self._last_weights[1]

    @property
    def training(self) -> dict[str, Any]:
        """The weights of the objective and the solver that the model was fitted with, by name.

        Those that are chosen from the data are filled in: a model with these settings, fitted on
        the same data, is the same. The solver stays ``"auto"`` where some rows are solved exactly
        and others by conjugate gradients.
        """
        return {**self._weights.described(), "solver": solver_on(self, self._trained_on)}

    def loss(self) -> float:
        """Compute the training objective in closed form (one pass over the data).

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        data, state = self.interactions, self._state
        priors = {at: side.prior for at, side in enumerate(state) if side.prior is not None}
        return self._load_trainer(data, lambda start: start.of(state), priors).loss()

    # --- the fitted model ----------------------------------------------------------

    @property
    def user_factors(self) -> Factors:
        """Shape (n_users, factors), in the order of ``interactions.users``."""
        _ = self._trained_on
        return self._state.users.vectors

    @property
    def item_factors(self) -> Factors:
        """Shape (n_items, factors), in the order of ``interactions.items``."""
        _ = self._trained_on
        return self._state.items.vectors

    def _history_rows(self, histories: Interactions | Iterable[History]) -> Csr:
        """Return histories as rows over the model's items."""
        if not isinstance(histories, Interactions):
            return self._trained_on.rows_of(histories)
        need_items(histories, self.items)
        return histories.csr

    def _audience_rows(self, audiences: Iterable[History]) -> Csr:
        """Return audiences as rows over the model's users."""
        return histories_to_csr(audiences, self.users)

    def _fold_in(self, rows: Csr, means: F64 | None = None, *, side: int = USERS) -> Factors:
        state, weights = self._state, self._weights
        vectors = fold_in(self._engine, rows, side=side, state=state, weights=weights, means=means)
        check_folded(vectors, self._trained_on)
        return vectors

    def snapshot(self) -> Self:
        """Copy the model, see :meth:`Model.snapshot`.

        Within ``on_epoch`` it solves the users exactly, which takes half an epoch.
        """
        result = super().snapshot()
        result._epochs, result._trainer = list(self._epochs), None
        state = self._state
        if self._trainer is not None:
            trainer = self._trainer.copy()
            trainer.finish()
            state = trainer.state()
        else:
            state = State(*(side.copy() for side in state))
        result._keep(self._trained_on, State(*(side.finished() for side in state)))
        return result

    def _keep(self, data: Interactions, state: State) -> None:
        self._interactions, self._state = data, state
        self._drop_indexes()

    # --- the contract --------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        vectors = self._fold_in(rows) if users is None else self.user_factors.take(users, axis=0)
        index = self._index("items", self.item_factors)
        return FactorScorer(vectors, index, threads=self.threads)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        index = self._index("items", self.item_factors)
        return vector_scorer(index, items, metric, self.threads)

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        index = self._index("users", self.user_factors)
        return vector_scorer(index, users, metric, self.threads)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        return contributions(row, item, self._state, self._weights)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._state.to_arrays()

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        X, Y, data = arrays["user_factors"], arrays["item_factors"], self._trained_on
        users, items = SideState(self._engine, freeze(X)), SideState(self._engine, freeze(Y))
        self._keep(data, State(users, items).with_priors(self._prepared_priors(data), arrays))
