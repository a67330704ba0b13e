"""Products of sparse matrices as sparse matrices, beside the dense product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernels.test_sparse_scores import lists, matrix, rows

from penchant import _kernels
from penchant.data.csr import Csr


@given(
    seed=st.integers(0, 99),
    n=st.sampled_from([1, 7, 64, 65, 500]),
    density=st.sampled_from([0.01, 0.2, 0.7]),
    threads=st.integers(1, 3),
)
def test_a_product_is_the_dense_one_without_zeros(seed, n, density, threads) -> None:
    left, right = matrix(40, 20, 0.3, seed), matrix(20, n, density, seed + 1)
    expected = _kernels.sparse_product(rows(left), rows(right), n)
    product = _kernels.spgemm(rows(left), rows(right), n, threads=threads)
    assert product is not None
    csr = Csr(*product, n)
    assert csr.is_validated
    assert (csr.values != 0).all()
    assert all((np.diff(csr.row(row).indices) > 0).all() for row in range(40))
    np.testing.assert_array_equal(csr.to_scipy().toarray(), expected)


def test_entries_are_left_out() -> None:
    left, right = matrix(40, 20, 0.3, 0), matrix(20, 50, 0.3, 1)
    expected = _kernels.sparse_product(rows(left), rows(right), 50)
    indptr, columns = lists(40, 50, 2)
    expected[np.repeat(np.arange(40), np.diff(indptr)), columns] = 0
    product = _kernels.spgemm(rows(left), rows(right), 50, exclude=(indptr, columns))
    assert product is not None
    np.testing.assert_array_equal(Csr(*product, 50).to_scipy().toarray(), expected)


def test_a_product_with_too_many_entries_is_not_made() -> None:
    left, right = rows(matrix(40, 20, 0.3, 0)), rows(matrix(20, 50, 0.3, 1))
    product = _kernels.spgemm(left, right, 50)
    assert product is not None
    n_entries = len(product[1])
    assert _kernels.spgemm(left, right, 50, max_entries=n_entries) is not None
    assert _kernels.spgemm(left, right, 50, max_entries=n_entries - 1) is None


def test_matrices_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="right: row"):
        _kernels.spgemm(rows(matrix(5, 6, 0.5, 0)), rows(matrix(6, 7, 0.5, 1)), 3)
