"""The solver that ``solver="auto"`` amounts to."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import ALS
from penchant._kernels import count_exact_rows


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "cg"),
        ({"cg_steps": 1000}, "exact"),
        ({"solver": "cg", "cg_steps": 1000}, "cg"),
        ({"solver": "exact"}, "exact"),
    ],
)
def test_training_has_the_solver_that_was_used(settings: dict[str, object], expected: str) -> None:
    data = random_interactions(30, 20)
    model = ALS(factors=8, iterations=2, momentum=0, **settings).fit(data)
    assert model.training["solver"] == expected
    same = ALS(factors=8, iterations=2, momentum=0, **{**settings, "solver": expected}).fit(data)
    np.testing.assert_array_equal(model.item_factors, same.item_factors)


def test_the_solver_stays_auto_where_it_depends_on_the_row() -> None:
    f, steps = 256, 10
    counts = np.array([0, 1, 5, 5000])
    exact = [count_exact_rows(counts[k : k + 1], f, "float32", steps) for k in range(len(counts))]
    assert exact == [0, 1, 1, 0]
    assert count_exact_rows(counts, f, "float32", steps) == 2


@pytest.mark.parametrize("kept", ["all", "none"])
def test_a_loaded_model_has_the_solver_too(kept: str, tmp_path) -> None:
    data = random_interactions(30, 20)
    model = ALS(factors=4, iterations=1, cg_steps=1000).fit(data)
    loaded = penchant.load(model.save(tmp_path / "m.penchant", interactions=kept))
    assert loaded.training == model.training
    assert loaded.training["solver"] == "exact"
