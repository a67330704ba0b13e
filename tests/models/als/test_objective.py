"""The training objective of ALS: its value, and that half steps lower it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from penchant import ALS
from penchant.data.interactions import Interactions
from penchant.models.als.state import SideState, State


def dense_objective(model: ALS, data: Interactions) -> float:
    """The objective as the paper writes it, over every cell."""
    weights = model.training
    R = data.to_scipy().toarray().astype(np.float64)
    X, Y = model.user_factors.astype(np.float64), model.item_factors.astype(np.float64)
    size = np.abs(R)
    g = {"linear": size, "log": np.log1p(size / model.epsilon), "binary": size > 0}
    unobserved, counted = weights["unobserved_weight"], g[weights["confidence"]]
    C = unobserved + weights["alpha"] * np.where(R != 0, counted, 0)
    total = (C * ((R > 0) - X @ Y.T) ** 2).sum()
    lam = weights["regularization"]
    pair = lam if isinstance(lam, tuple) else (lam, lam)
    for F, seen, lam_side in ((X, R != 0, pair[0]), (Y, (R != 0).T, pair[1])):
        often = seen.sum(axis=1) + unobserved * seen.shape[1]
        penalties = lam_side * often ** weights["regularization_scaling"]
        total += (penalties * (F**2).sum(axis=1)).sum()
    return total


def order(is_user_side, solved, fixed):
    """Return the factors of users and of items."""
    return (solved, fixed) if is_user_side else (fixed, solved)


def keep_factors(model: ALS, data: Interactions, X, Y) -> None:
    """Set the factors of a model during training."""
    model._keep(data, State(*(SideState(model._engine, F) for F in (X, Y))))


class Watched:
    """An engine that computes the whole objective after every half step."""

    def __init__(self, model, data) -> None:
        self.inner, self.model, self.data, self.losses = model._engine, model, data, []
        self.sides = {}

    def half_step(self, *, rows, fixed, solved, **options):
        rotation = self.inner.half_step(rows=rows, fixed=fixed, solved=solved, **options)
        is_user_side = rows.csr.n_rows == self.data.n_users
        keep_factors(self.model, self.data, *order(is_user_side, solved, fixed))
        self.losses.append(dense_objective(self.model, self.data))
        return rotation

    def __getattr__(self, name):
        return getattr(self.inner, name)


@given(
    seed=st.integers(0, 1000),
    confidence=st.sampled_from(["linear", "log", "binary"]),
    scaling=st.sampled_from([0.0, 1.0]),
    weight=st.sampled_from([0.05, 1.0]),
    dislikes=st.sampled_from([0.0, 0.3]),
)
def test_every_exact_half_step_lowers_the_objective(
    seed, confidence, scaling, weight, dislikes
) -> None:
    data = random_interactions(25, 17, density=0.3, seed=seed, dislikes=dislikes)
    model = ALS(
        factors=5, alpha=3.0, regularization=(0.05, 0.1), unobserved_weight=weight,
        confidence=confidence, regularization_scaling=scaling, solver="exact", momentum=0,
        iterations=6, dtype="float64", seed=seed,
    )  # fmt: skip
    watched = Watched(model, data)
    model.fit(data, engine=watched)
    assert len(watched.losses) == 12
    assert all(b <= a * (1 + 1e-9) for a, b in itertools.pairwise(watched.losses))


def test_every_exact_half_step_lowers_the_objective_on_real_plays(real_data) -> None:
    import penchant

    plays = penchant.read_interactions(
        real_data("lastfm-2k/user_artists.dat"), user="userID", item="artistID", value="weight"
    ).threshold(5, 5)
    settings = {"factors": 16, "alpha": 40.0, "confidence": "log", "solver": "exact"}
    model = ALS(**settings, iterations=5, momentum=0)
    losses = []
    model._interactions = plays

    class Closed:
        def half_step(self, *, rows, fixed, solved, **options):
            rotation = inner.half_step(rows=rows, fixed=fixed, solved=solved, **options)
            is_user_side = rows.csr.n_rows == plays.n_users
            keep_factors(model, plays, *order(is_user_side, solved, fixed))
            losses.append(model.loss())
            return rotation

        def __getattr__(self, name):
            return getattr(inner, name)

    inner = model._engine
    model.fit(plays, engine=Closed())
    assert len(losses) == 11  # fewer users than items: they go first, and once more at the end
    assert all(b <= a * (1 + 1e-6) for a, b in itertools.pairwise(losses))
    assert losses[-1] < 0.9 * losses[1]


@given(
    seed=st.integers(0, 1000),
    confidence=st.sampled_from(["linear", "log", "binary"]),
    scaling=st.sampled_from([0.0, 0.5, 1.0]),
    weight=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_the_loss_in_closed_form_is_the_loss(seed, confidence, scaling, weight) -> None:
    data = random_interactions(15, 12, seed=seed, dislikes=0.2)
    model = ALS(
        factors=3, regularization=(0.1, 0.3), confidence=confidence, epsilon=2.0,
        regularization_scaling=scaling, unobserved_weight=weight, iterations=2,
    )  # fmt: skip
    model.fit(data)
    assert model.loss() == pytest.approx(dense_objective(model, data), rel=1e-4)
