"""Random: its orders depend on seed and ids alone, and it measures as chance does."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import Random, split
from penchant.errors import SettingsError


def scores_of(model: Random, user: str) -> dict[str, float]:
    answer = model.recommend(user, k=1000, exclude_seen=False)
    return dict(zip(answer.ids, answer.scores.tolist(), strict=True))


def test_an_order_depends_on_the_ids_alone() -> None:
    data = random_interactions(30, 20, seed=1)
    rng = np.random.default_rng(2)
    users, items = rng.permutation(30)[:25], rng.permutation(20)
    part = penchant.Interactions.from_scipy(
        data.to_scipy()[users][:, items],
        user_ids=[data.users[u] for u in users],
        item_ids=[data.items[i] for i in items],
    )
    whole, moved = Random(seed=3).fit(data), Random(seed=3).fit(part)
    for user in list(part.users)[:5]:
        assert scores_of(whole, user) == scores_of(moved, user)


def test_an_order_of_a_history_depends_on_its_items_in_any_order() -> None:
    model = Random().fit(random_interactions(30, 20))
    first = model.recommend(history=["i0001", "i0002", "i0003"])
    assert list(first.ids) == list(model.recommend(history=["i0003", "i0001", "i0002"]).ids)
    assert list(first.ids) != list(model.recommend(history=["i0001", "i0002", "i0004"]).ids)


def test_users_and_seeds_have_orders_of_their_own() -> None:
    data = random_interactions(30, 20)
    model = Random().fit(data)
    orders = {tuple(model.recommend(user, exclude_seen=False).ids) for user in data.users}
    assert len(orders) == 30
    other = Random(seed=1).fit(data)
    assert scores_of(model, "u0001") != scores_of(other, "u0001")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_and_batches_change_nothing(monkeypatch, threads) -> None:
    data = random_interactions(70, 40)
    expected = Random(threads=1).fit(data).recommend(list(data.users), k=9)
    monkeypatch.setattr("penchant.models.random._CELLS", 40 * 3)
    answer = Random(threads=threads).fit(data).recommend(list(data.users), k=9)
    assert list(answer.ids) == list(expected.ids)
    np.testing.assert_array_equal(answer.scores, expected.scores)


def test_scores_are_uniform_and_independent() -> None:
    data = random_interactions(400, 500, density=0.02)
    scores = Random().fit(data).scorer(data).dense(slice(0, 400)).astype(np.float64)
    assert scores.min() >= 0
    assert scores.max() < 1
    n = scores.size
    counts = np.bincount((scores.ravel() * 64).astype(int), minlength=64)
    chi2 = ((counts - n / 64) ** 2 / (n / 64)).sum()
    assert chi2 < 63 + 5 * np.sqrt(2 * 63)  # five standard deviations
    # means of rows and columns vary as those of independent numbers
    for axis, length in ((0, 400), (1, 500)):
        deviations = (scores.mean(axis) - 0.5) / np.sqrt(1 / 12 / length)
        assert np.abs(deviations).max() < 5
        assert abs(deviations.var() - 1) < 0.35
    correlations = np.corrcoef(scores)[np.triu_indices(400, 1)]
    assert np.abs(correlations).max() < 6 / np.sqrt(500)


def test_it_measures_as_chance_does() -> None:
    """The metrics' expectations under a random order lie within their intervals."""
    parts = split.leave_k_out(random_interactions(600, 80, density=0.2), 3)
    measured = penchant.evaluate(
        Random(seed=5).fit(parts.train), parts, k=10, metrics=["precision", "ndcg", "recall", "auc"]
    )
    unseen = 80 - parts.train.csr.row_counts
    relevant = (parts.test.csr.values > 0).astype(int)
    relevant = np.bincount(parts.test.csr.row_of_entry, relevant, minlength=600)
    unseen, relevant = unseen[relevant > 0], relevant[relevant > 0]
    gains = 1 / np.log2(np.arange(2, 12))
    ideal = np.cumsum(gains)[np.minimum(relevant, 10).astype(int) - 1]
    expected = {
        "precision@10": (relevant / unseen).mean(),
        "recall@10": (10 / unseen).mean(),
        "ndcg@10": (relevant / unseen * gains.sum() / ideal).mean(),
        "auc": 0.5,
    }
    for name, value in expected.items():
        low, high = measured.intervals[name]
        assert low <= value <= high, (name, low, value, high)


def test_items_without_interactions_are_ranked_too() -> None:
    parts = split.cold_items(random_interactions(200, 60), 0.3)
    measured = penchant.evaluate(Random().fit(parts.train), parts, metrics=["auc"])
    low, high = measured.intervals["auc"]
    assert low <= 0.5 <= high


def test_a_seed_below_zero_is_refused() -> None:
    with pytest.raises(SettingsError, match="seed must be 0 or more, got -1"):
        Random(seed=-1)
