"""Bootstrap intervals: theory, weights, seeds and threads."""

from __future__ import annotations

import numpy as np
import pytest

from penchant import _kernels
from penchant.evaluation import bootstrap


def test_interval_of_a_mean_matches_theory() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(3, 2, (4000, 1))
    ends = bootstrap.intervals(values, np.ones_like(values), resamples=2000, level=0.95, seed=0)
    half = 1.96 * values.std() / np.sqrt(4000)
    assert ends[0] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.1 * half)


def test_means_and_intervals_are_weighted() -> None:
    values, weights = np.array([[1.0], [5.0], [9.0]]), np.array([[3.0], [1.0], [0.0]])
    assert bootstrap.means(values, weights).tolist() == [2.0]
    low, high = bootstrap.intervals(values, weights, resamples=500, level=0.9, seed=0)[0]
    assert 1 <= low <= high <= 5


def test_columns_share_their_resamples() -> None:
    values = np.random.default_rng(0).random((50, 1))
    both = np.hstack([values, 1 - values])
    ends = bootstrap.intervals(both, np.ones_like(both), resamples=300, level=0.9, seed=0)
    assert np.allclose(ends[0], 1 - ends[1][::-1])


def test_columns_are_independent() -> None:
    values = np.random.default_rng(0).random((50, 19))
    alone = [_kernels.bootstrap_sums(values[:, [c]], resamples=30, seed=2) for c in range(19)]
    for n in range(1, 20):
        sums = _kernels.bootstrap_sums(values[:, :n], resamples=30, seed=2)
        assert np.array_equal(sums, np.hstack(alone[:n]))


def test_each_column_has_its_own_weights() -> None:
    rng = np.random.default_rng(0)
    values, own = rng.random((60, 3)), rng.random(60)
    weights = np.stack([np.ones(60), own, np.ones(60)], axis=1)
    ask = {"resamples": 50, "level": 0.9, "seed": 1}
    ends = bootstrap.intervals(values, weights, **ask)
    for c in range(3):
        alone = bootstrap.intervals(values[:, [c]], weights[:, [c]], **ask)
        assert np.array_equal(ends[[c]], alone)


def test_threads_make_no_difference_and_seeds_do() -> None:
    values = np.random.default_rng(0).random((41, 2))
    ask = {"resamples": 30, "level": 0.9}
    one, other, new = (
        bootstrap.intervals(values, np.ones_like(values), seed=seed, threads=threads, **ask)
        for seed, threads in ((3, 1), (3, 3), (2**70, 3))
    )
    assert np.array_equal(one, other)
    assert not np.array_equal(one, new)


def test_every_row_is_drawn_equally_often() -> None:
    n, resamples = 7, 40_000
    times = _kernels.bootstrap_sums(np.eye(n), resamples=resamples, seed=1)
    assert (times.sum(axis=1) == n).all()
    assert times.mean(axis=0) == pytest.approx(1, abs=0.03)
    assert times.var(axis=0) == pytest.approx(1 - 1 / n, abs=0.05)
    apart = np.corrcoef(times[:-1, 0], times[1:, 0])[0, 1]
    assert abs(apart) < 0.03


def test_undefined_values_have_no_interval() -> None:
    values = np.zeros((5, 1))
    assert np.isnan(bootstrap.means(values, values)).all()
    ends = bootstrap.intervals(values, values, resamples=10, level=0.9, seed=0)
    assert np.isnan(ends).all()
