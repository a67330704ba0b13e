from __future__ import annotations

import pytest
from tests.plots.results import grid, trial, tuning_result

from penchant import plots
from penchant.errors import SettingsError


def test_two_results_share_their_scales() -> None:
    ours = tuning_result(*(trial for trial in grid().trials if trial.settings["alpha"] != 1))
    figure = plots.compare_tuning(grid(), ours, names=("published", "ours"))
    upper = [ax for ax in figure.axes if ax.get_xlabel() == "epoch"]
    assert [ax.get_title("left") for ax in upper] == ["published", "ours"]
    assert upper[0].get_ylim() == upper[1].get_ylim()
    maps = [ax for ax in figure.axes if ax.get_xlabel() == "alpha"]
    assert [len(ax.get_xticklabels()) for ax in maps] == [3, 2]
    norms = [ax.collections[0].norm for ax in maps]
    assert (norms[0].vmin, norms[0].vmax) == (norms[1].vmin, norms[1].vmax) == (0.1105, 0.225)
    figure.canvas.draw()


def test_different_metrics_keep_their_scales() -> None:
    other = tuning_result(
        *(trial(at, {"neighbors": at}, 0.5 + at, metric="mse") for at in range(3)), metric="mse"
    )
    figure = plots.compare_tuning(grid(), other)
    assert {ax.get_xlabel() for ax in figure.axes} >= {"alpha", "neighbors"}
    figure.canvas.draw()
    plots.compare_tuning(tuning_result(), tuning_result()).canvas.draw()


def test_names_must_be_two() -> None:
    with pytest.raises(SettingsError, match="must be two"):
        plots.compare_tuning(grid(), grid(), names=("one",))  # type: ignore[arg-type]
