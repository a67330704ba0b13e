"""The weights of the ALS objective that are chosen from the data."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import ALS, HybridALS, Interactions
from penchant.errors import NotFittedError, SettingsError
from penchant.models.als import statistics
from penchant.models.als.objective import Weights
from penchant.models.als.settings import LAMBDA, NU, SHARE

PAPER = {
    "alpha": 1.0,
    "unobserved_weight": 1.0,
    "regularization": 0.01,
    "regularization_scaling": 0.0,
}


def counts(values: list[float], n_items: int = 40) -> Interactions:
    """Interactions with these values, one user each, over a larger catalog."""
    n = len(values)
    users, items = [f"u{i}" for i in range(n)], [f"i{i % n_items}" for i in range(n)]
    data = Interactions.from_arrays(users, items, values)
    return data.with_items([f"i{i}" for i in range(n_items)])


def test_an_interaction_weighs_1_on_average() -> None:
    data = counts([1.0, 2.0, -3.0, 2.0])
    for kind, mean in (("linear", 2.0), ("binary", 1.0), ("log", np.log1p([1, 2, 3, 2]).mean())):
        alpha = ALS(factors=2, iterations=1, confidence=kind).fit(data).training["alpha"]
        assert alpha == pytest.approx(1 / mean, rel=1e-3)


@pytest.mark.parametrize("share", [None, 0.5, 3.0])
def test_unobserved_cells_weigh_a_multiple_of_the_interactions(share: float | None) -> None:
    data = counts([1.0, 3.0, 2.0, 2.0] * 5, n_items=300)
    weights = ALS(factors=2, iterations=1, unobserved_share=share).fit(data).training
    cells = data.n_users * data.n_items
    total = weights["alpha"] * np.abs(data.csr.values).sum()
    expected = SHARE if share is None else share
    assert weights["unobserved_weight"] * cells / total == pytest.approx(expected, rel=1e-3)
    assert weights["regularization"] == LAMBDA
    assert weights["regularization_scaling"] == NU


def test_unobserved_cells_weigh_no_more_than_in_the_paper() -> None:
    dense = Interactions.from_scipy(np.ones((5, 4)))
    assert ALS(factors=2, iterations=1).fit(dense).training["unobserved_weight"] == 1


@pytest.mark.parametrize(
    "given",
    [
        {"alpha": 20.0},
        {"regularization": 30.0},
        {"regularization": (0.1, 0.3)},
        {"regularization_scaling": 0.5},
        {"unobserved_weight": 0.2},
        {"alpha": 3.0, "regularization": 0.006, "regularization_scaling": 1.0},
    ],
)
def test_with_a_weight_given_the_others_are_those_of_the_paper(given: dict[str, float]) -> None:
    data = random_interactions(20, 15)
    model = ALS(factors=2, iterations=2, confidence="binary", **given).fit(data)
    assert model.training == {"confidence": "binary", "solver": "cg", **PAPER, **given}
    same = ALS(factors=2, iterations=2, confidence="binary", **{**PAPER, **given}).fit(data)
    np.testing.assert_array_equal(model.item_factors, same.item_factors)


def test_a_share_keeps_its_meaning_beside_a_regularization() -> None:
    data = random_interactions(20, 300)
    own = ALS(factors=2, iterations=1, regularization=0.5, unobserved_share=2).fit(data).training
    assert own["regularization"] == 0.5
    assert own["regularization_scaling"] == NU
    assert own["unobserved_weight"] < 1


@pytest.mark.parametrize("name", ["alpha", "unobserved_weight"])
def test_a_share_takes_the_place_of_weights(name: str) -> None:
    with pytest.raises(SettingsError, match=f"unobserved_share takes the place of {name}"):
        ALS(unobserved_share=3, **{name: 0.5})


@pytest.mark.parametrize("model", [ALS, HybridALS])
def test_the_chosen_weights_as_settings_give_the_same_model(model: type[ALS]) -> None:
    data = random_interactions(30, 20)
    first = model(factors=3, iterations=2).fit(data)
    second = model(factors=3, iterations=2, **first.training).fit(data)
    np.testing.assert_array_equal(first.item_factors, second.item_factors)
    assert second.training == first.training


def test_weights_are_those_of_the_data_of_the_last_fit() -> None:
    small, large = random_interactions(20, 200), random_interactions(20, 400, seed=3)
    model = ALS(factors=2, iterations=1).fit(small)
    before = model.training
    model.partial_fit(large)
    assert model.training == ALS(factors=2, iterations=1).fit(large).training != before


def test_a_saved_model_has_the_same_weights(tmp_path) -> None:
    model = ALS(factors=2, iterations=2).fit(counts([1.0, 5.0, 2.0, 70.0, 3.0, 9.0]))
    loaded = penchant.load(model.save(tmp_path / "m.penchant"))
    assert loaded.training == model.training
    history = [{"i0": 2.0, "i3": 1.0}]
    np.testing.assert_array_equal(loaded.fold_in_users(history), model.fold_in_users(history))


def test_weights_need_a_fit() -> None:
    with pytest.raises(NotFittedError):
        _ = ALS().training


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.0] * 8, "linear"),
        ([1, 2, 3, 4, 5, 5, 4, 4], "linear"),  # ratings
        ([1, 1, 1, 1, 1, 5, 1, 1], "linear"),  # views, and a purchase that weighs 5
        ([0.001, 0.002, 0.004], "linear"),
        ([-1, 1, 1, -1], "linear"),
        ([13, 5_000, 11, 300, 12, 90, 20, 4], "log"),  # plays
        ([1, 1, 1, 1, 1, 1, 1, -100], "log"),
        ([7], "linear"),
    ],
)
def test_counts_over_orders_of_magnitude_are_weighted_by_logarithm(
    values: list[float], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "_PART", 3)
    assert Weights.of(ALS(), counts(values)).confidence.kind == kind


@pytest.mark.parametrize("values", [[3e38, 1.0], [1e-38, 1e-38], [1e-45, 3e38]])
def test_extreme_values_give_finite_weights(values: list[float]) -> None:
    weights = Weights.of(ALS(), counts(values))
    assert np.isfinite(weights.confidence.alpha)
    assert weights.confidence.alpha > 0
    assert np.isfinite(weights.unobserved)


def test_a_weight_that_is_a_very_large_whole_number() -> None:
    """Times the number of items it is beyond the integers of 64 bits."""
    model = ALS(factors=2, iterations=1, unobserved_weight=2**60, threads=1)
    model.fit(random_interactions(20, 15))
    assert model.training["unobserved_weight"] == 2.0**60
