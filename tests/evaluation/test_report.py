"""Tables of one evaluation and of several."""

from __future__ import annotations

import json
import math

import pytest

from penchant.errors import DataError
from penchant.evaluation.evaluate import Evaluation, compare


def evaluation(figures, intervals=(), *, n_users=1234, n_left_out=0, on="test", seconds=1.5):
    settings = {"on": on, "exclude_seen": on == "test", "level": 0.95}
    return Evaluation(figures, dict(intervals), 10, n_users, n_left_out, seconds, settings)


def test_the_table_of_an_evaluation() -> None:
    e = evaluation(
        {"ndcg@10": 0.2012, "coverage@10": 0.5, "auc": math.nan},
        {"ndcg@10": (0.19, 0.21), "auc": (math.nan, math.nan)},
        n_left_out=12,
    )
    assert str(e).splitlines() == [
        "metric         mean     95% interval",
        "────────────────────────────────────",
        "ndcg@10      0.2012  0.1900 … 0.2100",
        "coverage@10  0.5000",
        "auc               –            – … –",
        "1,234 users, 12 without relevant items; on test, seen items excluded; 1.50 s",
    ]
    assert repr(e).startswith("<Evaluation of 1,234 users: ndcg@10 0.2012, ")


def test_side_by_side() -> None:
    table = compare(
        {
            "popularity": evaluation({"ndcg@10": 0.07, "mse": 0.5, "novelty@10": 2.0}, seconds=9),
            "ALS": evaluation({"ndcg@10": 0.2, "mse": 0.75, "auc": 0.9, "novelty@10": 3.0}),
        }
    )
    assert str(table).splitlines() == [
        "metric      popularity       ALS",
        "──────────────────────────────────",
        "ndcg@10         0.0700    0.2000 *",
        "mse             0.5000 *  0.7500",
        "novelty@10      2.0000    3.0000",
        "auc                  –    0.9000 *",
        "1,234 users; on test, seen items excluded",
    ]
    assert table.best("mse") == "popularity"
    assert table.best("novelty@10") is None
    assert json.loads(json.dumps(table.to_dict()))["ALS"]["metrics"]["auc"]["mean"] == 0.9


def test_evaluations_of_different_settings_are_not_compared() -> None:
    with pytest.raises(DataError, match="a: 5 users on test"):
        compare({"a": evaluation({"auc": 1.0}, n_users=5), "b": evaluation({"auc": 1.0})})
    with pytest.raises(DataError, match="nothing to compare"):
        compare({})
