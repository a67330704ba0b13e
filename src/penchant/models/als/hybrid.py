"""WRMF with features: factors that are expected where the features of a row predict them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._settings.declarations import Setting
from penchant.data.feature_rows import FeatureRow
from penchant.data.features import Features
from penchant.data.interactions import Csr, Interactions, histories_to_csr
from penchant.engines.base import Factors, Objective, Rotation, Spectrum
from penchant.engines.feature_prior import F64, Ridge, with_means
from penchant.errors import DataError, SettingsError, UnsupportedError
from penchant.models._arguments import History, need_items
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.als.feature_prior import FeaturePrior
from penchant.models.als.model import ALS, ITEMS, USERS, Side
from penchant.models.base import OnEpoch
from penchant.models.cold_start import FeatureModel
from penchant.models.epoch import Epoch


@dataclass(kw_only=True, eq=False)
class HybridALS(FeatureModel, ALS):
    """ALS whose vectors have a part that is linear in the features of users and items.

    A vector is what the row's features predict and a part of its own, y_i = Gᵀf_i + e_i and
    alike x_u = Hᵀf_u + e_u, with penalties on these parts: the objective of :class:`penchant.ALS` with

        Σ_i λ_i ‖y_i − Gᵀf_i‖² + γ λ̄ ‖G‖²   in the place of   Σ_i λ_i ‖y_i‖²

    and alike for users, λ̄ being the mean of the λ_i; f ends in a constant 1. An item nobody has
    taken to gets Gᵀf_i; the more interactions it has, the further its vector goes its own way.

    The features are those of the interactions it is fitted on
    (:meth:`penchant.Interactions.with_item_features`, ``with_user_features``); a side without
    features is as in :class:`penchant.ALS`. Each half step solves a side with its prior means, and
    before it G is found by ridge regression of the side's vectors on the features: every step
    lowers the one objective (the idea of collective factorization, Singh & Gordon 2008, and of
    regression-based priors, Agarwal & Chen 2009).

    The larger λ is, the more the features determine the vectors of rows that have interactions;
    with λ = 0 they only determine those of rows without.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    feature_regularization: Annotated[
        float,
        Setting(
            above=0,
            unit="rows",
            help="Penalty γ on the features' coefficients.",
            details="It counts as much against each feature as γ rows that have it.",
            tune=(0.1, 100.0, "log"),
        ),
    ] = 1.0

    kind: ClassVar[str] = "hybrid-als"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._expected: dict[int, FeaturePrior] = {}
        self._fitted_sides: frozenset[int] = (
            frozenset()
        )  # sides whose factors stand since they were read
        self._whole: dict[int, Factors] = {}

    # --- fitting -------------------------------------------------------------------

    def _train(
        self,
        data: Interactions,
        start: Callable[[Interactions], tuple[Factors, Factors]],
        iterations: int,
        on_epoch: OnEpoch | None,
        track_loss: bool,
        epochs: list[Epoch],
    ) -> None:
        before, known = self._expected, getattr(self, "_X", None)

        def begun(data: Interactions) -> tuple[Factors, Factors]:
            factors = start(data)  # perhaps from what was expected until now
            self._expected, self._fitted_sides = self._prepare(data), frozenset()
            return factors

        try:
            super()._train(data, begun, iterations, on_epoch, track_loss, epochs)
        except BaseException:
            if getattr(self, "_X", None) is known:  # nothing was learned: it stays as it was
                self._expected, self._whole = before, {}
            raise

    def partial_fit(
        self,
        interactions: Interactions | None = None,
        iterations: int = 1,
        *,
        on_epoch: OnEpoch | None = None,
        track_loss: bool = False,
    ) -> Self:
        """As :meth:`penchant.ALS.partial_fit`; without features of its own, data takes those known."""
        known, data = self._interactions, interactions
        if known is not None and data is not None:
            data = self._to_learn(data)
            if data.item_features is None:
                data = data.with_item_features(known.item_features)
            if data.user_features is None:
                data = data.with_user_features(known.user_features)
        return super().partial_fit(data, iterations, on_epoch=on_epoch, track_loss=track_loss)

    def _prepare(self, data: Interactions) -> dict[int, FeaturePrior]:
        """The features of the sides that have any, lined up with the rows they are of."""
        prepared = {}
        for side, rows, ids in (
            (USERS, data.csr, data.users),
            (ITEMS, data.by_item(), data.items),
        ):
            features = data.user_features if side == USERS else data.item_features
            if features is not None:
                aligned = features.with_identity(False).aligned(ids)
                ridge = Ridge(aligned, self._weights(rows, side), self.feature_regularization)
                nothing = np.zeros((ridge.n_features, self.factors))
                live = rows.row_counts > 0
                prepared[side] = FeaturePrior(features.names, ridge, live, nothing)
        return prepared

    def _weights(self, rows: Csr, side: int) -> F64:
        """λ of each row over the mean; nothing for rows without entries."""
        live = rows.row_counts > 0
        penalties = self._penalties(rows, side)
        if not penalties.any():
            penalties = np.ones_like(penalties)
        return np.where(live, penalties / penalties[live].mean(), 0.0)

    def _half_step(self, side: Side, solver: str | None = None) -> Rotation:
        rows, fixed, solved, penalties, at = side
        objective = Objective(self._unobserved, solver or self.solver, self.cg_steps)
        stacked = fixed
        if at in self._expected:
            self._learn(at, solved)
            means = self._expected[at].means
            rows, stacked = with_means(rows, fixed, means, penalties, self._unobserved)
            stacked = self._engine.align_rows(stacked)
        self._spectrum_of_items, self._whole = None, {}
        self._fitted_sides -= {at}
        try:
            Q = self._engine.half_step(rows, stacked, solved, penalties, objective)
        except BaseException:
            self._pick_up(side, stacked)
            raise
        if stacked is not fixed:
            fixed[:] = stacked[: len(fixed)]
        self._expected = {one: known.turned(Q) for one, known in self._expected.items()}
        return Q

    def _pick_up(self, side: Side, stacked: Factors) -> None:
        """After an interrupt, which does not tell whether factors were turned: learn anew."""
        if stacked is not side.fixed:
            side.fixed[:] = stacked[: len(side.fixed)]
        self._fitted_sides = frozenset()
        self._learn(side.at, side.solved)
        self._learn(ITEMS if side.at == USERS else USERS, side.fixed)

    def _learn(self, side: int, factors: Factors) -> None:
        """Learn what the features of a side, if it has any, predict of its factors."""
        if side in self._expected and side not in self._fitted_sides:
            self._expected = {**self._expected, side: self._expected[side].fitted(factors)}
            self._fitted_sides |= {side}

    def _keep(self, data: Interactions, X: Factors, Y: Factors) -> None:
        super()._keep(data, X, Y)
        self._learn(ITEMS, Y)  # users are left with what they were solved with, as fold-in needs
        self._whole = {}

    def _loss(self, by_user: Side, by_item: Side) -> float:
        more = sum(
            self._expected[side.at].confidence_delta(factors, side.penalties)
            for side, factors in ((by_user, self._X), (by_item, self._Y))
            if side.at in self._expected
        )
        return super()._loss(by_user, by_item) + self._confidence.unit * more

    # --- what was learned ----------------------------------------------------------

    @property
    def scores_cold_items(self) -> bool:
        """Whether it was fitted on items with features."""
        return ITEMS in self._expected

    @property
    def user_factors(self) -> Factors:
        """Shape (n_users, factors); who did nothing has what their features predict."""
        return self._filled(USERS)

    @property
    def item_factors(self) -> Factors:
        """Shape (n_items, factors); what nobody took to has what its features predict."""
        return self._filled(ITEMS)

    @property
    def item_feature_factors(self) -> Factors | None:
        """Shape (n features, factors): what each feature adds to an item's vector, if any."""
        known = self._expected.get(ITEMS)
        return None if known is None else known.coefficients[:-1].astype(self.dtype)

    def _filled(self, side: int) -> Factors:
        _ = self.interactions
        factors = self._X if side == USERS else self._Y
        if side not in self._expected:
            return factors
        if side not in self._whole:
            self._whole[side] = freeze(self._expected[side].filled(factors))
        return self._whole[side]

    @property
    def _items_spectrum(self) -> Spectrum:
        """That of the items that were there to be taken to."""
        if self._spectrum_of_items is None:
            self._spectrum_of_items = self._engine.spectrum(self._Y)
        return self._spectrum_of_items

    def fold_in_users(
        self,
        histories: Interactions | Iterable[History],
        *,
        features: Iterable[FeatureRow] | None = None,
    ) -> Factors:
        """Vectors for people who were not there when the model was fitted.

        As :meth:`penchant.ALS.fold_in_users`, with the features of each where they are known: names,
        or a mapping name → weight. Features that were not known in training are passed over with
        a warning. With an empty history a vector comes from the features alone. Interactions
        bring their own features.
        """
        if isinstance(histories, Interactions):
            if features is not None:
                raise SettingsError("interactions bring their own features: with_user_features")
            need_items(histories, self.items)
            return self._fold_in_with(histories.csr, self._means_of(histories))
        rows = self.interactions.rows_of(histories)
        return self._fold_in_with(rows, self._means(USERS, rows.n_rows, features))

    def fold_in_items(
        self,
        audiences: Iterable[History],
        *,
        features: Iterable[FeatureRow] | None = None,
    ) -> Factors:
        """Vectors for items that were not there when the model was fitted.

        As :meth:`penchant.ALS.fold_in_items`, with the features of each: see :meth:`fold_in_users`.
        An item with an empty audience gets a vector from its features alone.
        """
        rows = self._weigh(histories_to_csr(audiences, self.users))
        means = self._means(ITEMS, rows.n_rows, features)
        spectrum = self._engine.spectrum(self._X)
        return self._solve_towards(rows, self.user_factors, spectrum, means, side=ITEMS)

    def _means(self, side: int, n: int, features: Iterable[FeatureRow] | None) -> F64:
        """What the features of n new rows predict; None: of rows without any."""
        given = [()] * n if features is None else list(features)
        if len(given) != n:
            raise DataError(f"features of {len(given):,} for {n:,} histories")
        if side not in self._expected:
            if features is not None:
                what = "user" if side == USERS else "item"
                raise UnsupportedError(
                    f"the model was fitted without features of {what}s: fit it on "
                    f"interactions.with_{what}_features(…)"
                )
            return np.zeros((n, self.factors))
        known = self._known_features(side)
        return self._expected[side].of_new(known.rows_of(given))

    def _means_of(self, people: Interactions) -> F64:
        """What the features that interactions bring predict of their users."""
        own = self._expected.get(USERS)
        if own is None or people.user_features is None:
            return self._means(USERS, people.n_users, None)
        norm = self._known_features(USERS).norm
        over = people.user_features.over(own.names).with_identity(False).normalized(norm)
        return own.of_new(over.aligned(people.users))

    def _known_features(self, side: int) -> Features:
        data = self.interactions
        features = data.user_features if side == USERS else data.item_features
        assert features is not None
        return features

    def _fold_in(self, rows: Csr) -> Factors:
        return self._fold_in_with(rows, self._means(USERS, rows.n_rows, None))

    def _fold_in_with(self, rows: Csr, means: F64) -> Factors:
        items, spectrum = self.item_factors, self._items_spectrum
        return self._solve_towards(self._weigh(rows), items, spectrum, means, side=USERS)

    def _solve_towards(
        self, rows: Csr, fixed: Factors, spectrum: Spectrum, means: F64, *, side: int
    ) -> Factors:
        """Exact solutions of some rows with prior means; the means themselves of empty rows."""
        used, indices = np.unique(rows.indices, return_inverse=True)
        few = Csr(rows.indptr, indices.astype(np.int32), rows.values, len(used))
        penalties = self._penalties(rows, side)
        weight = self._unobserved
        longer, stacked = few, fixed[used]
        if side in self._expected:
            longer, stacked = with_means(few, stacked, means, penalties, weight)
        found = np.array(self._engine.fold_in(longer, stacked, spectrum, penalties, weight))
        empty = rows.row_counts == 0
        found[empty] = means[empty]
        return found

    def _vectors_of_people(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> Factors:
        if users is not None:
            return np.asarray(self.user_factors[users])
        return self._fold_in_with(rows, self._means(USERS, rows.n_rows, features))

    def _vectors_of_items(self, features: Sequence[FeatureRow] | None) -> Factors:
        if features is None:
            return self.item_factors
        return self._means(ITEMS, len(features), features).astype(self.dtype)

    # --- the contract --------------------------------------------------------------

    def scorer(self, interactions: Interactions) -> Scorer:
        """See :meth:`penchant.models.base.Model.scorer`; users of others bring their features."""
        if interactions is self._interactions or USERS not in self._expected:
            return super().scorer(interactions)
        vectors = self.fold_in_users(interactions)
        return FactorScorer(vectors, self.item_factors, threads=self.threads)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        if USERS in self._expected:
            raise UnsupportedError(
                "a part of these scores comes from the features of users, so that the items of a "
                "history don't explain them: fit without user features to explain"
            )
        return super()._contributions(row, item)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        fitted = {_coefficients(side): known.coefficients for side, known in self._expected.items()}
        return {**super()._arrays(), **fitted}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        prepared = self._prepare(self.interactions)
        super()._restore(arrays)
        for side, known in prepared.items():
            found = arrays[_coefficients(side)]
            if found.shape != known.coefficients.shape:
                raise ValueError(f"coefficients of shape {found.shape}")
            self._expected[side] = replace(known, coefficients=found)


def _coefficients(side: int) -> str:
    """What the coefficients of a side are called in a file."""
    return "user_coefficients" if side == USERS else "item_coefficients"
