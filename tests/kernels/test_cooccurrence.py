"""Nearest neighbors by weighted counts, beside sums in NumPy in the same order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernels.test_sparse_scores import lists

from penchant import _kernels
from penchant._kernels import CommonWeights, nearest_by_cooccurrence

seeds = st.integers(0, 99)

# few columns are reached; all are scanned; blocks of 256 columns are marked, with rests; one cell
SHAPES = [
    (30, 25, 900, 0.01),
    (30, 25, 70, 0.2),
    (50, 90, 300, 0.5),
    (9, 60, 1031, 0.7),
    (1, 1, 1, 1),
]


def ones(m: int, n: int, density: float, seed: int) -> _kernels.Rows:
    """Return random rows, about a tenth of them empty."""
    rng = np.random.default_rng(seed)
    has = (rng.random((m, n)) < density) & (rng.random((m, 1)) < 0.9)
    indptr = np.concatenate([[0], np.cumsum(has.sum(axis=1))]).astype(np.int64)
    return indptr, np.nonzero(has)[1].astype(np.int32)


def random_weights(m: int, inner: int, n: int, seed: int) -> CommonWeights:
    """Return few different weights, some of them 0, so that there are ties."""
    rng = np.random.default_rng(seed)
    return CommonWeights(
        *(rng.integers(0, 5, size).astype(np.float32) / np.float32(3) for size in (inner, m, n))
    )


def row_of(rows: _kernels.Rows, number: int) -> np.ndarray:
    return rows[1][rows[0][number] : rows[0][number + 1]]


def reference(left, right, weights: CommonWeights, k: int, exclude) -> list[list[tuple]]:
    """Return (column, similarity) of each row, added up one after the other in float32."""
    found = []
    for row in range(len(weights.source)):
        counts = np.zeros(len(weights.target), dtype=np.float32)
        for column in row_of(left, row):
            counts[row_of(right, column)] += weights.common[column]
        similarities = counts * weights.source[row] * weights.target
        if exclude is not None:
            similarities[row_of(exclude, row)] = 0
        order = np.argsort(-similarities, kind="stable")[:k]
        found.append([(j, similarities[j]) for j in order if similarities[j] > 0])
    return found


def listed(answer) -> list[list[tuple]]:
    indptr, codes, similarities = answer
    assert indptr[-1] == len(codes) == len(similarities)
    spans = [slice(*indptr[row : row + 2]) for row in range(len(indptr) - 1)]
    return [list(zip(codes[span], similarities[span], strict=True)) for span in spans]


@pytest.mark.parametrize(("m", "inner", "n", "density"), SHAPES)
@given(seed=seeds, k=st.sampled_from([1, 7, 50, 400]), threads=st.integers(1, 3))
def test_neighbors_are_those_of_the_sums(m, inner, n, density, seed, k, threads) -> None:
    left, right = ones(m, inner, 0.4, seed), ones(inner, n, density, seed + 1)
    weights = random_weights(m, inner, n, seed + 2)
    for exclude in (None, lists(m, n, seed + 3)):
        answer = nearest_by_cooccurrence(left, right, weights, k, exclude, threads=threads)
        assert listed(answer) == reference(left, right, weights, k, exclude)


@pytest.mark.parametrize("isa", _kernels.available_isas())
def test_the_same_bits_on_every_instruction_set(isa) -> None:
    left, right = ones(40, 300, 0.3, 0), ones(300, 600, 0.6, 1)
    rng = np.random.default_rng(2)
    weights = CommonWeights(*(rng.random(size).astype(np.float32) for size in (300, 40, 600)))
    before = _kernels.current_isa()
    _kernels.set_isa(isa)
    try:
        answer = nearest_by_cooccurrence(left, right, weights, 60)
    finally:
        _kernels.set_isa(before)
    assert listed(answer) == reference(left, right, weights, 60, None)


def test_columns_have_the_same_bits_marked_or_not() -> None:
    left, right = ones(40, 100, 0.4, 0), ones(100, 256, 0.8, 1)
    rng = np.random.default_rng(2)
    weights = CommonWeights(*(rng.random(size).astype(np.float32) for size in (100, 40, 256)))
    whole = listed(nearest_by_cooccurrence(left, right, weights, 256))
    kept = right[1] < 255  # a column fewer than a block of marks
    indptr = np.concatenate([[0], np.cumsum(kept)])[right[0]]
    part = CommonWeights(weights.common, weights.source, weights.target[:255])
    answer = listed(nearest_by_cooccurrence(left, (indptr, right[1][kept]), part, 255))
    assert answer == [[entry for entry in row if entry[0] != 255] for row in whole]


def test_rows_that_do_not_fit_are_refused() -> None:
    left, right = ones(5, 6, 0.9, 0), ones(6, 7, 0.9, 1)
    weights = random_weights(5, 6, 7, 0)
    with pytest.raises(ValueError, match="right: row"):
        nearest_by_cooccurrence(left, right, random_weights(5, 6, 3, 0), 2)
    with pytest.raises(ValueError, match="left: row"):
        nearest_by_cooccurrence(ones(5, 9, 0.9, 0), right, weights, 2)
    with pytest.raises(ValueError, match="exclude: row"):
        nearest_by_cooccurrence(left, right, weights, 2, ones(5, 9, 0.9, 2))
    with pytest.raises(ValueError, match="indptr"):
        nearest_by_cooccurrence(left, right, random_weights(4, 6, 7, 0), 2)
