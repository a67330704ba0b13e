"""Intervals that hold what they should as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from tacit.evaluation import bootstrap


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(3, 2, (4000, 1))
    ends = bootstrap.intervals(
        values, np.ones_like(values), resamples=2000, confidence=0.95, seed=0
    )
    half = 1.96 * values.std() / np.sqrt(4000)
    assert ends[0] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.1 * half)


def test_weights_weigh() -> None:
    values, weights = np.array([[1.0], [5.0], [9.0]]), np.array([[3.0], [1.0], [0.0]])
    assert bootstrap.means(values, weights).tolist() == [2.0]
    low, high = bootstrap.intervals(values, weights, resamples=500, confidence=0.9, seed=0)[0]
    assert 1 <= low <= high <= 5


def test_columns_share_their_draws() -> None:
    values = np.random.default_rng(0).random((50, 1))
    both = np.hstack([values, 1 - values])
    ends = bootstrap.intervals(both, np.ones_like(both), resamples=300, confidence=0.9, seed=0)
    assert np.allclose(ends[0], 1 - ends[1][::-1])


def test_chunks_only_bound_memory(monkeypatch) -> None:
    values = np.random.default_rng(0).random((40, 2))
    ask = {"resamples": 30, "confidence": 0.9, "seed": 3}
    whole = bootstrap.intervals(values, np.ones_like(values), **ask)
    monkeypatch.setattr(bootstrap, "DRAWS_AT_ONCE", 80)
    assert np.allclose(bootstrap.intervals(values, np.ones_like(values), **ask), whole)


def test_what_is_not_known_has_no_interval() -> None:
    values = np.zeros((5, 1))
    assert np.isnan(bootstrap.means(values, values)).all()
    ends = bootstrap.intervals(values, values, resamples=10, confidence=0.9, seed=0)
    assert np.isnan(ends).all()
