from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from tests.plots.results import curve, grid, trial, tuning_result

from penchant import plots
from penchant.errors import SettingsError
from penchant.tuning.results import CurveRow, LearningCurve


def data(ax: Axes, label: str) -> list[list[float]]:
    (line,) = [artist for artist in ax.get_lines() if artist.get_label() == label]
    return np.transpose(line.get_data()).tolist()


def segments(ax: Axes) -> list[list[list[float]]]:
    (lines,) = [artist for artist in ax.collections if isinstance(artist, LineCollection)]
    return [artist.tolist() for artist in lines.get_segments()]


def test_train_and_test_share_a_panel_and_the_best_epoch_is_marked() -> None:
    figure = plots.learning_curve(curve([0.1, 0.3, 0.2], [0.2, 0.4, 0.5]))
    (ax,) = figure.axes
    assert data(ax, "test") == [[1, 0.1], [2, 0.3], [3, 0.2]]
    assert data(ax, "train") == [[1, 0.2], [2, 0.4], [3, 0.5]]
    assert ax.get_title("left") == "ndcg@10"
    assert ax.get_title("right") == "best 0.300 at epoch 2"
    assert ax.get_xlabel() == "epoch"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["test", "train"]


def test_a_panel_for_each_metric() -> None:
    rows = tuple(
        CurveRow(at, {"ndcg@10": 0.2, "mse": 0.01}, {"ndcg@10": 0.1, "mse": 0.1 / at}, 1.0)
        for at in (2, 4)
    )
    learned = LearningCurve({}, ("ndcg@10", "mse"), rows)
    titles = [ax.get_title("left") for ax in plots.learning_curve(learned).axes]
    assert [title for title in titles if title] == ["ndcg@10", "mse"]
    (only,) = [
        ax for ax in plots.learning_curve(learned, metrics=["mse"]).axes if ax.get_title("left")
    ]
    assert only.get_title("right") == "best 0.0250 at epoch 4"  # lower is better


def test_train_far_from_test_gets_its_own_axes() -> None:
    figure = plots.learning_curve(curve([0.02, 0.03, 0.025], [0.3, 0.32, 0.31]))
    upper, lower = figure.axes
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("test", "train")
    assert upper.get_ylim()[1] < lower.get_ylim()[0]
    assert upper.get_shared_x_axes().joined(upper, lower)


def test_a_missing_value_breaks_the_line() -> None:
    figure = plots.learning_curve(curve([0.1, math.nan, 0.3, math.inf], [0.2, 0.2, 0.2, 0.2]))
    points = data(figure.axes[0], "test")
    assert [epoch for epoch, value in points if math.isnan(value)] == [2, 4]
    figure.canvas.draw()


def test_missing_values_are_reported() -> None:
    figure = plots.learning_curve(curve([math.nan], [math.nan]))
    assert "no ndcg@10" in figure.axes[0].texts[0].get_text()
    figure.canvas.draw()


def test_axes_can_be_passed() -> None:
    figure = Figure()
    ax = figure.subplots()
    assert plots.learning_curve(curve([0.1, 0.2]), ax=ax) is figure
    assert len(data(ax, "test")) == 2
    two = figure.subplots(1, 2)
    with pytest.raises(SettingsError, match="axes for each of 1 metrics, got 2"):
        plots.learning_curve(curve([0.1]), ax=list(two))


def test_a_metric_that_was_not_measured_is_refused() -> None:
    with pytest.raises(SettingsError, match="'auc' was not measured; these were: ndcg@10"):
        plots.learning_curve(curve([0.1]), metrics=["auc"])
    with pytest.raises(SettingsError, match="needs a metric"):
        plots.learning_curve(LearningCurve({}, (), ()))


def test_traces_are_drawn_by_rank() -> None:
    ax = plots.traces(grid())
    lines = segments(ax)
    assert len(lines) == 12
    lasts = [line[1][1] for line in lines]
    assert lasts == sorted(lasts)  # the best is drawn last, above the others
    assert lines[-1][1:] == [[2, 0.225], [3, 0.215]]
    assert ax.get_title("right") == "best: trial 7, 0.225 at epoch 2"
    assert ax.get_ylabel() == "ndcg@10 on test"
    (lines_drawn,) = [artist for artist in ax.collections if isinstance(artist, LineCollection)]
    colors = lines_drawn.get_colors()
    assert np.all(np.diff(colors[:, 3]) > 0)  # increasingly opaque
    lightness = colors[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(lightness) < 0)  # increasingly dark, also in grayscale


def test_traces_of_train_and_of_lower_is_better() -> None:
    result = tuning_result(
        trial(0, {}, 0.5, metric="mse"), trial(1, {}, 0.4, metric="mse"), metric="mse"
    )
    lines = segments(plots.traces(result, part="train"))
    assert lines[-1][1] == [2, 0.8]  # twice the best, the lowest


def test_pruned_traces_end_early_and_failed_ones_are_left_out() -> None:
    pruned = trial(1, {}, 0.1, state="pruned")
    result = tuning_result(trial(0, {}, 0.2), pruned, trial(2, {}, math.nan, state="failed"))
    assert len(segments(plots.traces(result))) == 2


def test_a_trial_without_epochs_is_a_dot() -> None:
    artist = trial(0, {}, 0.2)
    single = LearningCurve({}, ("ndcg@10",), artist.curve.rows[1:2])
    result = tuning_result(artist.__class__(0, {}, "complete", single, 2, 0.2, 1.0))
    ax = plots.traces(result)
    assert any(line.get_marker() == "o" for line in ax.get_lines())
    ax.figure.canvas.draw()


def test_traces_without_values_show_a_message() -> None:
    for result in (tuning_result(), tuning_result(trial(0, {}, math.nan, state="failed"))):
        ax = plots.traces(result)
        assert ax.texts[0].get_text() == "no trial has a ndcg@10 on test"
        ax.figure.canvas.draw()
