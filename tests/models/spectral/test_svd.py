"""The truncated SVD: singular values and vectors, compared with LAPACK's dense ones."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from penchant.data.csr import Csr
from penchant.models.spectral import svd
from penchant.models.spectral.svd import truncated_svd


def csr_of(dense: np.ndarray) -> Csr:
    matrix = sp.csr_array(dense)
    matrix.sort_indices()
    return Csr(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float32),
        matrix.shape[1],
    )


def long_tailed(n_rows: int, n_columns: int, seed: int = 0) -> np.ndarray:
    """Return a sparse matrix of 0 and 1 whose columns differ in frequency as items do."""
    rng = np.random.default_rng(seed)
    chance = 0.5 / np.sqrt(1 + np.arange(n_columns))
    return (rng.random((n_rows, n_columns)) < chance).astype(np.float64)


def check(dense: np.ndarray, k: int, **options) -> None:
    """Compare with the dense SVD: values, reconstruction, orthonormality."""
    result = truncated_svd(csr_of(dense), k, threads=2, **options)
    U, values, Vt = np.linalg.svd(dense.astype(np.float32).astype(np.float64))
    k = min(k, *dense.shape)
    assert result.values.shape == (k,)
    np.testing.assert_allclose(result.values, values[:k], rtol=1e-4, atol=1e-6 * values[0])
    rank = int((values[:k] > 1e-6 * values[0]).sum())
    for vectors in (result.left, result.right):
        gram = vectors.T @ vectors
        np.testing.assert_allclose(gram, np.diag(np.arange(k) < rank), atol=1e-8)
    best = (U[:, :k] * values[:k]) @ Vt[:k]
    mine = (result.left * result.values) @ result.right.T
    # as close as the best of this rank; singular vectors of equal values are not unique
    assert np.linalg.norm(dense - mine) <= np.linalg.norm(dense - best) * (1 + 1e-4) + 1e-5


@pytest.mark.parametrize("shape", [(120, 70), (70, 120), (60, 60), (1, 5), (5, 1), (40, 3)])
@pytest.mark.parametrize("k", [1, 10, 70])
def test_it_equals_the_dense_svd(shape, k) -> None:
    check(long_tailed(*shape, seed=k), k)


def test_a_large_matrix_is_solved_in_a_small_part_of_its_space() -> None:
    check(long_tailed(600, 900), 80)


def test_a_full_basis_is_restarted(monkeypatch) -> None:
    monkeypatch.setattr(svd, "_BASIS", 2)
    monkeypatch.setattr(svd, "_BLOCK", 8)
    check(long_tailed(400, 500), 70)


def test_zeros_and_low_rank() -> None:
    check(np.zeros((30, 20)), 4)
    rng = np.random.default_rng(3)
    check(rng.normal(size=(200, 3)) @ rng.normal(size=(3, 150)), 40)


def test_equal_singular_values() -> None:
    check(np.eye(90), 70)
    many = np.zeros((400, 400))
    np.fill_diagonal(many, np.r_[np.full(120, 5.0), np.linspace(1, 4, 280)])
    check(many[:, :300], 110)
    check(np.kron(np.eye(50), np.ones((4, 3))), 20)


def test_the_result_does_not_depend_on_threads() -> None:
    matrix = csr_of(long_tailed(700, 500))
    first = truncated_svd(matrix, 70, threads=1)
    for threads in (2, 3):
        for mine, expected in zip(truncated_svd(matrix, 70, threads=threads), first, strict=True):
            np.testing.assert_array_equal(mine, expected)


def test_another_seed_gives_the_same_values() -> None:
    matrix = csr_of(long_tailed(300, 200))
    first = truncated_svd(matrix, 20, seed=0, threads=2)
    second = truncated_svd(matrix, 20, seed=5, threads=2)
    np.testing.assert_allclose(second.values, first.values, rtol=1e-4)
    cosines = np.abs((first.right * second.right).sum(axis=0))
    assert cosines[:5].min() > 0.999


def test_a_fit_without_convergence_is_logged(monkeypatch, caplog) -> None:
    monkeypatch.setattr(svd, "_RESTARTS", 0)
    monkeypatch.setattr(svd, "_BASIS", 1)
    with caplog.at_level("WARNING", logger="penchant"):
        result = truncated_svd(csr_of(np.diag(np.linspace(1, 2, 2000))), 100, threads=2)
    assert "not converged" in caplog.text
    assert (np.diff(result.values) <= 0).all()
