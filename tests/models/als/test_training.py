"""Training of ALS: epochs, momentum, more data, fold-in, interruption and memory."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest
from tests.conftest import peak_memory, random_interactions
from tests.models.als.matrices import matrix

from penchant import ALS
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.engines.reference import ReferenceEngine
from penchant.errors import DataError, EmptyDataError, SettingsError


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


@pytest.mark.parametrize(
    ("confidence", "copies"),
    [("linear", 1), ("binary", 1.5), ("log", 1.5)],
)
@pytest.mark.parametrize("solver", ["exact", "auto"])
def test_a_fit_holds_the_factors_and_the_transpose(confidence, copies, solver) -> None:
    """A fit holds the entries by item once, and half of that again if values are not weights."""
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
