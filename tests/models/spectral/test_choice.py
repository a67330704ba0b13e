"""The choice of the number of singular vectors on interactions held out of the training data."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import PureSVD
from penchant.models.spectral import choice
from penchant.models.spectral.size import factors_for
from penchant.models.spectral.svd import truncated_svd


def groups(n_groups: int, users: int = 12) -> penchant.Interactions:
    """Users who like most of the 10 items of their group, and nothing else."""
    own = np.kron(np.eye(n_groups), np.ones((users, 10)))
    liked = np.random.default_rng(0).random(own.shape) < 0.7
    return penchant.Interactions.from_scipy(own * liked)


def chosen(data: penchant.Interactions, usual: int, seed: int = 0, threads: int = 1) -> int:
    return choice.chosen_factors(data.csr, usual, seed=seed, threads=threads)


def test_as_many_vectors_as_there_are_groups() -> None:
    """Groups have nothing in common: each one needs a vector, far more than the usual number."""
    data = groups(60)
    model = PureSVD(threads=1).fit(data)
    assert factors_for(data.csr, 760, 4 / 3) == 12
    assert 42 <= model.training["factors"] <= 68
    assert model.training == {"factors": len(model.singular_values)}
    assert PureSVD(threads=1, factors=20).fit(data).training == {"factors": 20}


def test_far_fewer_vectors_than_the_usual_number() -> None:
    assert chosen(groups(12, users=40), 48) == 12


def test_the_choice_does_not_depend_on_threads() -> None:
    data = random_interactions(300, 80, density=0.2, seed=3)
    assert len({chosen(data, 16, seed=5, threads=threads) for threads in (1, 2, 3)}) == 1


def test_what_is_held_out() -> None:
    X = random_interactions(200, 60, density=0.2, seed=1, dislikes=0.3).csr
    parts = choice._hold_out(X, 0)
    assert parts is not None
    left, held = parts.left.to_scipy().toarray(), np.zeros((200, 60))
    held[parts.users] = parts.held.to_scipy().toarray()
    np.testing.assert_array_equal(left + held, X.to_scipy().toarray())
    assert not ((left != 0) & (held != 0)).any()
    assert held.min() == 0  # no dislikes
    np.testing.assert_array_equal(parts.own.to_scipy().toarray(), left[parts.users])
    likes = (X.to_scipy().toarray() > 0).sum(axis=1)
    assert set(parts.users) == set(np.flatnonzero(likes >= 2))
    expected = np.maximum(np.round(0.1 * likes), 1)
    np.testing.assert_array_equal((held > 0).sum(axis=1)[parts.users], expected[parts.users])
    again = choice._hold_out(X, 0)
    other = choice._hold_out(X, 1)
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(again.held.indices, parts.held.indices)
    assert not np.array_equal(other.held.indices, parts.held.indices)


def test_of_many_users_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_USERS", 120)
    parts = choice._hold_out(random_interactions(200, 60, density=0.2).csr, 0)
    assert parts is not None
    assert len(parts.users) == len(set(parts.users)) == 120
    assert parts.held.row_counts.min() >= 1


def test_the_values_are_those_of_evaluate() -> None:
    data = random_interactions(150, 40, density=0.3, seed=2)
    parts = choice._hold_out(PureSVD()._weighted(data.csr, data), 0)
    assert parts is not None
    kept = parts.left.cell_numbers
    train = data.select(np.isin(data.csr.cell_numbers, kept))
    split = penchant.Split(train, data.select(~np.isin(data.csr.cell_numbers, kept)))
    V = truncated_svd(parts.left, 9, threads=1).right.astype(np.float32)
    gains = choice._ndcg(parts, V, [3, 9], 1).mean(axis=0)
    for value, factors in zip(gains, (3, 9), strict=True):
        model = PureSVD(factors=factors, threads=1).fit(train)
        measured = penchant.evaluate(model, split, metrics="ndcg@10", bootstrap=0)["ndcg@10"]
        assert value == pytest.approx(measured, rel=1e-3)


def test_the_usual_number_where_there_is_too_little_or_too_much_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert chosen(random_interactions(99, 60, density=0.2), 16) == 16
    data = groups(12, users=40)
    assert chosen(data, 48) == 12
    monkeypatch.setattr(choice, "_BYTES", 32 * 120 * 120 - 1)
    assert chosen(data, 48) == 48


def test_no_more_vectors_than_items() -> None:
    assert chosen(groups(12), 120) == 120


def test_numbers_that_are_tried() -> None:
    assert choice._numbers_around(16, 512) == [4, 6, 8, 11, 16, 23, 32, 45]
    assert choice._numbers_around(180, 512) == [45, 64, 90, 127, 180, 255, 360, 512]
    assert choice._numbers_around(1, 512) == [1, 2, 3]


def test_the_nearest_to_the_usual_number_of_those_that_are_as_good() -> None:
    wave = 0.1 * np.tile([1.0, -1.0], 200)  # standard errors of the differences: 0.005
    noise = np.stack([wave, 0 * wave, -wave], axis=1)
    gains = 0.5 + np.array([0.0, 0.001, 0.002]) + noise
    assert choice._nearest(gains, [8, 16, 32], 9) == 8
    assert choice._nearest(gains, [8, 16, 32], 18) == 16
    gains = 0.5 + np.array([0.0, 0.05, 0.1]) + noise
    assert choice._nearest(gains, [8, 16, 32], 9) == 32
