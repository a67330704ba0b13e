"""Advice where a model is below popularity or neighbors."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from penchant import ALS, EASE, Evaluation, ItemNeighbors, Popularity
from penchant.cli.comparison import next_to_try
from penchant.models.base import Model


def evaluation(value: float, metric: str = "ndcg@10") -> Evaluation:
    return Evaluation({metric: value}, {}, 10, 5, 0, 0.0, {})


def advice(model: Model, values: Mapping[str, float], metric: str = "ndcg@10") -> list[str]:
    models = {"popularity": Popularity(), "item-neighbors": ItemNeighbors(), "own": model}
    results = {name: evaluation(value, metric) for name, value in values.items()}
    return next_to_try({name: models[name] for name in values}, results, "likes.csv")


def test_a_model_above_both_needs_no_advice() -> None:
    assert advice(ALS(), {"popularity": 0.1, "item-neighbors": 0.2, "own": 0.3}) == []


def test_settings_that_are_worse_than_a_baseline() -> None:
    values = {"popularity": 0.1, "item-neighbors": 0.2, "own": 0.15}
    (line,) = advice(ALS(alpha=20, seed=3, threads=1), values)
    assert line == (
        "own is below item-neighbors here: ndcg@10 0.1500 against 0.2000. Try its defaults "
        "(leave out --alpha), or penchant tune likes.csv, which compares all families of models"
    )


def test_defaults_that_are_worse_than_neighbors() -> None:
    (line,) = advice(EASE(), {"popularity": 0.1, "item-neighbors": 0.2, "own": 0.15})
    assert "Try --model item-neighbors, or penchant tune likes.csv" in line


def test_defaults_that_are_worse_than_popularity() -> None:
    (line,) = advice(EASE(), {"popularity": 0.3, "item-neighbors": 0.2, "own": 0.15})
    assert "own is below popularity" in line
    assert "Try penchant tune likes.csv" in line


def test_only_what_was_measured_is_compared() -> None:
    assert advice(ALS(), {"own": 0.1}) == []
    assert len(advice(ALS(), {"popularity": 0.3, "own": 0.1}, "recall@20")) == 1


@pytest.mark.parametrize("metric", ["mse", "coverage@10"])
def test_metrics_of_which_more_is_not_better(metric: str) -> None:
    assert advice(ALS(), {"popularity": 0.3, "own": 0.1}, metric) == []
