"""ALS: its objective, its steps, its edges."""

from __future__ import annotations

import itertools
import os
import signal
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import peak_memory, random_interactions

from penchant import ALS
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.engines.reference import ReferenceEngine
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.models.als.state import SideState, State


def matrix(dense) -> Interactions:
    dense = np.asarray(dense, dtype=np.float32)
    rows, columns = np.nonzero(dense)
    indptr = np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))]).astype(np.int64)
    csr = Csr(indptr, columns.astype(np.int32), dense[rows, columns], dense.shape[1])
    return Interactions(csr, IdMap.range(len(dense), "user"), IdMap.range(dense.shape[1], "item"))


def dense_objective(model: ALS, data: Interactions) -> float:
    """The objective as the paper writes it, over every cell."""
    R = data.to_scipy().toarray().astype(np.float64)
    X, Y = model.user_factors.astype(np.float64), model.item_factors.astype(np.float64)
    size = np.abs(R)
    g = {"linear": size, "log": np.log1p(size / model.epsilon), "binary": size > 0}
    C = model.unobserved_weight + model.alpha * np.where(R != 0, g[model.confidence], 0)
    total = (C * ((R > 0) - X @ Y.T) ** 2).sum()
    lam = model.regularization
    pair = lam if isinstance(lam, tuple) else (lam, lam)
    for F, seen, lam_side in ((X, R != 0, pair[0]), (Y, (R != 0).T, pair[1])):
        often = seen.sum(axis=1) + model.unobserved_weight * seen.shape[1]
        total += (lam_side * often**model.regularization_scaling * (F**2).sum(axis=1)).sum()
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


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), solver=st.sampled_from(["exact", "cg"]))
def test_a_fit_by_the_reference_engine_gives_the_same_scores(seed, solver) -> None:
    data = random_interactions(20, 15, density=0.4, seed=seed)
    make = {"factors": 4, "alpha": 2.0, "regularization": 0.5, "iterations": 4, "seed": seed}
    fast = ALS(**make, solver=solver, cg_steps=40).fit(data)
    slow = ALS(**make, solver="exact", dtype="float64").fit(data, engine=ReferenceEngine())
    scores = slow.user_factors @ slow.item_factors.T
    np.testing.assert_allclose(
        fast.user_factors @ fast.item_factors.T, scores, atol=1e-4 * np.abs(scores).max()
    )


@given(
    threads=st.integers(1, 5),
    order=st.permutations(range(12)),
    solver=st.sampled_from(["exact", "auto"]),
)
@settings(max_examples=15)
def test_the_number_of_threads_changes_no_bit(threads, order, solver) -> None:
    data = random_interactions(200, 60, seed=4)
    single = ALS(factors=8, iterations=3, threads=1, solver=solver).fit(data)
    many = ALS(factors=8, iterations=3, threads=threads, solver=solver).fit(data)
    assert single.user_factors.tobytes() == many.user_factors.tobytes()
    assert single.item_factors.tobytes() == many.item_factors.tobytes()


def test_ids_do_not_change_the_factors() -> None:
    data = random_interactions(30, 20, seed=2)
    renamed = Interactions(data.csr, IdMap.range(30, "user"), IdMap.range(20, "item"))
    model, other = ALS(factors=4).fit(data), ALS(factors=4).fit(renamed)
    assert model.item_factors.tobytes() == other.item_factors.tobytes()


def test_another_seed_gives_other_factors() -> None:
    data = random_interactions(30, 20)
    first = ALS(factors=4, iterations=1, seed=0).fit(data)
    assert not np.allclose(
        first.user_factors, ALS(factors=4, iterations=1, seed=1).fit(data).user_factors
    )


# --- edges ---------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["exact", "cg", "auto"])
@pytest.mark.parametrize(
    ("dense", "changes"),
    [
        ([[1, 0, 2], [0, 0, 0], [3, 0, 0]], {}),
        ([[1, 0, 2], [0, 4, 0], [3, 0, 1]], {"regularization": 0.0}),
        ([[1, 0, 2], [0, 4, 0], [3, 0, 1]], {"factors": 1}),
        ([[1, 0, 2], [0, 4, 0], [3, 0, 1]], {"factors": 50}),
        ([[1, 0, 2], [0, 4, 0], [3, 0, 1]], {"factors": 50, "regularization": 0.0}),
        ([[1, 2, 3, 4]], {}),
        ([[1], [2], [1]], {"factors": 3, "regularization": 0.0}),
        ([[1e9, 0, 2], [0, 1e9, 0], [1e9, 1e9, 1]], {"alpha": 40.0}),
        ([[1e9, 0, 2], [0, 1e9, 0], [1e9, 1e9, 1]], {"alpha": 40.0, "regularization": 0.0}),
        ([[-1, -2, 0], [0, -1, 0]], {}),
        ([[1, -5, 0], [-1, 2, 1]], {"unobserved_weight": 0.0, "regularization": 0.1}),
        ([[1e-30, 0], [1e30, 1]], {}),
    ],
)
def test_hard_cases_stay_finite(dense, changes, solver) -> None:
    model = ALS(**{"factors": 3, "solver": solver, "iterations": 10, **changes}).fit(matrix(dense))
    assert np.isfinite(model.user_factors).all()
    assert np.isfinite(model.item_factors).all()
    assert np.isfinite(model.loss())
    scores = model.recommend(0, k=10, exclude_seen=False).scores
    assert np.isfinite(scores).all()


def test_rows_without_entries_have_the_zero_vector() -> None:
    model = ALS(factors=3).fit(matrix([[1, 0, 2], [0, 0, 0], [3, 0, 0]]))
    assert not model.user_factors[1].any()
    assert not model.item_factors[1].any()


def test_dislikes_lower_the_score() -> None:
    rng = np.random.default_rng(0)
    dense = (rng.random((60, 12)) < 0.4).astype(float)
    likes = ALS(factors=4, alpha=10.0).fit(matrix(dense))
    other = dense.copy()
    other[0, np.flatnonzero(dense[0] == 0)[0]] = -5
    column = int(np.flatnonzero(dense[0] == 0)[0])
    dislikes = ALS(factors=4, alpha=10.0).fit(matrix(other))
    assert dislikes.scores(0, [column])[0] < likes.scores(0, [column])[0]


def test_block_structure_is_recovered() -> None:
    dense = np.kron(np.eye(3), np.ones((10, 6)))
    dense[0, 0] = 0
    model = ALS(factors=3, alpha=20.0).fit(matrix(dense))
    assert list(model.recommend(0, k=1).ids) == [0]
    assert set(model.similar_items(7, k=5).ids) == {6, 8, 9, 10, 11}


@pytest.mark.parametrize(
    "wrong",
    [
        {"factors": 0}, {"factors": 2.5}, {"factors": True}, {"regularization": -1},
        {"regularization": float("nan")}, {"regularization": (0.1, -1)}, {"alpha": 0},
        {"alpha": float("inf")}, {"confidence": "cubic"}, {"epsilon": 0}, {"solver": "magic"},
        {"cg_steps": 0}, {"iterations": 0}, {"dtype": "float16"}, {"seed": -1}, {"seed": "x"},
        {"threads": 0}, {"threads": 1.5},
        {"threads": "2"}, {"dtype": np.dtype("float64")}, {"regularization_scaling": -0.5},
        {"unobserved_weight": -1}, {"unobserved_weight": 0, "regularization": 0},
        {"regularization": (0.1, 0.2, 0.3)}, {"regularization": "much"},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        ALS(**wrong)


def test_counts_over_orders_of_magnitude_cause_a_warning(caplog) -> None:
    counts = matrix([[1, 2, 0], [0, 5, 90_000], [1, 0, 3]])
    ALS(factors=2, iterations=1, confidence="log").fit(counts)
    assert not caplog.records
    ALS(factors=2, iterations=1).fit(counts)
    assert "confidence='log'" in caplog.text


# --- training ------------------------------------------------------------------------


def test_on_epoch_gets_every_epoch_and_can_stop_training() -> None:
    data, calls = random_interactions(30, 20), []

    def stop_at_three(epoch):
        calls.append((epoch.number, epoch.loss, model.user_factors.copy()))
        return epoch.number == 3

    model = ALS(factors=4, iterations=10, solver="exact")
    model.fit(data, on_epoch=stop_at_three, track_loss=True)
    assert [number for number, _, _ in calls] == [1, 2, 3]
    assert calls[0][1] > calls[1][1] > calls[2][1] == model.loss()
    assert len(model.epochs) == 3
    np.testing.assert_array_equal(calls[-1][2], model.user_factors)
    three = ALS(factors=4, iterations=3, solver="exact").fit(data)
    np.testing.assert_array_equal(three.user_factors, model.user_factors)


@pytest.mark.parametrize("solver", ["exact", "auto"])
def test_momentum_saves_epochs_on_real_plays(real_data, solver) -> None:
    import penchant

    plays = penchant.read_interactions(
        real_data("lastfm-2k/user_artists.dat"), user="userID", item="artistID", value="weight"
    ).threshold(5, 5)
    settings = {"factors": 32, "alpha": 40.0, "confidence": "log", "solver": solver}
    plain = ALS(**settings, iterations=27, momentum=0).fit(plays)
    assert ALS(**settings, iterations=20).fit(plays).loss() < plain.loss()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(40, 25), (25, 40)])
def test_momentum_equals_that_of_the_reference_engine(shape, dtype) -> None:
    data = random_interactions(*shape, seed=3)
    settings = {"factors": 4, "alpha": 5.0, "solver": "exact", "iterations": 6, "dtype": dtype}
    native = ALS(**settings).fit(data)
    oracle = ALS(**settings).fit(data, engine=ReferenceEngine())
    scores, wanted = (m.user_factors @ m.item_factors.T for m in (native, oracle))
    plain = ALS(**settings, momentum=0).fit(data)
    np.testing.assert_allclose(scores, wanted, atol=2e-3 if dtype == "float32" else 1e-9)
    assert np.abs(scores - plain.user_factors @ plain.item_factors.T).max() > 0.02


@pytest.mark.parametrize("momentum", [-0.1, 1, 1.5, float("nan"), "much"])
def test_momentum_is_below_one(momentum) -> None:
    with pytest.raises(SettingsError, match="momentum"):
        ALS(momentum=momentum)


def test_partial_fit_continues_where_fit_stopped() -> None:
    data = random_interactions(30, 20)
    whole = ALS(factors=4, iterations=5, solver="exact", momentum=0).fit(data)
    parts = ALS(factors=4, iterations=2, solver="exact", momentum=0).fit(data)
    parts.partial_fit(iterations=3)
    np.testing.assert_array_equal(whole.user_factors, parts.user_factors)
    assert [epoch.number for epoch in parts.epochs] == [1, 2, 3, 4, 5]


def test_partial_fit_accepts_new_users_and_items() -> None:
    small = random_interactions(30, 20, seed=1)
    large = random_interactions(40, 25, seed=1)
    model = ALS(factors=4, solver="exact").fit(small)
    model.partial_fit(large, iterations=2)
    assert model.user_factors.shape == (40, 4)
    assert len(model.recommend("u0039", k=3)) == 3
    assert model.loss() < ALS(factors=4, iterations=1, solver="exact").fit(large).loss()
    with pytest.raises(DataError, match="one type"):
        model.partial_fit(matrix([[1, 0], [1, 1]]))


def test_partial_fit_of_a_new_model_is_a_fit() -> None:
    data = random_interactions(20, 10)
    partial = ALS(factors=3, solver="exact").partial_fit(data, iterations=4)
    other = ALS(factors=3, solver="exact", iterations=4).fit(data)
    np.testing.assert_array_equal(partial.user_factors, other.user_factors)
    with pytest.raises(EmptyDataError):
        ALS().partial_fit()


@pytest.mark.parametrize("solver", ["exact", "cg", "auto"])
def test_folding_in_a_known_history_gives_the_users_own_vector(solver) -> None:
    data = random_interactions(30, 20, dislikes=0.1)
    model = ALS(factors=5, solver=solver).fit(data)
    folded = model.fold_in_users(data)
    np.testing.assert_allclose(folded, model.user_factors, rtol=1e-4, atol=1e-6)
    single = model.fold_in_users([data.history("u0003")])
    np.testing.assert_allclose(single[0], model.user_factors[3], rtol=1e-4, atol=1e-6)
    assert not model.fold_in_users([[]]).any()


def test_a_new_item_is_folded_in_by_its_audience() -> None:
    data = random_interactions(30, 20)
    model = ALS(factors=4, iterations=30, solver="exact").fit(data)
    audience = {
        data.users[int(u)]: float(v)
        for u, v in zip(
            data.by_item().indices[: data.by_item().indptr[1]],
            data.by_item().values[: data.by_item().indptr[1]],
            strict=True,
        )
    }
    folded = model.fold_in_items([audience])
    # one half step from where the fit ended: near it, since the fit has settled
    np.testing.assert_allclose(folded[0], model.item_factors[0], atol=0.05)


def test_ctrl_c_leaves_the_last_whole_epoch() -> None:
    data = random_interactions(60, 40)
    model = ALS(factors=4, iterations=50)
    last = []

    def interrupt(epoch):
        last[:] = [model.item_factors.copy()]
        if epoch.number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model.fit(data, on_epoch=interrupt)
    np.testing.assert_array_equal(model.item_factors, last[0])
    assert len(model.recommend("u0001", k=3)) == 3


def test_ctrl_c_ends_a_half_step_between_chunks() -> None:
    data = random_interactions(3000, 400, density=0.2)
    before = ALS(factors=96, iterations=200, solver="exact", threads=2)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        before.fit(data)
    timer.join()


# --- memory ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "copies"),
    [("linear", 1), ("binary", 1.5), ("log", 1.5)],
)
@pytest.mark.parametrize("solver", ["exact", "auto"])
def test_a_fit_holds_the_factors_and_the_transpose(confidence, copies, solver) -> None:
    """Once the entries by item, and half as much where their values are not their weights."""
    n_users, n_items, factors, each = 3000, 2000, 64, 100
    rng = np.random.default_rng(0)
    indices = rng.integers(0, n_items, n_users * each).astype(np.int32)
    values = rng.random(len(indices), dtype=np.float32) + np.float32(0.5)
    indptr = np.arange(n_users + 1, dtype=np.int64) * each
    ids = IdMap.range(n_users, "user"), IdMap.range(n_items, "item")
    data = Interactions(Csr(indptr, indices, values, n_items), *ids)
    model = ALS(
        factors=factors, alpha=3.0, confidence=confidence, solver=solver, iterations=1, threads=1
    )
    ALS(factors=2, iterations=1).fit(data)  # what is imported at first use is no part of it
    peak = peak_memory(lambda: model.fit(data))
    entries = data.nnz * (4 + 4)
    matrices = (n_users + n_items) * factors * 4
    assert peak < 1.1 * (matrices + copies * entries) + 2e6
    assert peak > matrices + copies * entries
