"""Turning a matrix natively, beside SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from penchant import _kernels
from penchant.data.csr import Csr


@given(
    st.integers(0, 40), st.integers(0, 40), st.floats(0, 1), st.integers(1, 5), st.integers(0, 99)
)
def test_it_is_what_scipy_makes(m: int, n: int, density: float, threads: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = sp.random_array((m, n), density=density, rng=rng, dtype=np.float32, format="csr")
    matrix.sort_indices()
    wanted = matrix.tocsc()
    found = _kernels.transpose(matrix.indptr, matrix.indices, matrix.data, n, threads=threads)
    assert [part.dtype for part in found] == [np.int64, np.int32, np.float32]
    for have, want in zip(found, (wanted.indptr, wanted.indices, wanted.data), strict=True):
        np.testing.assert_array_equal(have, want)


def test_twice_turned_is_as_before() -> None:
    rng = np.random.default_rng(0)
    matrix = sp.random_array((3000, 700), density=0.02, rng=rng, dtype=np.float32, format="csr")
    matrix.sort_indices()
    csr = Csr(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, 700)
    turned = csr.transpose()
    assert (turned.n_rows, turned.n_columns) == (700, 3000)
    again = turned.transpose()
    for part in ("indptr", "indices", "values"):
        np.testing.assert_array_equal(getattr(again, part), getattr(csr, part))


def test_what_is_no_matrix_is_refused() -> None:
    one = np.ones(2, dtype=np.float32)
    for indptr, indices in (([0, 2], [0, 3]), ([0, 2], [0, -1]), ([0, 3, 2], [0, 1])):
        with pytest.raises(ValueError, match=r"holds column|does not lie"):
            _kernels.transpose(np.array(indptr), np.array(indices), one, 3)
    with pytest.raises(ValueError, match="begin with 0"):
        _kernels.transpose(np.array([1, 2]), np.array([0, 1]), one, 3)
    with pytest.raises(ValueError, match="indices must have shape"):
        _kernels.transpose(np.array([0, 3]), np.array([0, 1]), one, 3)
