"""Products of a sparse matrix with a dense block, and scores of factors as a block."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from penchant import _kernels


def random_matrix(m: int, n: int, seed: int = 0) -> sp.csr_array:
    matrix = sp.random_array((m, n), density=0.2, rng=np.random.default_rng(seed), format="csr")
    matrix.sort_indices()
    return matrix.astype(np.float32)


def rows_of(matrix: sp.csr_array) -> _kernels.SparseRows:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data


@pytest.fixture(params=_kernels.available_isas())
def isa(request):
    before = _kernels.current_isa()
    _kernels.set_isa(request.param)
    yield request.param
    _kernels.set_isa(before)


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 3, 16, 50, 300])
def test_it_is_the_product(dtype, width) -> None:
    matrix = random_matrix(90, 60)
    block = np.random.default_rng(1).normal(size=(60, width)).astype(dtype)
    product = _kernels.block_product(rows_of(matrix), block, threads=1)
    assert product.dtype == dtype
    exact = matrix.astype(np.float64) @ block.astype(np.float64)
    np.testing.assert_allclose(product, exact, rtol=1e-5, atol=1e-5)
    for threads in (2, 3):
        again = _kernels.block_product(rows_of(matrix), block, threads=threads)
        np.testing.assert_array_equal(again, product)
    alone = _kernels.block_product(rows_of(matrix), block[:, -1:].copy(), threads=1)
    np.testing.assert_array_equal(alone[:, 0], product[:, -1])


def test_values_of_one_and_parts_of_the_rows() -> None:
    matrix = random_matrix(40, 30)
    indptr, indices, _ = rows_of(matrix)
    block = np.random.default_rng(2).normal(size=(30, 20))
    product = _kernels.block_product((indptr, indices, None), block)
    np.testing.assert_allclose(product, (matrix != 0).astype(np.float64) @ block, rtol=1e-12)
    part = _kernels.block_product((indptr[7:20], indices, None), block)
    np.testing.assert_array_equal(part, product[7:19])


def test_what_does_not_fit_is_refused() -> None:
    rows = rows_of(random_matrix(40, 30))
    with pytest.raises(ValueError, match="the matrix"):
        _kernels.block_product(rows, np.ones((20, 4)))
    with pytest.raises(ValueError, match="block must have shape"):
        _kernels.block_product(rows, np.ones(30))


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("n_queries", [1, 5, 130])
def test_scores_of_factors_are_those_of_pairs(n_queries) -> None:
    rng = np.random.default_rng(3)
    queries = rng.normal(size=(n_queries, 17)).astype(np.float32)
    items = rng.normal(size=(1500, 17)).astype(np.float32)
    scores = _kernels.factor_scores(queries, items, threads=2)
    np.testing.assert_allclose(scores, queries @ items.T, rtol=1e-4, atol=1e-4)
    every = (
        np.arange(n_queries + 1, dtype=np.int64) * 1500,
        np.tile(np.arange(1500, dtype=np.int32), n_queries),
    )
    pairs = _kernels.score_pairs(queries, items, every)
    np.testing.assert_array_equal(scores.ravel(), pairs)
    np.testing.assert_array_equal(scores, _kernels.factor_scores(queries, items, threads=1))
