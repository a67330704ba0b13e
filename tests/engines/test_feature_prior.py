"""Prior means as one more entry of each row, and ridge regression, against linear algebra."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.test_local import factors, relative, rows_of

from penchant.data.csr import Csr
from penchant.engines import feature_prior
from penchant.engines.base import Objective
from penchant.engines.feature_prior import Ridge, with_means
from penchant.engines.local import LocalEngine
from penchant.engines.reference import ReferenceEngine


def exact_solution(rows: Csr, Y, means, penalties, weight):
    """Solve the row systems as the module's docstring writes them."""
    Y, out = Y.astype(np.float64), np.zeros(means.shape)
    for r in range(rows.n_rows):
        span = slice(rows.indptr[r], rows.indptr[r + 1])
        y, confidence_delta = Y[rows.indices[span]], rows.values[span].astype(np.float64)
        if len(y):
            A = (
                weight * Y.T @ Y
                + penalties[r] * np.eye(Y.shape[1])
                + (y.T * np.abs(confidence_delta)) @ y
            )
            b = (
                y.T @ ((weight + np.abs(confidence_delta)) * (confidence_delta > 0))
                + penalties[r] * means[r]
            )
            out[r] = np.linalg.solve(A, b)
    return out


@pytest.mark.parametrize("engine", [LocalEngine(2), ReferenceEngine()])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("density", [0.03, 0.6])  # twins, and systems of f × f
@pytest.mark.parametrize(("weight", "lam"), [(1.0, 0.1), (0.05, 3.0), (0.0, 1.0), (1.0, 500.0)])
def test_rows_with_prior_means_equal_the_exact_solution(
    engine, dtype, density, weight, lam
) -> None:
    rows = rows_of(40, 120, density=density, seed=3, dislikes=0.2)
    Y, means = factors(120, 16, dtype=dtype), factors(40, 16, seed=9, dtype=np.float64)
    penalties = lam * np.linspace(0.5, 2, 40)
    longer, stacked = with_means(rows, Y, means, penalties, weight)
    rotated, X = engine.align_rows(stacked), engine.align_rows(np.zeros((40, 16), dtype))
    Q = engine.half_step(
        rows=engine.load_rows(longer, penalties),
        fixed=rotated,
        solved=X,
        objective=Objective(weight, "exact", 3),
    )
    expected = exact_solution(rows, Y, means, penalties, weight)
    assert relative(X if Q is None else X @ Q.T, expected) < (2e-4 if dtype == np.float32 else 1e-8)


@pytest.mark.parametrize("largest", [5.0, 6.0])
def test_conjugate_gradients_with_prior_means_equal_the_exact_solution(largest) -> None:
    rows = rows_of(30, 100, seed=1)
    Y, means, penalties = factors(100, 8), factors(30, 8, seed=2), np.linspace(5.0, largest, 30)
    longer, stacked = with_means(rows, Y, means.astype(np.float64), penalties, 1.0)
    engine = LocalEngine(1)
    rotated, X = engine.align_rows(stacked), engine.align_rows(np.zeros((30, 8), np.float32))
    with patch("penchant.engines.local.WHITENED_FROM", 1):  # few factors as well
        Q = engine.half_step(
            rows=engine.load_rows(longer, penalties),
            fixed=rotated,
            solved=X,
            objective=Objective(1.0, "cg", 12),
        )
    assert (Q is None) == (largest == 5.0)
    solution = X if Q is None else X @ Q.T
    assert relative(solution, exact_solution(rows, Y, means, penalties, 1.0)) < 1e-3


def test_empty_rows_get_no_prior_mean() -> None:
    rows = Csr(np.array([0, 0, 1]), np.array([3], np.int32), np.ones(1, np.float32), 5)
    longer, stacked = with_means(rows, factors(5, 2), np.ones((2, 2)), np.ones(2), 1.0)
    assert longer.row_counts.tolist() == [0, 2]
    assert longer.indices.tolist() == [3, 5]
    assert len(stacked) == longer.n_columns == 6


@pytest.mark.parametrize("direct", [True, False])
@given(seed=st.integers(0, 20))
def test_ridge_regression(direct, seed) -> None:
    rng = np.random.default_rng(seed)
    features = rows_of(50, 12, density=0.2, seed=seed, scale=1.0)
    Y, weights = rng.normal(size=(50, 4)), rng.random(50) * (rng.random(50) < 0.8)
    before, feature_prior._DIRECT_UP_TO = feature_prior._DIRECT_UP_TO, 2048 if direct else 0
    try:
        ridge = Ridge(features, weights, 0.7)
        coefficients = ridge.fit(Y)
        refitted = ridge.fit(Y, coefficients)
    finally:
        feature_prior._DIRECT_UP_TO = before
    F = np.hstack([np.zeros((50, 12)), np.ones((50, 1))])
    F[features.row_of_entry, features.indices] = features.values
    expected = np.linalg.solve((F.T * weights) @ F + 0.7 * np.eye(13), (F.T * weights) @ Y)
    np.testing.assert_allclose(coefficients, expected, atol=2e-4)
    np.testing.assert_allclose(refitted, expected, atol=2e-4)
    np.testing.assert_allclose(ridge.predict(expected), F @ expected)
