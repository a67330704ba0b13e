"""Inverses computed in slabs, compared with NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from penchant.models.linear.inverse import invert


def positive_definite(n: int, seed: int = 0) -> np.ndarray:
    factor = np.random.default_rng(seed).normal(size=(n, n))
    return factor @ factor.T + n * np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 255, 256, 257, 700])
def test_the_inverse_and_its_sign(n) -> None:
    A = positive_definite(n)
    found = A.copy()
    invert(found, threads=2)
    np.testing.assert_allclose(found, -np.linalg.inv(A), atol=1e-14)
    np.testing.assert_array_equal(found, found.T)


def test_the_part_above_the_diagonal_is_not_read() -> None:
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


def test_progress_is_reported_and_can_stop_the_inversion() -> None:
    told = []
    invert(positive_definite(600), threads=2, on_step=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invert(positive_definite(600), threads=2, on_step=stop)


def test_matrices_that_are_not_positive_definite() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        invert(np.array([[1.0, 2.0], [2.0, 1.0]]), threads=1)
