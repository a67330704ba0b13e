"""Scores of several models, fused: compared with the slow reference in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.blend.reference import fused

from penchant import _kernels

FUSIONS = list(_kernels.FUSIONS)


def drawn(
    seed: int, shape: tuple[int, int], n_parts: int
) -> tuple[list[np.ndarray], np.ndarray, _kernels.Rows]:
    """Scores with ties, NaN and infinities, and items that are seen, as a mask and as rows."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(n_parts):
        scores = rng.normal(size=shape) if number % 2 else rng.integers(-3, 9, shape)
        scores = scores.astype(np.float32)
        kinds = rng.random(shape)
        scores[kinds < 0.05] = np.nan
        scores[(kinds > 0.05) & (kinds < 0.08)] = -np.inf
        scores[(kinds > 0.08) & (kinds < 0.1)] = np.inf
        parts.append(scores)
    seen = rng.random(shape) < 0.2
    rows, columns = np.nonzero(seen)
    indptr = np.searchsorted(rows, np.arange(shape[0] + 1)).astype(np.int64)
    return parts, seen, (indptr, columns.astype(np.int32))


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 99), (9, 101), (5, 2500)])
def test_fused_scores_are_those_of_the_reference(fusion: str, shape: tuple[int, int]) -> None:
    parts, seen, rows = drawn(sum(shape), shape, 3)
    weights = [0.5, 0.2, 0.3]
    expected = fused(parts, weights, fusion, seen)
    for isa in _kernels.available_isas():
        _kernels.set_isa(isa)
        result = _kernels.fused_scores(parts, weights, fusion, rows, threads=2)
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    _kernels.set_isa(_kernels.available_isas()[-1])


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_bits_do_not_depend_on_threads(fusion: str) -> None:
    parts, _, rows = drawn(3, (37, 600), 2)
    results = [
        _kernels.fused_scores(parts, [0.7, 0.3], fusion, rows, threads=n).tobytes()
        for n in (1, 2, 5)
    ]
    assert len(set(results)) == 1


@given(st.integers(0, 2**32 - 1), st.sampled_from(FUSIONS), st.floats(0.01, 100.0))
def test_weights_scale_the_sum(seed: int, fusion: str, factor: float) -> None:
    parts, _, rows = drawn(seed, (2, 30), 2)
    plain = _kernels.fused_scores(parts, [1, 2], fusion, rows, threads=1)
    scaled = _kernels.fused_scores(parts, [factor, 2 * factor], fusion, rows, threads=1)
    np.testing.assert_allclose(scaled, plain * factor, rtol=1e-4, atol=1e-4 * factor)


def test_scaled_parts_can_be_added_up_later() -> None:
    parts, _, rows = drawn(1, (8, 400), 3)
    weights = [0.1, 0.6, 0.3]
    at_once = _kernels.fused_scores(parts, weights, "top-mean", rows, threads=1)
    scaled = [_kernels.fused_scores([part], [1], "top-mean", rows, threads=1) for part in parts]
    later = _kernels.fused_scores(scaled, weights, "none", threads=1)
    np.testing.assert_allclose(later, at_once, rtol=1e-5, atol=1e-6)


def test_shapes_that_differ_are_refused() -> None:
    left, right = np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32)
    with pytest.raises(ValueError, match="shape"):
        _kernels.fused_scores([left, right], [1, 1], "rank")
    with pytest.raises(ValueError, match="no weight"):
        _kernels.fused_scores([left], [], "rank")
    with pytest.raises(ValueError, match="seen"):
        _kernels.fused_scores([left], [1], "rank", (np.array([0, 1, 1]), np.array([7], np.int32)))
