"""The coordinates of a Cholesky factor, and when they are used."""

import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.test_local import both, factors, native, relative, rows_of

from penchant.data.interactions import Csr
from penchant.engines.base import Objective
from penchant.engines.local import LocalEngine
from penchant.engines.whitening import LIMIT, common_regularization, whitening_of_gram


@given(
    seed=st.integers(0, 1000),
    f=st.integers(1, 30),
    weight=st.sampled_from([0.0, 0.1, 3.0]),
    lam=st.sampled_from([1e-9, 0.5, 40.0]),
)
def test_a_whitening_is_a_factor_and_its_inverse(seed, f, weight, lam) -> None:
    Y = np.random.default_rng(seed).normal(size=(200, f))
    whitening = whitening_of_gram(Y.T @ Y, weight, lam)
    assert whitening is not None
    shared = weight * Y.T @ Y + lam * np.eye(f)
    np.testing.assert_allclose(whitening.factor @ whitening.factor.T, shared, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(whitening.factor @ whitening.inverse, np.eye(f), atol=1e-9)
    assert not np.triu(whitening.factor, 1).any()
    assert not np.triu(whitening.inverse, 1).any()
    assert 1 - 1e-9 <= whitening.inflation <= LIMIT


def test_the_inflation_is_that_of_the_coefficient_of_determination() -> None:
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(500, 4))
    Y[:, 3] = Y[:, :3].sum(axis=1) + 0.5 * Y[:, 3]
    whitening = whitening_of_gram(Y.T @ Y, 1.0, 1e-9)
    explained = Y[:, :3] @ np.linalg.lstsq(Y[:, :3], Y[:, 3])[0]
    expected = (Y[:, 3] ** 2).sum() / ((Y[:, 3] - explained) ** 2).sum()
    assert whitening is not None
    assert whitening.inflation == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("n", "lam"), [(3, 1e-6), (50, 0.0), (0, 0.0)])
def test_near_singular_matrices_are_not_whitened(n, lam) -> None:
    Y = np.zeros((max(n, 1), 8))
    Y[:n] = factors(n, 8)
    if n > 8:
        Y[:, 7] = Y[:, 0]
    assert whitening_of_gram(Y.T @ Y, 1.0, lam) is None


def test_numbers_that_are_not_finite_are_not_whitened() -> None:
    assert whitening_of_gram(np.full((3, 3), np.nan), 1.0, 1.0) is None
    assert whitening_of_gram(np.full((3, 3), np.inf), 1.0, 1.0) is None


def test_only_a_common_regularization_above_zero_is_whitened_with() -> None:
    assert common_regularization(np.full(3, 0.5)) == 0.5
    assert common_regularization(np.array([0.5, 0.5, 0.6])) is None
    assert common_regularization(np.zeros(3)) is None
    assert common_regularization(np.empty(0)) is None


@pytest.mark.parametrize("lam", [1e-6, 1e-3])
def test_fewer_rows_than_factors_are_solved_as_precisely(lam) -> None:
    rows = rows_of(12, 10, density=0.4, seed=1)
    solved, expected = both(rows, factors(10, 40), lam=lam, weight=5.0)
    assert relative(solved, expected) < 1e-4


@pytest.mark.parametrize("solver", ["exact", "cg"])
def test_both_coordinates_give_the_same_steps(solver) -> None:
    """Conjugate gradients do not depend on the factor of the preconditioner."""
    rows, fixed = rows_of(60, 200, density=0.2), factors(200, 48, dtype=np.float64)
    start = factors(60, 48, seed=5, dtype=np.float64)
    settings = {"solver": solver, "cg_steps": 3, "start": start}
    whitened = native(rows, fixed, **{**settings, "start": start.copy()})
    nearly_same = np.nextafter(0.1, 1) * np.ones(60)
    nearly_same[0] = 0.1
    engine = LocalEngine(1)
    rotated, solved = engine.align_rows(fixed.copy()), engine.align_rows(start.copy())
    Q = engine.half_step(
        rows=engine.load_rows(rows, nearly_same),
        fixed=rotated,
        solved=solved,
        objective=Objective(1.0, solver, 3),
    )
    assert Q is not None
    assert relative(whitened, solved @ Q.T) < 1e-9


def test_half_steps_share_a_workspace_that_is_freed_with_the_rows() -> None:
    engine = LocalEngine(1)
    users, items = (engine.load_rows(rows_of(5, 6), np.ones(5)) for _ in range(2))
    assert users.workspace is items.workspace
    with users.workspace.rows_like(factors(6, 3)) as first:
        assert len(first) == 6
        with items.workspace.rows_like(factors(6, 3)) as second:  # of another thread
            assert not np.shares_memory(first, second)
    with items.workspace.rows_like(factors(4, 3)) as again:
        assert np.shares_memory(first, again)
    with items.workspace.rows_like(factors(4, 3, dtype=np.float64)) as wide:
        assert wide.dtype == np.float64
    freed = weakref.ref(users.workspace)
    del users, items
    assert freed() is None


def wide_counts(n_rows, n_columns, seed) -> Csr:
    """Rows of 6 entries with counts from 1 to 10⁶."""
    rng = np.random.default_rng(seed)
    indices = np.sort(rng.permuted(np.tile(np.arange(n_columns), (n_rows, 1)), axis=1)[:, :6])
    values = 10 ** rng.uniform(0, 6, indices.size)
    return Csr(
        np.arange(0, indices.size + 1, 6),
        indices.ravel().astype(np.int32),
        values.astype(np.float32),
        n_columns,
    )


def solved_in_span(rows: Csr, fixed, lam: float) -> np.ndarray:
    """Solve rows in float64, in an orthonormal basis of the span of the fixed side."""
    basis = np.linalg.qr(fixed.astype(np.float64).T)[0]
    Y = fixed @ basis
    shared, solutions = Y.T @ Y + lam * np.eye(basis.shape[1]), []
    for r in range(rows.n_rows):
        span = slice(rows.indptr[r], rows.indptr[r + 1])
        y, delta = Y[rows.indices[span]], rows.values[span].astype(np.float64)
        solutions.append(np.linalg.solve(shared + (y.T * delta) @ y, y.T @ (1 + delta)))
    return np.stack(solutions) @ basis.T


@pytest.mark.parametrize(
    ("n", "whitened"), [(300, False), (2500, True)], ids=["eigenvectors", "cholesky"]
)
def test_2048_factors_with_large_counts_equal_the_exact_solution(n, whitened) -> None:
    """With λ near 0 and counts up to 10⁶, in float32, within the tolerance of small cases."""
    rows, fixed, lam = wide_counts(3, n, seed=0), factors(n, 2048), 1e-6
    engine = LocalEngine(2)
    rotated, solved = fixed.copy(), engine.align_rows(np.zeros((3, 2048), np.float32))
    Q = engine.half_step(
        rows=engine.load_rows(rows, np.full(3, lam)),
        fixed=rotated,
        solved=solved,
        objective=Objective(1.0, "exact", 3),
    )
    assert (Q is None) == whitened
    solution = solved if Q is None else solved @ Q.T.astype(np.float32)
    assert relative(solution, solved_in_span(rows, fixed, lam)) < 1e-4
