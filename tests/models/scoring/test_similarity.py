"""Inner products of dense and sparse vectors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from penchant.data.feature_rows import dense_to_csr
from penchant.models._scoring.normalize import lengths, normalize_rows
from penchant.models._scoring.similarity import inner_scorer, to_vectors


@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 9))
def test_dense_and_sparse_agree(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    dense = (rng.normal(size=(n, d)) * (rng.random((n, d)) < 0.6)).astype(np.float32)
    one, other = normalize_rows(dense), normalize_rows(sp.csr_array(dense))
    np.testing.assert_allclose(one, other.toarray(), atol=1e-6)
    size = lengths(one)
    assert ((np.abs(size - 1) < 1e-5) | (size == 0)).all()
    tops = [inner_scorer(vectors, vectors, 1).top_k(3) for vectors in (one, other)]
    np.testing.assert_allclose(tops[0].scores, tops[1].scores, atol=1e-6)


@pytest.mark.parametrize(("share", "dense"), [(0.05, False), (0.5, True)])
def test_the_density_decides_between_dense_and_sparse_vectors(share: float, dense: bool) -> None:
    array = np.zeros((10, 100), dtype=np.float32)
    array[:, : int(100 * share)] = 1
    vectors = to_vectors(dense_to_csr(array))
    assert isinstance(vectors, np.ndarray) == dense
    np.testing.assert_array_equal(vectors if dense else vectors.toarray(), array)
