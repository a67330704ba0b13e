"""Products of sparse matrices natively, beside dense ones in NumPy."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

import penchant
from penchant import _kernels
from penchant.data.csr import Csr, row_pointers

sizes = st.integers(1, 30)
seeds = st.integers(0, 99)
threads = st.integers(1, 4)


def matrix(m: int, n: int, seed: int, *, whole: bool = True) -> tuple[Csr, np.ndarray]:
    """Whole numbers (some below 0), or any; the same dense, in float64."""
    csr = random_interactions(m, n, density=0.4, seed=seed, dislikes=0.3).csr
    if not whole:
        noise = np.random.default_rng(seed).normal(size=csr.nnz).astype(np.float32)
        csr = Csr(csr.indptr, csr.indices, noise, n)
    return csr, csr.to_scipy().toarray().astype(np.float64)


def rows(csr: Csr) -> _kernels.SparseRows:
    return csr.indptr, csr.indices, csr.values


def gram(csr: Csr, **settings: int) -> np.ndarray:
    return _kernels.sparse_gram(rows(csr), csr.n_columns, **settings)


@given(sizes, sizes, seeds, threads)
def test_a_gram_matrix_of_whole_numbers_is_exact(m, n, seed, threads) -> None:
    csr, X = matrix(m, n, seed)
    np.testing.assert_array_equal(gram(csr, threads=threads), np.tril(X.T @ X))
    ones = (csr.indptr, csr.indices, None)
    found = _kernels.sparse_gram(ones, n, threads=threads)
    np.testing.assert_array_equal(found, np.tril((X != 0).T.astype(float) @ (X != 0)))


@given(sizes, sizes, seeds)
def test_a_gram_matrix_of_any_numbers_is_summed_in_float64(m, n, seed) -> None:
    csr, X = matrix(m, n, seed, whole=False)
    np.testing.assert_allclose(gram(csr), np.tril(X.T @ X), rtol=1e-12, atol=1e-12)


@given(sizes, sizes, seeds)
def test_the_order_of_rows_does_not_matter_to_a_gram_matrix(m, n, seed) -> None:
    order = np.random.default_rng(seed).permutation(m)
    csr, _ = matrix(m, n, seed)
    np.testing.assert_array_equal(gram(csr.take_rows(order)), gram(csr))
    csr, _ = matrix(m, n, seed, whole=False)
    np.testing.assert_allclose(gram(csr.take_rows(order)), gram(csr), rtol=1e-12, atol=1e-12)


@given(sizes, sizes, sizes, seeds, threads)
def test_a_product_is_the_dense_one(m, k, n, seed, threads) -> None:
    left, A = matrix(m, k, seed)
    right, B = matrix(k, n, seed + 1)
    found = _kernels.sparse_product(rows(left), rows(right), n, threads=threads)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, A @ B)
    unchecked = _kernels.sparse_product(rows(left), rows(right), n, validated=True, threads=threads)
    np.testing.assert_array_equal(unchecked, found)
    counts = _kernels.sparse_product(
        (left.indptr, left.indices, None), (right.indptr, right.indices, None), n, threads=threads
    )
    np.testing.assert_array_equal(counts, (A != 0).astype(float) @ (B != 0))


@given(sizes, sizes, sizes, seeds, st.data())
def test_some_row_pointers_stand_for_those_rows(m, k, n, seed, data) -> None:
    left, A = matrix(m, k, seed)
    right, B = matrix(k, n, seed + 1)
    begin = data.draw(st.integers(0, m))
    end = data.draw(st.integers(begin, m))
    part = (left.indptr[begin : end + 1], left.indices, left.values)
    found = _kernels.sparse_product(part, rows(right), n)
    np.testing.assert_array_equal(found, A[begin:end] @ B)


def test_the_same_numbers_on_any_number_of_threads() -> None:
    csr, _ = matrix(700, 300, 0, whole=False)
    turned = csr.transpose()
    one = gram(csr, threads=1), _kernels.sparse_product(rows(csr), rows(turned), 700, threads=1)
    for many in (2, 5):
        np.testing.assert_array_equal(gram(csr, threads=many), one[0])
        found = _kernels.sparse_product(rows(csr), rows(turned), 700, threads=many)
        np.testing.assert_array_equal(found, one[1])


def test_real_histories(real_data) -> None:
    path = real_data("ml-100k/u.data")
    data = penchant.read_interactions(path, 0, 1, 2, 3)
    X = data.csr.to_scipy().toarray().astype(np.float64)
    np.testing.assert_array_equal(gram(data.csr), np.tril(X.T @ X))
    turned = data.csr.transpose()
    found = _kernels.sparse_product(rows(turned), rows(data.csr), data.n_items)
    np.testing.assert_array_equal(found, X.T @ X)


def test_what_is_no_matrix_is_refused() -> None:
    one = np.ones(3, dtype=np.float32)
    good = np.array([0, 2, 3]), np.array([0, 1, 1]), one
    bad = [
        (np.array([0, 2, 3]), np.array([0, 2, 1]), one),  # a column that is not there
        (np.array([0, 2, 3]), np.array([0, -1, 1]), one),
        (np.array([0, 2, 3]), np.array([1, 0, 1]), one),  # one that does not rise
        (np.array([0, 2, 3]), np.array([1, 1, 1]), one),
        (np.array([0, 3, 2]), np.array([0, 1, 1]), one),  # rows that lie elsewhere
        (np.array([0, 2, 4]), np.array([0, 1, 1]), one),
    ]
    wrong = r"columns must rise|does not lie"
    for one_of_them in bad:
        with pytest.raises(ValueError, match=wrong):
            _kernels.sparse_gram(one_of_them, 2)
        with pytest.raises(ValueError, match=wrong):
            _kernels.sparse_product(one_of_them, good, 2)
        with pytest.raises(ValueError, match=wrong):
            _kernels.sparse_product(good, one_of_them, 2)
    with pytest.raises(ValueError, match="must begin with 0"):
        _kernels.sparse_gram((np.array([1, 2, 3]), *good[1:]), 2)
    with pytest.raises(ValueError, match="left: values must have shape"):
        _kernels.sparse_product((*good[:2], one[:2]), good, 2)
    with pytest.raises(ValueError, match="right: indptr must hold"):
        _kernels.sparse_product(good, (np.array([]), *good[1:]), 2)


def test_what_is_empty() -> None:
    nothing = Csr(row_pointers(np.zeros(3)), np.empty(0, np.int32), np.empty(0, np.float32), 4)
    assert not gram(nothing).any()
    assert gram(nothing).shape == (4, 4)
    turned = nothing.transpose()
    np.testing.assert_array_equal(
        _kernels.sparse_product(rows(turned), rows(nothing), 4), np.zeros((4, 4))
    )


def test_ctrl_c_stops_it() -> None:
    n, each = 3000, 2000
    full = Csr(
        np.arange(n + 1, dtype=np.int64) * each,
        np.tile(np.arange(each, dtype=np.int32), n),
        np.ones(n * each, dtype=np.float32),
        each,
    )
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    began = time.process_time()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        gram(full, threads=1)
    timer.join()
    assert time.process_time() - began < 3  # of about six
