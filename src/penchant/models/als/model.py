"""Weighted regularized matrix factorization by alternating least squares (WRMF, iALS)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions, histories_to_csr
from penchant.engines.base import Engine, Factors, Objective, Penalties, Rotation, Spectrum
from penchant.engines.local import LocalEngine
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.models._arguments import History, need_items
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.als.confidence import Confidence, warn_of_spread
from penchant.models.als.momentum import Momentum
from penchant.models.base import Epoch, Metric, OnEpoch, vector_scorer
from penchant.models.iterative import Iterative

log = logging.getLogger("penchant")

_ROWS_AT_ONCE = 1024  # where wider numbers than the factors' own come in between
_SINGULAR = 1e-13  # of the largest eigenvalue: what is smaller counts as 0


USERS, ITEMS = 0, 1


class Side(NamedTuple):
    """What a half step works on: weighted rows, both sides' factors, λ of each row."""

    rows: Csr
    fixed: Factors
    solved: Factors
    penalties: Penalties
    at: int
    """``USERS`` or ``ITEMS``: whose rows are solved."""


@dataclass(kw_only=True, eq=False)
class ALS(Iterative):
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
            details='``"linear"``: r itself, as in the paper; ``"log"``: log(1 + r/ε), the paper\'s '
            'second form, for counts over several orders of magnitude; ``"binary"``: 1.',
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

    def __post_init__(self) -> None:
        validate(self)
        if self.unobserved_weight == 0 and 0 in self._regularizations:
            raise SettingsError(
                "unobserved_weight=0 needs a regularization above 0: nothing else would hold "
                "the factors in directions that a row's interactions do not reach"
            )
        self._engine: Engine = LocalEngine(self.threads)
        self._spectrum_of_items: Spectrum | None = None
        self._epochs: list[Epoch] = []
        self._open: Side | None = None  # the users, while they wait to be solved in the end

    # --- fitting -------------------------------------------------------------------

    def fit(
        self,
        interactions: Interactions,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
        engine: Engine | None = None,
    ) -> Self:
        """Learn from interactions; what was learned before is forgotten.

        Parameters
        ----------
        interactions
            Users × items.
        on_epoch
            Called after each epoch, with the factors of that epoch in place; returning True
            ends the training there.
        track_loss
            Compute the training loss after each epoch (see :meth:`loss`).
        engine
            Who does the arithmetic; None: this machine's threads.

        Raises
        ------
        EmptyDataError
            If there are no interactions.
        KeyboardInterrupt
            At Ctrl-C. After a whole epoch the model can be used: its rows are then solved, or as
            they were after that epoch. Before, it is as it was.
        """
        self._engine = engine or self._engine
        interactions = self._to_learn(interactions)
        self._train(interactions, self._start, self.iterations, on_epoch, track_loss, [])
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

        Users and items are matched by their ids: known ones keep their vectors as a start, new
        ones begin as in :meth:`fit`, and those that are gone are forgotten. The momentum begins
        anew. A model that is not fitted yet is fitted.

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
        start = self._start if self._interactions is None else self._go_on
        self._train(data, start, iterations, on_epoch, track_loss, list(self._epochs))
        return self

    def _blank(self, n: int) -> Factors:
        return self._engine.align_rows(np.zeros((n, self.factors), self.dtype))

    def _draw(self, F: Factors, seed: int | list[int]) -> None:
        """Fill in vectors to begin with, N(0, 0.1/√f) (Rendle et al. 2021, section 3.2)."""
        random, spread = np.random.default_rng(seed), 0.1 / np.sqrt(self.factors)
        for first in range(0, len(F), _ROWS_AT_ONCE):  # as one float64 draw would be, cast
            block = F[first : first + _ROWS_AT_ONCE]
            block[:] = random.normal(0, spread, block.shape)

    def _start(self, data: Interactions) -> tuple[Factors, Factors]:
        """The larger side at random, the other, which is solved first, at nothing."""
        X, Y = self._blank(data.n_users), self._blank(data.n_items)
        self._draw(Y if _users_first(data) else X, self.seed)
        return X, Y

    def _go_on(self, data: Interactions) -> tuple[Factors, Factors]:
        """The vectors of those who are known; new users at random, new items at nothing."""
        X, Y = self._blank(data.n_users), self._blank(data.n_items)
        if self.users != data.users:
            self._draw(X, [self.seed, len(self._epochs)])
        _carry_over(self.user_factors, self.users, data.users, X)
        _carry_over(self.item_factors, self.items, data.items, Y)
        return X, Y

    def _train(
        self,
        data: Interactions,
        start: Callable[[Interactions], tuple[Factors, Factors]],
        iterations: int,
        on_epoch: OnEpoch | None,
        track_loss: bool,
        epochs: list[Epoch],
    ) -> None:
        begun = time.perf_counter()
        spent = epochs[-1].seconds if epochs else 0.0
        if self.confidence == "linear":
            warn_of_spread(data.csr.values, data.name)
        X, Y = start(data)
        by_user, by_item = sides = self._sides(data, X, Y)
        for side in sides:  # before the first half step: they must not pull on others
            side.solved[side.rows.row_counts == 0] = 0
        order = (by_user, by_item) if _users_first(data) else (by_item, by_user)
        self._open = by_user if self.solver != "exact" or _users_first(data) else None
        momentum = Momentum(self._engine, self.momentum)
        first = len(epochs) + 1
        for number in range(first, first + iterations):
            momentum.turned(self._half_step(order[0]))
            momentum.push(order[0].solved)
            momentum.turned(self._half_step(order[1]))
            spent += time.perf_counter() - begun
            self._keep(data, X, Y)
            loss = self._loss(by_user, by_item) if track_loss else None
            epochs.append(Epoch(number, spent, loss))
            self._epochs = epochs
            log.debug("ALS epoch %d: %.3f s so far, loss %s", number, spent, loss)
            done = bool(on_epoch and on_epoch(epochs[-1]))
            begun = time.perf_counter()
            if done:
                break
        if self._open is not None:
            self._half_step(self._open, "exact")
        self._open = None
        del side, sides, order, by_user, by_item, momentum  # what they hold is free for what comes
        X = freeze(np.ascontiguousarray(X))
        self._keep(data, X, Y)
        Y = freeze(np.ascontiguousarray(Y))
        self._keep(data, X, Y)

    def snapshot(self) -> Self:
        """See :meth:`Model.snapshot`; in ``on_epoch`` it solves the users, half an epoch's work."""
        kept = super().snapshot()
        kept._epochs, kept._open = list(self._epochs), None
        X, Y = (np.array(F, order="C") for F in (self._X, self._Y))
        if self._open is not None:
            X, Y = self._engine.align_rows(X), self._engine.align_rows(Y)
            kept._half_step(self._open._replace(fixed=Y, solved=X), "exact")
        X, Y = (freeze(np.ascontiguousarray(F)) for F in (X, Y))
        kept._keep(self.interactions, X, Y)
        return kept

    def _half_step(self, side: Side, solver: str | None = None) -> Rotation:
        objective = Objective(self._unobserved, solver or self.solver, self.cg_steps)
        self._spectrum_of_items = None  # both sides may turn
        return self._engine.half_step(side.rows, side.fixed, side.solved, side.penalties, objective)

    def _keep(self, data: Interactions, X: Factors, Y: Factors) -> None:
        self._interactions, self._X, self._Y = data, X, Y
        self._spectrum_of_items = None

    # --- the objective -------------------------------------------------------------

    @property
    def _regularizations(self) -> tuple[float, float]:
        """λ of users and of items."""
        one = self.regularization
        return tuple(one) if isinstance(one, tuple | list) else (one, one)  # type: ignore[return-value]

    @property
    def _confidence(self) -> Confidence:
        return Confidence(self.confidence, self.alpha, self.epsilon)

    @property
    def _unobserved(self) -> float:
        """α0 as the engine gets it: all its weights are divided by the confidence's unit."""
        return self.unobserved_weight / self._confidence.unit

    def _weigh(self, rows: Csr) -> Csr:
        """The same rows with c − α0, signed by the preference, in the place of the values."""
        return self._confidence.weigh(rows)

    def _sides(self, data: Interactions, X: Factors, Y: Factors) -> tuple[Side, Side]:
        """The half steps of users and items; the fewest possible copies of the interactions.

        Weighing what is turned already leaves its turning to be shared by many fits.
        """
        by_item = self._weigh(data.by_item())
        by_user = self._weigh(data.csr)
        return (
            Side(by_user, Y, X, self._penalties(by_user, USERS), USERS),
            Side(by_item, X, Y, self._penalties(by_item, ITEMS), ITEMS),
        )

    def _penalties(self, rows: Csr, side: int) -> npt.NDArray[np.float64]:
        """λ of each row, scaled by how often it is seen; over the confidence's unit."""
        seen = np.asarray(
            rows.row_counts + self.unobserved_weight * rows.n_columns, dtype=np.float64
        )
        penalty = self._regularizations[side] / self._confidence.unit
        return penalty * seen**self.regularization_scaling

    def loss(self) -> float:
        """The training objective at the present factors, in closed form (one pass over the data).

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        return self._loss(*self._sides(self.interactions, self._X, self._Y))

    def _loss(self, by_user: Side, by_item: Side) -> float:
        X, Y, engine, unobserved = self._X, self._Y, self._engine, self._unobserved
        everywhere = float((engine.gram(X) * engine.gram(Y)).sum())
        penalty = _penalty(by_user.penalties, X) + _penalty(by_item.penalties, Y)
        observed = engine.observed_loss(by_user.rows, X, Y, unobserved)
        return self._confidence.unit * (observed + unobserved * everywhere + penalty)

    # --- what was learned ----------------------------------------------------------

    @property
    def user_factors(self) -> Factors:
        """Shape (n_users, factors), in the order of ``interactions.users``."""
        _ = self.interactions
        return self._X

    @property
    def item_factors(self) -> Factors:
        """Shape (n_items, factors), in the order of ``interactions.items``."""
        _ = self.interactions
        return self._Y

    def fold_in_users(self, histories: Interactions | Iterable[History]) -> Factors:
        """Vectors for people who were not there when the model was fitted.

        Parameters
        ----------
        histories
            Lists of items or mappings item → value, one a person; or interactions over the
            model's items.

        Returns
        -------
        ndarray
            Shape (n, factors): with the item vectors fixed, the least-squares solution for each;
            zero for an empty history. A known user's history gives the user's own vector.

        Raises
        ------
        UnknownIdError
            If an item was never seen.
        """
        if not isinstance(histories, Interactions):
            return self._fold_in(self.interactions.rows_of(histories))
        need_items(histories, self.items)
        return self._fold_in(histories.csr)

    def fold_in_items(self, audiences: Iterable[History]) -> Factors:
        """Vectors for items that were not there when the model was fitted.

        Parameters
        ----------
        audiences
            Who took to each item: lists of users or mappings user → value, one an item.

        Returns
        -------
        ndarray
            Shape (n, factors): with the user vectors fixed, the least-squares solution for each.

        Raises
        ------
        UnknownIdError
            If a user was never seen.
        """
        rows = self._weigh(histories_to_csr(audiences, self.users))
        return self._solve(rows, self.user_factors, self._engine.spectrum(self._X), side=1)

    def _fold_in(self, rows: Csr) -> Factors:
        return self._solve(self._weigh(rows), self.item_factors, self._items_spectrum, side=0)

    def _solve(self, rows: Csr, fixed: Factors, spectrum: Spectrum, *, side: int) -> Factors:
        """Exact solutions of some rows, at the cost of the columns they use."""
        used, indices = np.unique(rows.indices, return_inverse=True)
        few = Csr(rows.indptr, indices.astype(np.int32), rows.values, len(used))
        penalties = self._penalties(rows, side)
        return self._engine.fold_in(few, fixed[used], spectrum, penalties, self._unobserved)

    @property
    def _items_spectrum(self) -> Spectrum:
        if self._spectrum_of_items is None:
            self._spectrum_of_items = self._engine.spectrum(self.item_factors)
        return self._spectrum_of_items

    # --- the contract --------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        vectors = self._fold_in(rows) if users is None else self.user_factors[users]
        return FactorScorer(vectors, self.item_factors, threads=self.threads)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return vector_scorer(self.item_factors, items, metric, self.threads)

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        return vector_scorer(self.user_factors, users, metric, self.threads)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """Section 5 of the paper: c_ui p_ui · y_jᵀ A_u⁻¹ y_i for every entry i of the history."""
        weighed = self._weigh(row)
        confidence_delta = weighed.values.astype(np.float64)
        values, vectors = self._items_spectrum
        y = self.item_factors[row.indices].astype(np.float64)
        penalty = self._penalties(weighed, 0)[0]
        shared = (vectors * (self._unobserved * values + penalty)) @ vectors.T
        A = shared + (y.T * np.abs(confidence_delta)) @ y
        target = self.item_factors[item].astype(np.float64)
        if penalty > _SINGULAR * np.trace(A):  # no eigenvalue is smaller: a tenth of the time
            toward = np.linalg.solve(A, target)
        else:
            toward = np.linalg.lstsq(A, target, rcond=_SINGULAR)[0]
        c = self._unobserved + np.abs(confidence_delta)
        return np.where(confidence_delta > 0, c * (y @ toward), 0.0)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"user_factors": self._X, "item_factors": self._Y}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        X, Y, data = arrays["user_factors"], arrays["item_factors"], self.interactions
        for F, n in ((X, data.n_users), (Y, data.n_items)):
            if F.shape != (n, self.factors) or F.dtype != self.dtype:
                raise ValueError(f"factors of shape {F.shape} for {n} rows of {self.factors}")
        self._keep(data, freeze(X), freeze(Y))


def _users_first(data: Interactions) -> bool:
    """Whether users are solved before items: the smaller side goes first.

    What an epoch begins with is the random start of the other side; the more rows that has, the
    more of the interactions' structure survives in their random combinations. On HetRec
    Last.fm the loss after four epochs is 15 % lower than in the other order.
    """
    return data.n_users <= data.n_items


def _penalty(penalties: Penalties, F: Factors) -> float:
    """Σ λ_r ‖f_r‖², in float64."""
    total = 0.0
    for first in range(0, len(F), _ROWS_AT_ONCE):
        block = slice(first, first + _ROWS_AT_ONCE)
        total += float(penalties[block] @ np.square(F[block], dtype=np.float64).sum(axis=1))
    return total


def _carry_over(old: Factors, known: IdMap, ids: IdMap, start: Factors) -> None:
    """Put the vectors of those of ``ids`` that are known into their rows of ``start``."""
    if len(known) and len(ids) and known.are_integers != ids.are_integers:
        raise DataError(
            f"the model knows {known.kind} ids such as {known[0]!r}, and the new ones are such as "
            f"{ids[0]!r}: ids must be of one type"
        )
    if known == ids:
        start[:] = old
        return
    codes = np.array([-1 if (code := known.get(one)) is None else code for one in ids], np.int64)
    start[codes >= 0] = old[codes[codes >= 0]]
