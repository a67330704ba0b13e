"""Weights by users and by items, compared with the paper's algorithm, and their optimality."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from penchant.data.interactions import Csr
from penchant.models.linear.autoencoder import bytes_to_solve, zero_diagonal_weights


def by_the_paper(X: np.ndarray, regularization: float, dropout: float = 0.0) -> np.ndarray:
    """Compute the weights as in Steck 2019, algorithm 1, with the penalties of Steck 2020."""
    G = X.T @ X
    penalties = regularization + dropout / (1 - dropout) * np.diag(G)
    P = np.linalg.inv(G + np.diag(penalties))
    B = P / -np.diag(P)
    np.fill_diagonal(B, 0)
    return B


def rows_of(n_rows: int, n_columns: int, seed: int = 0) -> tuple[Csr, np.ndarray]:
    data = random_interactions(n_rows, n_columns, density=0.3, seed=seed, dislikes=0.2)
    return data.csr, data.to_scipy().toarray().astype(np.float64)


sizes = st.tuples(st.integers(1, 25), st.integers(1, 25))


@given(sizes, st.integers(0, 99), st.floats(0.1, 1000))
def test_the_weights_of_the_paper(size, seed, regularization) -> None:
    rows, X = rows_of(*size, seed=seed)
    found = zero_diagonal_weights(rows, regularization, threads=1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_the_paper(X, regularization), rtol=1e-5, atol=1e-7)


@given(sizes, st.integers(0, 99), st.floats(0.1, 1000), st.sampled_from([0.1, 0.5, 0.9]))
def test_the_weights_of_the_paper_with_dropout(size, seed, regularization, dropout) -> None:
    rows, X = rows_of(*size, seed=seed)
    found = zero_diagonal_weights(rows, regularization, dropout=dropout, threads=1)
    expected = by_the_paper(X, regularization, dropout)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_dropout_is_the_mean_over_dropped_interactions() -> None:
    _, X = rows_of(12, 6)
    p, rng, B = 0.4, np.random.default_rng(0), np.random.default_rng(1).normal(size=(6, 6))
    np.fill_diagonal(B, 0)
    dropped = X * (rng.random((40_000, *X.shape)) >= p) / (1 - p)
    mean = ((X - dropped @ B) ** 2).sum(axis=(1, 2)).mean()
    penalties = p / (1 - p) * (X**2).sum(axis=0)
    closed = ((X - X @ B) ** 2).sum() + (penalties[:, np.newaxis] * B**2).sum()
    assert mean == pytest.approx(closed, rel=0.02)


@pytest.mark.parametrize("size", [(400, 300), (300, 700)])  # over items, over people; slabs of each
def test_the_same_weights_on_any_number_of_threads(size) -> None:
    rows, X = rows_of(*size)
    one, many = (zero_diagonal_weights(rows, 30.0, threads=threads) for threads in (1, 4))
    np.testing.assert_array_equal(one, many)
    np.testing.assert_allclose(one, by_the_paper(X, 30.0), rtol=1e-4, atol=1e-6)


@given(sizes, st.integers(0, 99), st.floats(0.5, 50))
def test_weights_are_a_local_minimum(size, seed, regularization) -> None:
    rows, X = rows_of(*size, seed=seed)

    def loss(B: np.ndarray) -> float:
        return float(((X - X @ B) ** 2).sum() + regularization * (B**2).sum())

    best = zero_diagonal_weights(rows, regularization, threads=1).astype(np.float64)
    step = np.random.default_rng(seed).normal(0, 0.01, best.shape)
    np.fill_diagonal(step, 0)
    least = loss(best) * (1 - 1e-6)
    assert loss(best + step) >= least
    assert loss(best - step) >= least


@given(sizes, st.integers(0, 99))
def test_the_order_of_people_does_not_matter(size, seed) -> None:
    rows, _ = rows_of(*size, seed=seed)
    order = np.random.default_rng(seed).permutation(size[0])
    found = zero_diagonal_weights(rows.take_rows(order), 5.0, threads=1)
    expected = zero_diagonal_weights(rows, 5.0, threads=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_regularization_that_is_lost_in_the_rounding() -> None:
    for size in ((20, 9), (9, 20)):
        with pytest.raises(np.linalg.LinAlgError, match="lost in the rounding"):
            zero_diagonal_weights(rows_of(*size)[0], 1e-12, threads=1)


def test_memory_grows_with_the_smaller_side() -> None:
    assert bytes_to_solve(10**6, 1000) == 12 * 1000**2
    assert bytes_to_solve(10, 1000) == 4 * 1000**2 + 800
