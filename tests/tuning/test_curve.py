"""Learning curves: each row is the model that training would have given."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant.errors import DataError, NotFittedError, SettingsError
from penchant.tuning.curve import Patience
from penchant.tuning.results import CurveRow, LearningCurve

METRICS = ("precision@3", "mse")


@pytest.fixture(scope="module")
def split() -> penchant.Split:
    return penchant.split.leave_k_out(random_interactions(80, 50), 3, fraction_of_users=0.5)


def als(**settings) -> penchant.ALS:
    return penchant.ALS(**{"factors": 6, "alpha": 4.0, "threads": 1, **settings})


def curve(model, split, epochs=(1, 2, 4), **how) -> LearningCurve:
    return penchant.learning_curve(model, split, epochs, METRICS, verbose=False, **how)


def measured(model, split) -> dict[str, float]:
    return dict(penchant.evaluate(model, split, metrics=METRICS, bootstrap=0).figures)


@pytest.mark.parametrize("solver", ["exact", "cg", "auto"])
@pytest.mark.parametrize("tall", [True, False])
def test_a_row_is_what_a_model_of_so_many_epochs_gives(solver, tall) -> None:
    shape = (90, 40) if tall else (40, 90)  # the smaller side is solved first
    split = penchant.split.leave_k_out(random_interactions(*shape), 3)
    found = curve(als(solver=solver), split)
    assert [row.epoch for row in found.rows] == [1, 2, 4]
    for row in found.rows:
        alone = als(solver=solver, iterations=row.epoch).fit(split.train)
        assert row.test == measured(alone, split)


def test_measuring_does_not_change_training(split) -> None:
    often, once = als(solver="cg"), als(solver="cg")
    curve(often, split, 4)
    curve(once, split, [4])
    np.testing.assert_array_equal(often.item_factors, once.item_factors)
    np.testing.assert_array_equal(often.user_factors, once.user_factors)
    fitted = als(solver="cg", iterations=4).fit(split.train)
    np.testing.assert_array_equal(often.item_factors, fitted.item_factors)


def test_train_figures_are_of_the_users_who_are_tested(split) -> None:
    found = curve(als(), split, [2])
    model = als(iterations=2).fit(split.train)
    tested = np.flatnonzero(split.test.csr.row_counts)
    whole = penchant.evaluate(model, split, metrics=METRICS, on="train", per_user=True, bootstrap=0)
    theirs = np.isin(np.flatnonzero(split.train.csr.row_counts), tested)
    for name in METRICS:
        mean = whole.per_user[name][theirs].mean()
        assert found.rows[0].train[name] == pytest.approx(mean)


def test_patience_ends_with_the_best_epochs_factors(split) -> None:
    model = als(alpha=40.0, regularization=0.0, factors=20)
    found = curve(model, split, 30, patience=2)
    best = found.best()
    assert found.rows[-1].epoch == best.epoch + 2 < 30
    assert measured(model, split) == best.test
    assert len(model.epochs) == best.epoch
    assert model.settings["iterations"] == 15


def test_without_patience_the_model_has_the_last_epoch(split) -> None:
    model = als()
    found = curve(model, split)
    assert measured(model, split) == found.rows[-1].test


@pytest.mark.parametrize(
    "model", [penchant.Popularity(), penchant.ItemNeighbors(neighbors=5)], ids=["top", "near"]
)
def test_models_without_epochs_get_one_row(model, split) -> None:
    found = curve(model, split)
    assert [row.epoch for row in found.rows] == [1]
    assert measured(model, split) == found.rows[0].test


def test_new_people(split) -> None:
    strong = penchant.split.held_out_users(random_interactions(80, 50), 0.3)
    model = als()
    found = curve(model, strong)
    assert measured(model, strong) == found.rows[-1].test


def test_it_prints_the_articles_table_as_it_grows(split, capsys) -> None:
    found = penchant.learning_curve(als(), split, [1, 2])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(" | ") == str(found).splitlines()[0].split(" | ")
    assert [cell.strip() for cell in lines[0].split("|")] == [
        *("epochs", "p@5 train", "p@5 test", "mse train", "mse test")
    ]
    assert lines == str(found).splitlines()
    curve(als(), split)
    assert capsys.readouterr().out == ""


def test_it_becomes_a_frame(split) -> None:
    frame = curve(als(), split).to_pandas()
    names = ["precision@3 train", "precision@3 test", "mse train", "mse test"]
    assert list(frame.columns) == ["epoch", *names, "seconds"]
    assert frame["epoch"].tolist() == [1, 2, 4]
    assert (frame["seconds"].diff().dropna() > 0).all()


def test_the_best_row() -> None:
    values = [0.1, math.nan, 0.3, 0.3]
    rows = [CurveRow(n, {}, {"ndcg@10": v, "mse": -v}, 0.0) for n, v in enumerate(values, 1)]
    found = LearningCurve({}, ("ndcg@10", "mse"), tuple(rows))
    assert found.best().epoch == 3
    assert found.best("mse").epoch == 3
    with pytest.raises(SettingsError, match="these were: ndcg@10, mse"):
        found.best("auc")
    with pytest.raises(DataError, match="no epoch"):
        LearningCurve({}, ("mse",), ()).best()


def test_patience_counts_rows_that_are_no_better() -> None:
    stop = Patience("mse", 2)
    values = [3.0, 2.0, 2.0, math.nan, 1.0]
    rows = [CurveRow(n, {}, {"mse": value}, 0.0) for n, value in enumerate(values, 1)]
    assert [stop.is_exhausted(row) for row in rows] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"epochs": []}, "names no epoch"),
        ({"epochs": [0]}, "epochs must be 1 or more"),
        ({"epochs": [2.5]}, "whole number"),
        ({"metrics": ["ndgc"]}, "metric must be one of"),
        ({"metrics": []}, "no metric"),
        ({"metrics": ["coverage"], "patience": 2}, "neither a higher nor a lower"),
        ({"patience": 0}, "patience must be 1 or more"),
    ],
)
def test_invalid_arguments_are_refused(split, how, told) -> None:
    with pytest.raises(SettingsError, match=told):
        penchant.learning_curve(als(), split, **how)


def test_anything_but_a_split_is_refused() -> None:
    with pytest.raises(DataError, match=r"penchant\.Split is needed"):
        penchant.learning_curve(als(), random_interactions(9, 9))


def test_a_snapshot_stays_as_it_was(split) -> None:
    model = als(iterations=2).fit(split.train)
    kept = model.snapshot()
    before = kept.item_factors.copy()
    model.partial_fit(iterations=3)
    np.testing.assert_array_equal(kept.item_factors, before)
    assert (len(kept.epochs), len(model.epochs)) == (2, 5)
    model.load_state_from(kept)
    np.testing.assert_array_equal(model.item_factors, before)
    with pytest.raises(NotFittedError):
        als().snapshot()
