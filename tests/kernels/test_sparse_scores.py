"""Top-k lists and ranks of products of sparse matrices, beside those of the dense product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from penchant import _kernels
from penchant.data.csr import Csr

seeds = st.integers(0, 99)


def matrix(m: int, n: int, density: float, seed: int) -> Csr:
    """Return random numbers of both signs, many of them equal."""
    csr = random_interactions(m, n, density=density, seed=seed, dislikes=0.3).csr
    return Csr(csr.indptr, csr.indices, csr.values / np.float32(3), n)


def rows(csr: Csr) -> _kernels.SparseRows:
    return csr.indptr, csr.indices, csr.values


def product(left: Csr, right: Csr) -> _kernels.SparseScores:
    return _kernels.SparseScores(rows(left), rows(right), right.n_columns)


def lists(m: int, n: int, seed: int) -> _kernels.Rows:
    csr = random_interactions(m, n, density=0.3, seed=seed).csr
    return csr.indptr, csr.indices


# few queries and sparse, many and dense, many items: each way of adding up and choosing is taken
@pytest.mark.parametrize(
    ("m", "n", "density"),
    [(9, 300, 0.02), (9, 2000, 0.01), (40, 70, 0.2), (9, 999, 0.3), (90, 130, 0.8)],
)
@given(seed=seeds, k=st.integers(1, 140), threads=st.integers(1, 3))
def test_lists_are_those_of_the_dense_product(m, n, density, seed, k, threads) -> None:
    left, right = matrix(m, 20, 0.4, seed), matrix(20, n, density, seed + 1)
    dense = _kernels.sparse_product(rows(left), rows(right), n)
    for exclude in (None, lists(m, n, seed + 2)):
        for allow in (None, lists(m, n, seed + 3)):
            expected = _kernels.dense_top_k(dense, k, exclude, allow)
            answer = _kernels.sparse_top_k(product(left, right), k, exclude, allow, threads=threads)
            for array, other in zip(answer, expected, strict=True):
                np.testing.assert_array_equal(array, other)


@pytest.mark.parametrize(("n", "density"), [(400, 0.01), (50, 0.3), (130, 0.8)])
@given(seed=seeds, k=st.integers(1, 140))
def test_items_with_a_score_of_zero_can_be_left_out(n, density, seed, k) -> None:
    left, right = matrix(90, 20, 0.3, seed), matrix(20, n, density, seed + 1)
    dense = _kernels.sparse_product(rows(left), rows(right), n)
    dense[dense == 0] = np.nan
    exclude = lists(90, n, seed + 2)
    expected = _kernels.dense_top_k(dense, k, exclude)
    answer = _kernels.sparse_top_k(product(left, right), k, exclude, nonzero=True)
    for array, other in zip(answer, expected, strict=True):
        np.testing.assert_array_equal(array, other)


@pytest.mark.parametrize("isa", _kernels.available_isas())
def test_scores_have_the_same_bits_on_every_instruction_set(isa) -> None:
    left, right = matrix(90, 20, 0.4, 0), matrix(20, 130, 0.8, 1)
    dense = _kernels.sparse_product(rows(left), rows(right), 130)
    before = _kernels.current_isa()
    _kernels.set_isa(isa)
    try:
        _, codes, scores = _kernels.sparse_top_k(product(left, right), 130)
    finally:
        _kernels.set_isa(before)
    np.testing.assert_array_equal(
        np.take_along_axis(dense, codes.reshape(90, 130), 1).ravel(), scores
    )


@given(seed=seeds, threads=st.integers(1, 3))
def test_ranks_are_those_of_the_dense_product(seed, threads) -> None:
    left, right = matrix(30, 20, 0.4, seed), matrix(20, 60, 0.2, seed + 1)
    dense = _kernels.sparse_product(rows(left), rows(right), 60)
    targets, exclude = lists(30, 60, seed + 2), lists(30, 60, seed + 3)
    expected = _kernels.dense_ranks(dense, targets, exclude)
    answer = _kernels.sparse_ranks(product(left, right), targets, exclude, threads=threads)
    for array, other in zip(answer, expected, strict=True):
        np.testing.assert_array_equal(array, other)


def test_matrices_that_do_not_fit_are_refused() -> None:
    left, right = matrix(5, 6, 0.5, 0), matrix(6, 7, 0.5, 1)
    with pytest.raises(ValueError, match="right: row"):
        _kernels.sparse_top_k(_kernels.SparseScores(rows(left), rows(right), 3), 2)
    with pytest.raises(ValueError, match="left: row"):
        _kernels.sparse_ranks(product(left, matrix(2, 7, 0.5, 1)), lists(5, 7, 0))
    with pytest.raises(ValueError, match="exclude"):
        _kernels.sparse_top_k(product(left, right), 2, lists(5, 30, 0))
