"""The half-life of models: weights by age in training, in histories, and in files."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import Features, Interactions
from penchant.data.csr import Csr
from penchant.data.decay import Recency
from penchant.errors import DataError, SettingsError
from penchant.models._inputs import weighted
from penchant.models.als.confidence import Confidence
from penchant.models.ranking.examples import weights_of

MODELS = {
    "als": lambda **s: penchant.ALS(factors=4, iterations=3, seed=1, **s),
    "hybrid": lambda **s: penchant.HybridALS(factors=4, iterations=3, seed=1, **s),
    "ease": lambda **s: penchant.EASE(regularization=5.0, **s),
    "slim": lambda **s: penchant.SLIM(l1=0.1, l2=5.0, tolerance=1e-8, **s),
    "near": lambda **s: penchant.EASE(regularization=5.0, neighbors=8, **s),
    "items": lambda **s: penchant.ItemNeighbors(neighbors=8, **s),
    "walks": lambda **s: penchant.ItemNeighbors(similarity="rp3beta", neighbors=None, **s),
    "users": lambda **s: penchant.UserNeighbors(neighbors=8, **s),
    "graph": lambda **s: penchant.GraphFilter(factors=4, **s),
    "svd": lambda **s: penchant.PureSVD(factors=4, **s),
    "content": lambda **s: penchant.Content(**s),
    "ranking": lambda **s: penchant.Ranking(factors=4, iterations=3, seed=1, **s),
}
OTHER_VALUES = ("hybrid", "content", "ranking")  # no product with the values alone
FOLDED = [name for name in MODELS if name != "ranking"]  # whose fold-in is what training gives


def timed(n_users: int = 40, n_items: int = 25, seed: int = 0) -> Interactions:
    data = random_interactions(n_users, n_items, density=0.3, seed=seed)
    rng = np.random.default_rng(seed)
    data = dataclasses.replace(data, timestamps=rng.integers(0, 1000, data.nnz))
    return data.with_item_features(Features.of({i: [f"t{i[-1]}", f"s{i[-2]}"] for i in data.items}))


def lists(model, data: Interactions) -> np.ndarray:
    return model.scorer(data).top_k(5).scores


def scores_for(model, history: object) -> dict:
    answer = model.recommend(history=history, k=100, exclude_seen=False)
    return dict(zip(answer.ids, answer.scores.tolist(), strict=True))


# --- weights, computed by hand -------------------------------------------------------------

ROWS = Csr(
    np.array([0, 2, 4]),
    np.array([0, 1, 0, 2], np.int32),
    np.array([1, 3, -2, 8], np.float32),
    3,
    np.array([100, 80, 60, 120]),
)
RECENCY = Recency(20.0, 100)
AGES = np.array([1, 1 / 2, 1 / 4, 1])  # the last is newer than the newest in training


@pytest.mark.parametrize(
    ("confidence", "values"),
    [
        ("binary", [1, 1, -1, 1]),
        ("linear", [1, 3, -2, 8]),
        ("log", [np.log(2), np.log(4), -np.log(3), np.log(9)]),
    ],
)
def test_weights_are_multiplied_by_two_to_the_minus_age(confidence, values) -> None:
    expected = np.array(values) * AGES
    np.testing.assert_allclose(weighted(ROWS, confidence, RECENCY).values, expected, rtol=1e-6)
    delta = Confidence(confidence, 3.0, 1.0, RECENCY).weigh(ROWS).values
    np.testing.assert_allclose(delta, expected, rtol=1e-6)
    found = weights_of(ROWS, ROWS, confidence, RECENCY)
    np.testing.assert_allclose(found, expected / np.abs(expected).mean(), rtol=1e-6)


@pytest.mark.parametrize("confidence", ["binary", "linear", "log"])
def test_rows_without_times_weigh_as_ever(confidence) -> None:
    rows = dataclasses.replace(ROWS, times=None)
    np.testing.assert_array_equal(
        weighted(rows, confidence, RECENCY).values, weighted(rows, confidence).values
    )
    np.testing.assert_array_equal(
        Confidence(confidence, 3.0, 1.0, RECENCY).weigh(rows).values,
        Confidence(confidence, 3.0, 1.0).weigh(rows).values,
    )


def test_very_old_interactions_keep_their_sign() -> None:
    rows = dataclasses.replace(ROWS, times=np.full(4, -(2**60)))
    by_weight = weighted(rows, "binary", RECENCY).values
    for values in (by_weight, weights_of(rows, ROWS, "log", RECENCY)):
        np.testing.assert_array_equal(np.sign(values), np.sign(ROWS.values))


# --- models --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MODELS)
def test_without_a_half_life_times_change_nothing(kind) -> None:
    data = timed()
    plain = dataclasses.replace(data, timestamps=None)
    make = MODELS[kind]
    np.testing.assert_array_equal(lists(make().fit(data), data), lists(make().fit(plain), plain))


@pytest.mark.parametrize("kind", MODELS)
def test_an_endless_half_life_and_equal_times_change_nothing(kind) -> None:
    data = timed()
    same = dataclasses.replace(data, timestamps=np.full(data.nnz, 7))
    expected = lists(MODELS[kind]().fit(data), data)
    endless = MODELS[kind](half_life=1e30).fit(data)
    np.testing.assert_allclose(lists(endless, data), expected, rtol=1e-4, atol=1e-5)
    at_once = MODELS[kind](half_life=3).fit(same)
    np.testing.assert_allclose(lists(at_once, same), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [name for name in MODELS if name not in OTHER_VALUES])
def test_it_is_a_fit_to_weighted_values(kind) -> None:
    """With the linear confidence the decay can be applied to the values beforehand."""
    data = timed()
    decayed = data.decayed(300.0)
    made = MODELS[kind](half_life=300.0, confidence="linear").fit(data)
    expected = MODELS[kind](confidence="linear").fit(decayed)
    np.testing.assert_allclose(lists(made, data), lists(expected, decayed), rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_a_half_life_changes_answers_and_survives_saving(kind, tmp_path) -> None:
    data = timed()
    model = MODELS[kind](half_life="200s").fit(data)
    assert not np.array_equal(lists(model, data), lists(MODELS[kind]().fit(data), data))
    back = penchant.load(model.save(tmp_path / "x.penchant"))
    assert back.half_life == "200s"
    np.testing.assert_array_equal(lists(back, data), lists(model, data))
    first = back.recommend(["u0001", "u0002"], k=4)
    assert list(first.ids) == list(model.recommend(["u0001", "u0002"], k=4).ids)
    np.testing.assert_array_equal(model.interactions.csr.values, data.csr.values)


@pytest.mark.parametrize("kind", ["als", "ease", "items", "users", "svd"])
def test_the_order_of_users_and_items_does_not_matter(kind) -> None:
    data = timed()
    users = np.random.default_rng(1).permutation(data.n_users)
    turned = data.take_users(users)
    settings = {"half_life": 200, **({"iterations": 60} if kind == "als" else {})}
    make = MODELS[kind] if kind != "als" else lambda **s: penchant.ALS(factors=4, momentum=0, **s)
    one, other = (make(**settings).fit(part) for part in (data, turned))
    rtol = 0.05 if kind == "als" else 1e-3
    for user in ("u0003", "u0017"):
        items = list(data.items)
        np.testing.assert_allclose(
            one.scores(user, items), other.scores(user, items), rtol=rtol, atol=rtol
        )


@pytest.mark.parametrize("kind", FOLDED)
def test_a_history_with_times_is_that_of_the_user(kind) -> None:
    data = timed()
    model = MODELS[kind](half_life=150).fit(data)
    row = data.csr.row(5)
    entries = zip(
        data.items[row.indices].tolist(), row.values.tolist(), row.times.tolist(), strict=True
    )
    history = {item: (value, time) for item, value, time in entries}
    known = dict(zip(data.items, model.scores("u0005", list(data.items)).tolist(), strict=True))
    folded = scores_for(model, history)
    assert folded == pytest.approx(known, rel=1e-3, abs=1e-4)
    without = scores_for(model, {item: value for item, (value, _) in history.items()})
    assert without != pytest.approx(known, rel=1e-3, abs=1e-4)
    part = data.take_users(np.array([5]))
    again = model.scorer(part).dense(slice(0, 1))[0]
    assert dict(zip(data.items, again.tolist(), strict=True)) == pytest.approx(
        known, rel=1e-3, abs=1e-4
    )


def test_items_without_a_time_are_as_new_as_the_newest() -> None:
    data = timed()
    model = penchant.EASE(half_life=150).fit(data)
    newest, later = data.newest, data.newest + 500
    expected = scores_for(model, {"i0001": (1, newest), "i0002": (1, 100)})
    assert scores_for(model, {"i0001": 1, "i0002": (1, 100)}) == expected
    assert scores_for(model, {"i0001": (1, later), "i0002": (1, 100)}) == expected
    plain = penchant.EASE().fit(data)
    assert scores_for(plain, {"i0001": (1, 3), "i0002": (1, 9)}) == scores_for(
        plain, ["i0001", "i0002"]
    )


def test_a_blend_hands_times_to_its_parts() -> None:
    data = timed()
    part = penchant.EASE(half_life=150)
    blend = penchant.Blend({"ease": part, "popular": penchant.Popularity()}).fit(data)
    alone = penchant.EASE(half_life=150).fit(data)
    for ask in (
        lambda m: m.recommend("u0004", k=5),
        lambda m: m.recommend(history={"i0001": (1.0, 10), "i0003": (1.0, 900)}, k=5),
    ):
        assert list(ask(blend).ids) == list(ask(alone).ids)


def test_training_further_keeps_the_ages() -> None:
    data = timed()
    model = penchant.ALS(factors=3, iterations=2, half_life=100, seed=1).fit(data).partial_fit()
    whole = penchant.ALS(factors=3, iterations=3, half_life=100, seed=1, momentum=0.9).fit(data)
    assert len(model.epochs) == len(whole.epochs)
    assert np.isfinite(model.loss())


@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize("kind", ["als", "items", "ranking", "graph"])
def test_threads_change_no_bit(kind, threads) -> None:
    data = timed(120, 60)
    one, other = (MODELS[kind](half_life=99, threads=n).fit(data) for n in (1, threads))
    np.testing.assert_array_equal(lists(one, data), lists(other, data))


# --- errors --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MODELS)
def test_without_timestamps_there_is_an_error(kind) -> None:
    data = dataclasses.replace(timed(), timestamps=None)
    with pytest.raises(DataError, match="half_life= needs timestamps: name their column"):
        MODELS[kind](half_life="30d").fit(data)


@pytest.mark.parametrize("wrong", [0, -1, "soon", float("nan"), True, "0d"])
@pytest.mark.parametrize("kind", MODELS)
def test_half_lives_out_of_range(kind, wrong) -> None:
    with pytest.raises(SettingsError, match="half_life must be"):
        MODELS[kind](half_life=wrong)


@pytest.mark.parametrize("time", [1.5, "now", True, None, 2**63, [1]])
def test_times_of_histories_are_whole_numbers(time) -> None:
    model = penchant.EASE(half_life=150).fit(timed())
    with pytest.raises(DataError, match=r"the time of item 'i0001' in a history is .*whole number"):
        model.recommend(history={"i0001": (1.0, time)})


@pytest.mark.parametrize("entry", [(1.0, 2, 3), (), ("a", 3), (float("inf"), 3)])
def test_entries_of_histories_are_values_or_pairs(entry) -> None:
    model = penchant.EASE().fit(timed())
    with pytest.raises(DataError, match="the value of item 'i0001' in a history"):
        model.recommend(history={"i0001": entry})
