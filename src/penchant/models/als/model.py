"""Weighted regularized matrix factorization by alternating least squares (WRMF, iALS)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from penchant._files.arrays import ArraySpec
from penchant._settings import checks
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
from penchant.data.interactions import Interactions
from penchant.engines.base import Engine, Objective
from penchant.engines.local import LocalEngine
from penchant.errors import EmptyDataError, SettingsError
from penchant.models.als.confidence import Confidence, warn_of_spread
from penchant.models.als.divergence import check_loss
from penchant.models.als.factorization import Factorization
from penchant.models.als.feature_prior import FeaturePrior
from penchant.models.als.objective import Weights
from penchant.models.als.start import Start, users_first
from penchant.models.als.state import ITEMS, USERS, State
from penchant.models.als.trainer import Side, Trainer
from penchant.models.base import Epoch, OnEpoch


@dataclass(kw_only=True, eq=False)
class ALS(Factorization):
    """Weighted regularized matrix factorization by alternating least squares.

    It gives every user u a vector x_u and every item i a vector y_i so that their inner product
    is near 1 where the user took to the item and near 0 elsewhere. It minimizes (Hu, Koren &
    Volinsky 2008, "Collaborative filtering for implicit feedback datasets", equation 3)::

        Σ_observed c_ui (p_ui − x_u·y_i)²  +  α0 Σ_unobserved (x_u·y_i)²
            + Σ_u λ_u ‖x_u‖²  +  Σ_i λ_i ‖y_i‖²

    with p = 1 for a like and 0 for a dislike (a negative value), and the confidence
    c = α0 + α·g(|r|) growing with the size of the value r.

    Raises
    ------
    SettingsError
        If a setting is out of its range.

    Notes
    -----
    After the last epoch the users are solved exactly, so that the vector of a user is the very
    vector that folding in the same history gives, and explanations add up to the score.
    """

    factors: Annotated[
        int,
        Setting(min=1, max=65536, help="Length f of the factor vectors.", tune=(16, 256, "log")),
    ] = 64
    regularization: Annotated[
        float | tuple[float, float],
        Setting(
            min=0,
            help="L2 penalty λ: one number, or a pair for users and items.",
            tune=(1e-3, 100.0, "log"),
        ),
    ] = 0.01
    alpha: Annotated[
        float,
        Setting(
            above=0,
            help="Weight α of an interaction beyond that of an unobserved cell.",
            tune=(0.1, 100.0, "log"),
        ),
    ] = 1.0
    unobserved_weight: Annotated[
        float,
        Setting(
            min=0,
            help="Weight α0 of a cell without an interaction.",
            details="The paper's is 1.",
            tune=(0.01, 1.0, "log"),
            advanced=True,
        ),
    ] = 1.0
    confidence: Annotated[
        Literal["linear", "log", "binary"],
        Setting(
            help="How the weight g of an interaction grows with its value r.",
            details="``'linear'``: r itself, as in the paper; ``'log'``: log(1 + r/ε), the "
            "paper's second form, for counts over several orders of magnitude; ``'binary'``: 1.",
            tune=["linear", "log", "binary"],
        ),
    ] = "linear"
    epsilon: Annotated[
        float, Setting(above=0, help="ε of the logarithmic confidence.", advanced=True)
    ] = 1.0
    regularization_scaling: Annotated[
        float,
        Setting(
            min=0,
            help="Exponent ν of the scaling of λ by frequency; 0: the same λ for all rows.",
            details="λ_u = λ (|S_u| + α0 n)^ν for a user with |S_u| interactions and n items, and "
            "likewise for items.",
            source="Rendle, Krichene, Zhang & Koren 2021, section 3.3",
            tune=(0.0, 1.0),
            advanced=True,
        ),
    ] = 0.0
    solver: Annotated[
        Literal["auto", "exact", "cg"],
        Setting(
            help="Solver of a row: exact, conjugate gradients (cg), or the cheaper one (auto).",
            source="Takács, Pilászy & Tikk 2011",
            advanced=True,
        ),
    ] = "auto"
    cg_steps: Annotated[
        int, Setting(min=1, help="Steps of conjugate gradients per row and epoch.", advanced=True)
    ] = 3
    momentum: Annotated[
        float,
        Setting(
            min=0,
            below=1,
            reason="the factors would never settle",
            help="Largest extrapolation step of the side that is solved first; 0: none.",
            details="Fewer epochs then lead to the same loss, see "
            ":class:`penchant.models.als.momentum.Momentum`. With 0, plain alternating least "
            "squares, the loss of the exact solver never rises from one epoch to the next.",
            advanced=True,
        ),
    ] = 0.9
    iterations: Annotated[
        int,
        Setting(
            min=1,
            help="Number of training epochs.",
            details="In an epoch one side is solved with the other fixed, then the other; the "
            "smaller side (fewer users, or fewer items) goes first.",
        ),
    ] = 15
    dtype: Annotated[
        Literal["float32", "float64"], Setting(help="Type of the factors.", advanced=True)
    ] = "float32"
    seed: Annotated[
        int,
        Setting(
            min=0,
            help="Seed of the first vectors of the larger side, N(0, 0.1/√f).",
            details="The same seed and data give the same factors, bit for bit, with any number of "
            "threads.",
        ),
    ] = 0
    threads: Annotated[
        int | None,
        Setting(
            min=1,
            help="Number of threads. Default: all cores this process may use.",
            details="The environment variable ``PENCHANT_THREADS`` sets another default.",
        ),
    ] = None

    kind: ClassVar[str] = "als"
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        "user_factors": ArraySpec("dtype", ("n_users", "factors")),
        "item_factors": ArraySpec("dtype", ("n_items", "factors")),
    }

    def __post_init__(self) -> None:
        validate(self)
        if self.unobserved_weight == 0 and 0 in self._regularizations:
            raise SettingsError(
                "unobserved_weight=0 needs a regularization above 0: nothing else would hold "
                "the factors in directions that a row's interactions do not reach"
            )
        self._engine = LocalEngine(self.threads)
        self._epochs: list[Epoch] = []
        self._trainer = None

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
            The engine that does the arithmetic; None: this machine's threads.

        Raises
        ------
        EmptyDataError
            If there are no interactions.
        KeyboardInterrupt
            At Ctrl-C. After at least one epoch the model can be used: each of its rows is then
            either solved or as it was after the last epoch. Before, the model is unchanged.
        """
        self._engine = engine or self._engine
        interactions = self._to_learn(interactions)
        seed = self.seed
        self._train(
            interactions,
            lambda: self._start().random(interactions, seed),
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
        start as in :meth:`fit`, and those that are missing are dropped. The momentum starts
        anew. A model that is not fitted yet is fitted.

        Raises
        ------
        DataError
            If the ids are of another type than those of the model.
        """
        checks.whole("iterations", iterations, 1)
        data = self._interactions if interactions is None else interactions
        if data is None:
            raise EmptyDataError("a model that is not fitted yet needs interactions")
        data = self._to_learn(data)
        start, fitted, seed = self._start(), self._interactions, [self.seed, len(self._epochs)]
        self._train(
            data,
            lambda: (
                start.random(data, self.seed)
                if fitted is None
                else start.resume(data, fitted, self._state, seed)
            ),
            iterations=iterations,
            on_epoch=on_epoch,
            track_loss=track_loss,
            epochs=list(self._epochs),
        )
        return self

    def _start(self) -> Start:
        return Start(self._engine, self.factors, self.dtype)

    def _train(
        self,
        data: Interactions,
        start: Callable[[], tuple[Any, Any]],
        *,
        iterations: int,
        on_epoch: OnEpoch | None,
        track_loss: bool,
        epochs: Sequence[Epoch] = (),
    ) -> None:
        begun = time.perf_counter()
        seconds = epochs[-1].seconds if epochs else 0.0
        if self.confidence == "linear":
            warn_of_spread(data.csr.values, data.name)
        trainer = self._trainer_of(data, *start(), self._feature_priors(data))
        seconds += time.perf_counter() - begun
        first = len(epochs) + 1
        run = trainer.run(iterations, first=first, seconds=seconds, track_loss=track_loss)
        try:
            for epoch in run:
                self._keep(data, trainer.state())
                self._trainer = trainer
                epochs = self._epochs = [*epochs, epoch]
                if on_epoch and on_epoch(epoch):
                    break
            trainer.finish()
            check_loss(trainer, self._weights, data)
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

    def _trainer_of(
        self, data: Interactions, X: Any, Y: Any, priors: Mapping[int, FeaturePrior]
    ) -> Trainer[Any, Any]:
        """Load the rows of both sides into the engine, with as few copies as possible."""
        engine, weights = self._engine, self._weights
        by_item = weights.weigh(data.by_item())  # cached by the data, and shared by many fits
        by_user = weights.weigh(data.csr)
        return Trainer(
            engine,
            Side(engine.load_rows(by_user, weights.penalties(by_user, USERS)), X),
            Side(engine.load_rows(by_item, weights.penalties(by_item, ITEMS)), Y),
            objective=Objective(weights.unobserved, self.solver, self.cg_steps),
            momentum=self.momentum,
            users_first=users_first(data),
            priors=priors,
            loss_scale=weights.confidence.unit,
        )

    # --- the objective -------------------------------------------------------------

    @property
    def _regularizations(self) -> tuple[float, float]:
        """λ of users and of items."""
        value = self.regularization
        return tuple(value) if isinstance(value, tuple | list) else (value, value)  # type: ignore[return-value]

    @property
    def _weights(self) -> Weights:
        return Weights(
            Confidence(self.confidence, self.alpha, self.epsilon),
            self.unobserved_weight,
            self._regularizations,
            self.regularization_scaling,
        )

    def loss(self) -> float:
        """Compute the training objective in closed form (one pass over the data).

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        data, state, engine = self.interactions, self._state, self._engine
        priors = {at: side.prior for at, side in enumerate(state) if side.prior is not None}
        X, Y = (engine.from_numpy(side.factors) for side in state)
        return self._trainer_of(data, X, Y, priors).loss()
