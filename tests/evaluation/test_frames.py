"""Evaluations and comparisons as frames."""

from __future__ import annotations

import math

from tests.conftest import random_interactions

import penchant


def test_a_row_for_each_metric() -> None:
    split = penchant.split.leave_k_out(random_interactions(40, 30), 2)
    models = {"pop": penchant.Popularity(), "near": penchant.ItemNeighbors()}
    compared = penchant.compare(models, split, k=5, metrics=["ndcg", "coverage"])
    evaluation = compared.evaluations["pop"]
    frame = evaluation.to_pandas()
    assert frame["metric"].tolist() == ["ndcg@5", "coverage@5"]
    assert frame["mean"].tolist() == [evaluation["ndcg@5"], evaluation["coverage@5"]]
    assert (frame["lower"][0], frame["upper"][0]) == evaluation.interval("ndcg")
    assert math.isnan(frame["lower"][1])  # coverage has no interval
    both = compared.to_pandas()
    assert both.columns.tolist() == ["model", "metric", "mean", "lower", "upper"]
    assert both["model"].tolist() == [label for label in compared.ranking for _ in range(2)]
    assert both.set_index(["model", "metric"])["mean"]["pop", "ndcg@5"] == evaluation["ndcg"]
