"""The table of an evaluation."""

from __future__ import annotations

import math

from penchant.evaluation.evaluate import Evaluation


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
    assert repr(e) == str(e)
    assert e.summary().startswith("1,234 users: ndcg@10 0.2012, ")
