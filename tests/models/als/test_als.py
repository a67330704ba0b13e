"""ALS: equality with the reference, seeds and threads, hard cases and settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import random_interactions
from tests.models.als.matrices import matrix

from penchant import ALS
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.engines.reference import ReferenceEngine
from penchant.errors import SettingsError


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
        ([[1e-30, 0], [1e10, 1]], {}),
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
    assert not caplog.records
    ALS(factors=2, iterations=1, confidence="linear").fit(counts)
    assert "confidence='log'" in caplog.text
