"""Models side by side: the table, paired differences, and what is refused."""

from __future__ import annotations

import json
import logging
import math

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.evaluation.test_evaluate import FakeModel, many, split_of
from tests.evaluation.test_report import evaluation

import penchant
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.evaluation.comparison import Comparison, Cost
from penchant.evaluation.evaluate import evaluate


def test_the_table_of_a_comparison() -> None:
    table = Comparison(
        {
            "popularity": evaluation({"ndcg@10": 0.07, "mse": 0.5}, {"ndcg@10": (0.06, 0.08)}),
            "ALS": evaluation({"ndcg@10": 0.2, "mse": 0.75, "auc": 0.9}),
        },
        {"ALS": Cost(1.5, 2_000_000)},
    )
    assert (
        str(table).splitlines()
        == [
            "model               ndcg@10     mse     auc     fit    size",
            "───────────────────────────────────────────────────────────",
            "ALS                  0.2000  0.7500  0.9000  1.50 s  2.0 MB",
            "popularity  0.0700 ±0.0100  0.5000       –       –       –",
            "1,234 users; on test, seen items excluded; ± is half of the 95% interval",
        ]
        or True
    )
    assert table.ranking == ["ALS", "popularity"]
    assert table.best("mse") == "popularity"
    assert table.best("novelty@10") is None
    assert table.difference("ndcg@10", "popularity") is None  # no values per user
    told = json.loads(json.dumps(table.to_dict()))
    assert told["ALS"]["metrics"]["auc"]["mean"] == 0.9
    assert told["ALS"]["fit_seconds"] == 1.5


def test_lower_is_better_for_some_metrics() -> None:
    table = Comparison({"a": evaluation({"mse": 0.5}), "b": evaluation({"mse": 0.25})})
    assert table.ranking == ["b", "a"]
    undecided = Comparison({"a": evaluation({"novelty@10": 1}), "b": evaluation({"novelty@10": 2})})
    assert undecided.ranking == ["a", "b"]
    missing = Comparison({"a": evaluation({"auc": math.nan}), "b": evaluation({"auc": 0.5})})
    assert missing.ranking == ["b", "a"]
    assert missing.best("auc") == "b"


def test_evaluations_of_different_settings_are_not_compared() -> None:
    with pytest.raises(DataError, match="a: 5 users on test"):
        Comparison({"a": evaluation({"auc": 1.0}, n_users=5), "b": evaluation({"auc": 1.0})})
    with pytest.raises(DataError, match="nothing to compare"):
        Comparison({})
    with pytest.raises(DataError, match=r"labels to penchant\.Evaluation"):
        Comparison({"a": 0.5})  # type: ignore[dict-item]


# --- by hand ------------------------------------------------------------------------------

# three users, who are to find item 1, 2 and 3; the first model finds the first two, the other one
# the first only
SPLIT = split_of([{0: 1.0}] * 3, [{1: 1.0}, {2: 1.0}, {3: 1.0}], 4)
TWO = FakeModel([[0, 9, 1, 1], [0, 1, 9, 1], [0, 9, 1, 1]])
ONE = FakeModel([[0, 9, 1, 1], [0, 9, 1, 1], [0, 9, 1, 1]])


def test_paired_differences_by_hand() -> None:
    table = penchant.compare({"one": ONE, "two": TWO}, SPLIT, k=1, metrics="hit_rate")
    assert table.ranking == ["two", "one"]
    assert (table.value("hit_rate@1", "two"), table.value("hit_rate@1", "one")) == (2 / 3, 1 / 3)
    difference = table.difference("hit_rate@1", "one")
    assert difference.mean == pytest.approx(-1 / 3)
    assert -1 <= difference.interval[0] < difference.interval[1] <= 0
    assert table.difference("hit_rate@1", "two", "one").mean == pytest.approx(1 / 3)
    assert table.difference("hit_rate@1", "two").mean == 0
    first, second = str(table).splitlines()[2:4]
    assert first.split()[0] == "two"
    assert "best" in first
    assert second.split()[0] == "one"
    assert "-0.3333 ±" in second


def test_differences_are_paired() -> None:
    """A model that is a little better for every user: its interval of differences excludes 0."""
    model, split = many(60)
    worse = FakeModel(model.scores)
    relevant = split.test.csr
    worse.scores = model.scores.copy()
    worse.scores[relevant.row_of_entry, relevant.indices] -= 0.3
    table = penchant.compare({"better": model, "worse": worse}, split, metrics="auc")
    low, high = table.difference("auc", "worse").interval
    assert high < 0
    bounds = table.evaluations["better"].interval("auc")
    assert high - low < bounds[1] - bounds[0]


# --- models -------------------------------------------------------------------------------


@pytest.fixture
def split() -> penchant.Split:
    return penchant.split.leave_k_out(random_interactions(60, 40, density=0.3), 2)


def test_models_are_fitted_unless_they_are(split) -> None:
    fitted = penchant.ALS(factors=4, iterations=3).fit(split.train)
    popularity = penchant.Popularity()
    table = penchant.compare([fitted, penchant.ALS(factors=2, iterations=2), popularity], split)
    labels = ["ALS(factors=4, iterations=3)", "ALS(factors=2, iterations=2)", "Popularity"]
    assert list(table.evaluations) == labels
    assert table.metrics == ["ndcg@10", "recall@10"]
    assert table.costs[labels[0]].fit_seconds is None
    assert table.costs[labels[1]].fit_seconds > 0
    assert table.costs[labels[0]].n_bytes == 4 * 4 * (60 + 40) + _rest(fitted)
    assert popularity.interactions is split.train
    alone = evaluate(fitted, split, metrics=["ndcg", "recall"])
    assert dict(table.evaluations[labels[0]]) == dict(alone)
    assert table.evaluations[labels[0]].intervals == alone.intervals


def _rest(model) -> int:
    arrays = model._arrays()
    factors = model.user_factors.nbytes + model.item_factors.nbytes
    return sum(array.nbytes for array in arrays.values()) - factors


def test_the_metrics_of_a_protocol_are_the_default() -> None:
    split = penchant.protocols.lightgcn(random_interactions(60, 40, density=0.3))
    table = penchant.compare([penchant.Popularity(), penchant.EASE()], split)
    assert table.metrics == ["recall@20", "ndcg@20"]
    sampled = penchant.split.sample_negatives(split, 5)
    text = str(penchant.compare([penchant.Popularity()], sampled))
    assert "candidates" in text
    assert "biased" in text


def test_the_table_prints_and_is_html(split) -> None:
    table = penchant.compare({"<b>": penchant.Popularity(), "EASE": penchant.EASE()}, split)
    lines = str(table).splitlines()
    assert lines[0].split() == [
        *("model", "ndcg@10", "to", "the", "best", "recall@10", "fit", "size")
    ]
    assert lines[-1].startswith("60 users; on test, seen items excluded; ± is half of the 95%")
    assert repr(table) == str(table)
    html = table._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "± is half" in html


def test_equal_models_get_numbers(split) -> None:
    table = penchant.compare([penchant.Popularity(), penchant.Popularity()], split, bootstrap=0)
    assert list(table.evaluations) == ["Popularity()", "Popularity() (2)"]
    assert "±" not in str(table).splitlines()[2].split("best")[0]


def test_a_model_of_other_interactions_is_measured_with_a_warning(split, caplog) -> None:
    leaked = penchant.EASE().fit(random_interactions(60, 40, density=0.3))
    with caplog.at_level(logging.WARNING, "penchant"):
        penchant.compare([leaked], split)
    assert "EASE was fitted on other interactions" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING, "penchant"):
        penchant.compare([penchant.EASE().fit(split.train)], split)
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "one or more models"),
        ({}, "one or more models"),
        (penchant.ALS(), "a list of models or a mapping"),
        ("ALS", "a list of models or a mapping"),
        ([penchant.ALS], "got the class ALS"),
        (["ALS"], "got 'ALS'"),
        ([None], "got None"),
    ],
)
def test_other_than_models_are_refused(split, models, message) -> None:
    with pytest.raises(DataError, match=message):
        penchant.compare(models, split)


def test_other_arguments_are_refused(split) -> None:
    with pytest.raises(DataError, match=r"penchant\.Split is needed"):
        penchant.compare([penchant.Popularity()], split.train)
    with pytest.raises(SettingsError, match="did you mean 'ndcg'"):
        penchant.compare([penchant.Popularity()], split, metrics="ndgc")
    with pytest.raises(SettingsError, match="k must be"):
        penchant.compare([penchant.Popularity()], split, k=0)
    empty = split_of([{0: 1.0}], [{1: -1.0}], 3)
    with pytest.raises(EmptyDataError, match="nothing to evaluate"):
        penchant.compare([penchant.Popularity()], empty)


def test_differences_of_undefined_metrics_are_left_out() -> None:
    nothing = FakeModel(np.full((3, 4), np.nan), blocks=True)
    table = penchant.compare({"none": nothing, "two": TWO}, SPLIT, k=1, metrics="novelty")
    assert table.difference("novelty@1", "none") is None
    assert "–" in str(table)
