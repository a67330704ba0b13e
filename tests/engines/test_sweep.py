"""Gram matrices and inverses in slabs, against whole matrices in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from tacit.engines.sweep import gram_of_rows, invert


def positive_definite(n: int, seed: int = 0) -> np.ndarray:
    factor = np.random.default_rng(seed).normal(size=(n, n))
    return factor @ factor.T + n * np.eye(n)


@given(
    n_rows=st.integers(1, 30),
    n_columns=st.integers(1, 30),
    seed=st.integers(0, 99),
    threads=st.integers(1, 3),
)
def test_a_gram_matrix_of_whole_numbers_is_exact(n_rows, n_columns, seed, threads) -> None:
    data = random_interactions(n_rows, n_columns, density=0.4, seed=seed, dislikes=0.3)
    dense = data.to_matrix().toarray().astype(np.float64)
    np.testing.assert_array_equal(gram_of_rows(data.csr, threads=threads), dense.T @ dense)


def test_of_a_large_gram_matrix_the_lower_triangle_is_whole() -> None:
    data = random_interactions(40, 600, density=0.05, dislikes=0.3)
    dense = data.to_matrix().toarray().astype(np.float64)
    found, whole = gram_of_rows(data.csr, threads=2), dense.T @ dense
    np.testing.assert_array_equal(np.tril(found), np.tril(whole))
    assert ((found == whole) | (found == 0)).all()


@pytest.mark.parametrize("n", [1, 2, 255, 256, 257, 700])
def test_the_inverse_and_its_sign(n) -> None:
    A = positive_definite(n)
    found = A.copy()
    invert(found, threads=2)
    np.testing.assert_allclose(found, -np.linalg.inv(A), atol=1e-14)
    np.testing.assert_array_equal(found, found.T)


def test_what_stands_above_the_diagonal_is_not_looked_at() -> None:
    whole = positive_definite(300, seed=1)
    lower = np.where(np.tri(300, dtype=bool), whole, np.nan)
    invert(whole, threads=2)
    invert(lower, threads=2)
    np.testing.assert_array_equal(lower, whole)


def test_the_inverse_is_the_same_on_any_number_of_threads() -> None:
    one = positive_definite(600, seed=2)
    many = one.copy()
    invert(one, threads=1)
    invert(many, threads=5)
    np.testing.assert_array_equal(one, many)


def test_it_tells_how_far_it_is_and_can_be_stopped() -> None:
    told = []
    invert(positive_definite(600), threads=2, on_step=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invert(positive_definite(600), threads=2, on_step=stop)


def test_what_has_no_positive_pivots() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        invert(np.array([[1.0, 2.0], [2.0, 1.0]]), threads=1)
