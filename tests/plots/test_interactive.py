"""Interactive plots: their data and hover texts."""

from __future__ import annotations

import math
import sys

import pytest
from tests.plots.results import curve, grid, trial, tuning_result

pytest.importorskip("plotly")

from penchant.errors import MissingExtraError, SettingsError
from penchant.plots import interactive


def test_a_learning_curve_shows_both_parts_and_its_best_epoch() -> None:
    figure = interactive.learning_curve(curve([0.1, 0.3, math.nan, 0.2]))
    test, train = figure.data
    assert (test.name, train.name) == ("test", "train")
    assert (list(test.x), list(test.y)) == ([1, 2, 4], [0.1, 0.3, 0.2])
    assert list(train.y) == [0.2, 0.6, 0.4]
    (mark,) = figure.layout.shapes
    assert mark.x0 == mark.x1 == 2
    with pytest.raises(SettingsError, match="was not measured"):
        interactive.learning_curve(curve([0.1]), metrics=["mse"])


def test_traces_are_drawn_by_rank_and_show_their_settings() -> None:
    result = grid()
    lines = interactive.traces(result).data
    assert len(lines) == len(result.trials)
    assert [max(line.y) for line in lines] == sorted(trial.value for trial in result.trials)
    best = result.best
    for word in (f"trial {best.number}", "alpha = 10", "factors = 16", "epoch 2"):
        assert word in lines[-1].text[1]
    train = interactive.traces(result, part="train").data[-1]
    assert max(train.y) == pytest.approx(2 * best.value)


def test_settings_are_parallel_coordinates() -> None:
    result = tuning_result(
        trial(0, {"alpha": 0.1, "solver": "cg", "seed": 1}, 0.2),
        trial(1, {"alpha": 100.0, "solver": "<b>", "seed": 1}, 0.3),
        trial(2, {"alpha": 1.0, "solver": "cg", "seed": 1}, math.nan),
    )
    alpha, solver, figures = interactive.settings(result).data[0].dimensions
    assert list(figures["values"]) == [0.3, 0.2]
    assert list(alpha["values"]) == pytest.approx([2, -1])  # logarithmic
    assert list(alpha["ticktext"]) == ["0.1", "1", "10", "100"]
    assert list(solver["ticktext"]) == ["&lt;b&gt;", "cg"]
    with pytest.raises(SettingsError, match="no trial"):
        interactive.settings(tuning_result())


def test_a_page_loads_nothing_from_the_network(tmp_path) -> None:
    path = tmp_path / "traces.html"
    interactive.traces(grid()).write_html(path)
    assert '<script src="http' not in path.read_text(encoding="utf-8")


def test_without_plotly_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    monkeypatch.setitem(sys.modules, "plotly.subplots", None)
    for draw in (interactive.traces, interactive.settings):
        with pytest.raises(MissingExtraError, match=r"penchant\[plot\]"):
            draw(grid())
    with pytest.raises(MissingExtraError, match=r"penchant\[plot\]"):
        interactive.learning_curve(curve([0.1, 0.2]))
