"""Elastic nets of columns, compared with plain coordinate descent and with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from penchant import _kernels
from penchant._kernels import ElasticNet


def slow_weights(X: np.ndarray, problem: ElasticNet, sweeps: int = 1000) -> np.ndarray:
    """Solve every column by cyclic coordinate descent on the residuals; all columns at once."""
    n = X.shape[1]
    W, residuals, squares = np.zeros((n, n)), X.copy(), (X**2).sum(axis=0)
    for _ in range(sweeps):
        before = W.copy()
        for i in range(n):
            pull = X[:, i] @ residuals + squares[i] * W[i]
            low = 0.0 if problem.nonnegative else np.minimum(pull + problem.l1, 0.0)
            best = (np.maximum(pull - problem.l1, 0.0) + low) / (squares[i] + problem.l2[i])
            best[i] = 0
            residuals -= np.outer(X[:, i], best - W[i])
            W[i] = best
        if np.abs(W - before).max() < 1e-9:
            break
    return W


def objective(X: np.ndarray, W: np.ndarray, problem: ElasticNet) -> np.ndarray:
    """Compute the objective of each column."""
    squares = ((X - X @ W) ** 2).sum(axis=0) + (problem.l2[:, None] * W**2).sum(axis=0)
    return np.asarray(0.5 * squares + problem.l1 * np.abs(W).sum(axis=0))


def gram_rows(X: np.ndarray) -> _kernels.SparseRows:
    gram = sp.csr_array(X.T @ X)
    gram.sort_indices()
    return gram.indptr.astype(np.int64), gram.indices.astype(np.int32), gram.data.astype(np.float32)


def solve(X: np.ndarray, problem: ElasticNet, threads: int = 1) -> np.ndarray:
    n = X.shape[1]
    *rows, unfinished = _kernels.elastic_net(
        gram_rows(X), problem, range(n), gram_nonnegative=bool((X >= 0).all()), threads=threads
    )
    assert unfinished == 0
    indptr, indices, values = rows
    assert (values != 0).all()
    assert all((np.diff(indices[indptr[j] : indptr[j + 1]]) > 0).all() for j in range(n))
    return sp.csr_array((values, indices, indptr), shape=(n, n)).toarray().T.astype(np.float64)


def random_columns(n_rows: int, n: int, seed: int, negative: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = (rng.random((n_rows, n)) < 0.3).astype(np.float64)
    return X * np.where(rng.random(X.shape) < negative, -1.0, 1.0)


@given(
    st.tuples(st.integers(1, 20), st.integers(1, 12)),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.3, 2.0]),
    st.sampled_from([0.5, 3.0, 20.0]),
    st.booleans(),
    st.sampled_from([0.0, 0.3]),
)
def test_the_weights_of_coordinate_descent(size, seed, l1, l2, nonnegative, negative) -> None:
    X = random_columns(*size, seed, negative)
    penalties = l2 * (1 + np.arange(size[1]) % 3)
    problem = ElasticNet(l1, penalties, nonnegative, tolerance=1e-12, max_sweeps=10**5)
    expected = slow_weights(X, problem)
    np.testing.assert_allclose(solve(X, problem), expected, atol=1e-5)


@pytest.mark.parametrize("nonnegative", [True, False])
@pytest.mark.parametrize(("l1", "l2"), [(0.5, 1.0), (3.0, 10.0)])
def test_the_objective_of_scikit_learn(nonnegative, l1, l2) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    X = random_columns(200, 90, 5)
    n_rows, n = X.shape
    problem = ElasticNet(l1, np.full(n, l2), nonnegative, tolerance=1e-6)
    peer = linear_model.ElasticNet(
        alpha=(l1 + l2) / n_rows,
        l1_ratio=l1 / (l1 + l2),
        positive=nonnegative,
        fit_intercept=False,
        tol=1e-10,
        max_iter=10**5,
    )
    expected = np.zeros((n, n))
    for j in range(n):
        others = np.delete(np.arange(n), j)
        expected[others, j] = peer.fit(X[:, others], X[:, j]).coef_
    mine, theirs = objective(X, solve(X, problem), problem), objective(X, expected, problem)
    np.testing.assert_allclose(mine, theirs, rtol=1e-6)


@pytest.mark.parametrize("nonnegative", [True, False])
def test_the_gap_bounds_the_distance_to_the_minimum(nonnegative) -> None:
    X = random_columns(60, 100, 1)
    exact = ElasticNet(0.2, np.full(100, 5.0), nonnegative, tolerance=1e-9, max_sweeps=10**4)
    least = objective(X, solve(X, exact), exact)
    for tolerance in (1e-1, 1e-2, 1e-4):
        W = solve(X, exact._replace(tolerance=tolerance))
        gap = objective(X, W, exact) - least
        assert (gap <= tolerance * 0.5 * (X**2).sum(axis=0) + 1e-6).all()


def test_a_working_set_that_is_too_large_to_be_copied() -> None:
    n, l2 = 2100, 3000.0
    X = random_columns(30, n, 1)
    problem = ElasticNet(0.0, np.full(n, l2), tolerance=1e-8, max_sweeps=10**4)
    indptr, items, weights, unfinished = _kernels.elastic_net(gram_rows(X), problem, range(2))
    assert unfinished == 0
    for j in range(2):
        others = np.delete(np.arange(n), j)
        Z = X[:, others]
        expected = Z.T @ np.linalg.solve(Z @ Z.T + l2 * np.eye(30), X[:, j])
        found = np.zeros(n)
        found[items[indptr[j] : indptr[j + 1]]] = weights[indptr[j] : indptr[j + 1]]
        np.testing.assert_allclose(found[others], expected, atol=1e-4)


def test_without_l1_it_is_ridge_regression() -> None:
    X = random_columns(50, 20, 3, negative=0.2)
    problem = ElasticNet(0.0, np.full(20, 7.0), tolerance=1e-12, max_sweeps=10**5)
    W = solve(X, problem)
    P = np.linalg.inv(X.T @ X + 7.0 * np.eye(20))
    expected = -P / np.diag(P)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(W, expected, atol=1e-5)


def test_candidates_are_the_most_similar_columns() -> None:
    X = random_columns(40, 15, 2, negative=0.2)
    G = X.T @ X
    problem = ElasticNet(0.0, np.full(15, 3.0), max_candidates=4, tolerance=1e-12, max_sweeps=10**5)
    W = solve(X, problem)
    for j in range(15):
        key = np.abs(G[:, j]) / np.sqrt(np.diag(G))
        key[j] = -1
        near = np.sort(np.argsort(-key, kind="stable")[:4])
        expected = np.zeros(15)
        expected[near] = np.linalg.solve(G[np.ix_(near, near)] + 3.0 * np.eye(4), G[near, j])
        np.testing.assert_allclose(W[:, j], expected, atol=1e-5)


@pytest.mark.parametrize("nonnegative", [True, False])
def test_the_same_bits_on_any_number_of_threads_and_in_any_parts(nonnegative) -> None:
    X = random_columns(80, 70, 4)
    rows, problem = gram_rows(X), ElasticNet(0.2, np.full(70, 2.0), nonnegative)
    whole = _kernels.elastic_net(rows, problem, range(70), threads=1)
    again = _kernels.elastic_net(rows, problem, range(70), threads=4)
    parts = [_kernels.elastic_net(rows, problem, span) for span in (range(33), range(33, 70))]
    for place in (1, 2):
        np.testing.assert_array_equal(again[place], whole[place])
        np.testing.assert_array_equal(np.concatenate([p[place] for p in parts]), whole[place])


def test_screening_changes_nothing() -> None:
    X = random_columns(80, 40, 6)
    problem = ElasticNet(1.5, np.full(40, 2.0), True, tolerance=1e-10, max_sweeps=10**5)
    rows = gram_rows(X)
    screened, whole = (
        _kernels.elastic_net(rows, problem, range(40), gram_nonnegative=flag)
        for flag in (True, False)
    )
    np.testing.assert_array_equal(screened[1], whole[1])
    np.testing.assert_allclose(screened[2], whole[2], atol=1e-5)


def test_columns_that_are_not_finished_are_counted() -> None:
    X = random_columns(80, 40, 7)
    problem = ElasticNet(0.0, np.full(40, 1e-3), tolerance=1e-12, max_sweeps=1)
    assert _kernels.elastic_net(gram_rows(X), problem, range(40))[3] == 40


def test_arrays_that_do_not_fit_are_refused() -> None:
    rows, problem = gram_rows(random_columns(9, 5, 0)), ElasticNet(1.0, np.ones(5))
    with pytest.raises(ValueError, match="must lie within its 5 rows"):
        _kernels.elastic_net(rows, problem, range(6))
    with pytest.raises(ValueError, match="gram needs values"):
        _kernels.elastic_net((rows[0], rows[1], None), problem, range(5))
    with pytest.raises(ValueError, match=r"l2 must have shape \(5\)"):
        _kernels.elastic_net(rows, problem._replace(l2=np.ones(4)), range(5))
    wrong = rows[0], np.full_like(rows[1], 7), rows[2]
    with pytest.raises(ValueError, match="gram"):
        _kernels.elastic_net(wrong, problem, range(5))
