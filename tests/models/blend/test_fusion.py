"""How the scores of several models are brought to one scale and mixed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.blend.models import FUSIONS
from tests.models.blend.reference import SCALES

from penchant.data.csr import Csr
from penchant.models._scoring.scorers import BlockScorer
from penchant.models.blend.fusion import mixed


def scorer(scores: np.ndarray) -> BlockScorer:
    return BlockScorer(*scores.shape, lambda span: scores[span])


def nothing_seen(n_items: int) -> Csr:
    """One user without a history."""
    return Csr(np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), n_items)


SCORES = st.lists(st.integers(-50, 50), min_size=6, max_size=6)


@given(SCORES, SCORES, st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-3, 3))
def test_the_scale_of_a_parts_scores_does_not_matter(one, other, factor, shift) -> None:
    left, right = (np.array([row], np.float32) for row in (one, other))
    seen = nothing_seen(6)
    for fusion in FUSIONS:
        plain = mixed([(1, scorer(left)), (2, scorer(right))], seen, fusion, threads=1)
        keeps_zero = fusion == "top-mean"
        moved = left * np.float32(factor) + np.float32(0 if keeps_zero else shift)
        other_scale = mixed([(1, scorer(moved)), (2, scorer(right))], seen, fusion, threads=1)
        np.testing.assert_allclose(plain.dense(slice(0, 1)), other_scale.dense(slice(0, 1)), 1e-5,
                                   1e-6)  # fmt: skip


@given(SCORES, SCORES)
def test_fused_ranks_depend_on_the_order_only(one, other) -> None:
    left, right = (np.array([row], np.float32) for row in (one, other))
    seen = nothing_seen(6)
    bent = np.exp(left / 25).astype(np.float32)
    found = [
        mixed([(1, scorer(scores)), (1, scorer(right))], seen, "rank", threads=1).top_k(6)
        for scores in (left, bent)
    ]
    np.testing.assert_array_equal(found[0].indices, found[1].indices)
    np.testing.assert_array_equal(found[0].scores, found[1].scores)


def test_reciprocal_ranks_are_those_of_the_paper() -> None:
    left, right = np.array([[9, 5, 1]], np.float32), np.array([[2, 8, 4]], np.float32)
    found = mixed([(1, scorer(left)), (1, scorer(right))], nothing_seen(3), "rank", threads=1)
    first, second, third = 1 / 61, 1 / 62, 1 / 63
    wanted = np.array([[first + third, second + first, third + second]]) / 2
    np.testing.assert_allclose(found.dense(slice(0, 1)), wanted, rtol=1e-6)


def test_scores_are_scaled_by_unseen_items() -> None:
    scores = np.array([[100.0, 3.0, 1.0, 2.0]])
    counted = np.array([[False, True, True, True]])
    np.testing.assert_allclose(SCALES["min-max"](scores, counted), [[49.5, 1, 0, 0.5]])
    z = SCALES["z-score"](scores, counted)[0]
    np.testing.assert_allclose((z[1:].mean(), z[1:].std()), (0, 1), atol=1e-12)
    np.testing.assert_allclose(
        1 / SCALES["rank"](scores, counted), [[61, 61, 63, 62]]
    )  # the first of all ties with the first of the new


def test_top_means_divide_by_the_hundred_best_unseen_items() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 150))
    counted = rng.random((3, 150)) < 0.9
    found = SCALES["top-mean"](scores, counted)
    for row, own, those in zip(found, scores, counted, strict=True):
        best = np.sort(own[those])[-100:]
        np.testing.assert_allclose(row, own / best.mean())


@pytest.mark.parametrize("scores", [[0.0, 0.0, 0.0], [-3.0, -1.0, 0.5]])
def test_top_means_that_are_not_above_0_scale_to_0(scores: list[float]) -> None:
    row = np.array([scores])
    np.testing.assert_array_equal(SCALES["top-mean"](row, np.ones((1, 3), bool)), [[0, 0, 0]])
    np.testing.assert_array_equal(SCALES["top-mean"](row, np.zeros((1, 3), bool)), [[0, 0, 0]])


def test_items_that_one_part_or_no_part_scores() -> None:
    left = np.array([[1, 2, np.nan, np.nan]], np.float32)
    right = np.array([[3, 1, 2, -np.inf]], np.float32)
    for fusion in FUSIONS:
        found = mixed([(1, scorer(left)), (1, scorer(right))], nothing_seen(4), fusion, threads=1)
        top = found.top_k(4)
        assert set(top.indices.tolist()) == {0, 1, 2}
        alone = SCALES[fusion](np.array([[3.0, 1, 2, 0]]), np.array([[True, True, True, False]]))
        assert found.dense(slice(0, 1))[0, 2] == pytest.approx(alone[0, 2] / 2, abs=1e-7)


def test_equal_scores_have_no_effect() -> None:
    flat, other = np.full((1, 7), 0.1, np.float32), np.arange(7, dtype=np.float32)[np.newaxis]
    for fusion in FUSIONS:
        found = mixed([(5, scorer(flat)), (1, scorer(other))], nothing_seen(7), fusion, threads=1)
        assert found.top_k(7).indices.tolist() == [6, 5, 4, 3, 2, 1, 0]
