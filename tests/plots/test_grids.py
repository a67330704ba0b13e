from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle
from tests.plots.results import grid, trial, tuning_result

from penchant import plots
from penchant.errors import SettingsError


def shown(ax: Axes) -> list[list[float | None]]:
    (mesh,) = [item for item in ax.collections if isinstance(item, QuadMesh)]
    return np.ma.asarray(mesh.get_array()).tolist()


def ticks(ax: Axes) -> tuple[list[str], list[str]]:
    return (
        [item.get_text() for item in ax.get_xticklabels()],
        [item.get_text() for item in ax.get_yticklabels()],
    )


def test_each_cell_is_the_best_over_the_other_settings() -> None:
    ax = plots.heat_map(grid())
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "alpha",
        "factors",
    )  # the two most important settings
    assert ticks(ax) == (["1", "10", "100"], ["8", "16"])
    assert shown(ax) == [[0.115, 0.215, 0.165], [0.125, 0.225, 0.175]]
    assert [text.get_text() for text in ax.texts][:3] == ["0.115", "0.215", "0.165"]
    (frame,) = [item for item in ax.patches if isinstance(item, Rectangle) and not item.get_fill()]
    assert frame.get_xy() == (1, 1)


def test_settings_can_be_named() -> None:
    ax = plots.heat_map(grid(), x="regularization", y="alpha")
    assert ticks(ax) == (["0.1", "1"], ["1", "10", "100"])
    assert plots.heat_map(grid(), y="alpha").get_xlabel() == "factors"
    with pytest.raises(SettingsError, match="'beta' is no setting of these trials"):
        plots.heat_map(grid(), x="beta")
    with pytest.raises(SettingsError, match="two settings"):
        plots.heat_map(grid(), x="alpha", y="alpha")


def test_cells_without_a_trial_are_hatched() -> None:
    full = grid()
    ax = plots.heat_map(tuning_result(*(item for item in full.trials if item.number not in (6, 7))))
    assert shown(ax)[1][1] is None
    (hatched,) = [item for item in ax.patches if isinstance(item, Rectangle) and item.get_hatch()]
    assert hatched.get_xy() == (1, 1)
    assert len(ax.texts) == 5


def test_a_single_setting_is_a_row() -> None:
    ax = plots.heat_map(
        tuning_result(*(trial(at, {"alpha": 10**at}, 0.1 + at / 100) for at in range(4)))
    )
    assert ticks(ax) == (["1", "10", "100", "1000"], [])
    assert np.shape(shown(ax)) == (1, 4)
    assert ax.get_title("left") == "Best ndcg@10 by alpha"


def test_a_single_trial_is_a_cell() -> None:
    for settings in ({"alpha": 1}, {}):
        ax = plots.heat_map(tuning_result(trial(0, settings, 0.1)))
        assert shown(ax) == [[0.1]]
        ax.figure.canvas.draw()


def test_many_numbers_are_put_into_bins() -> None:
    rng = np.random.default_rng(0)
    alphas = 10 ** rng.uniform(-3, 1, size=40)
    rates = rng.uniform(0.5, 1.5, size=40)
    drawn = zip(alphas.tolist(), rates.tolist(), strict=True)
    trials = [trial(n, {"alpha": a, "rate": r}, a) for n, (a, r) in enumerate(drawn)]
    ax = plots.heat_map(tuning_result(*trials), x="alpha", y="rate")
    across, up = ticks(ax)
    assert len(across) == len(up) == 6
    lows = [float(item.partition("–")[0]) for item in across]
    factors = np.divide(lows[1:], lows[:-1])
    assert np.allclose(factors, factors[0], rtol=0.05)  # geometric spacing
    assert float(np.nanmax(np.array(shown(ax), dtype=float))) == max(alphas)
    even = np.diff([float(item.partition("–")[0]) for item in up])
    assert np.allclose(even, even[0], atol=0.02)


def test_lower_is_better_keeps_the_lowest() -> None:
    trials = [
        trial(at, {"alpha": at % 2}, value, metric="mse")
        for at, value in enumerate((0.4, 0.3, 0.2, 0.5))
    ]
    assert shown(plots.heat_map(tuning_result(*trials, metric="mse"))) == [[0.2, 0.3]]


def test_values_of_any_type_and_hostile_values() -> None:
    trials = [
        trial(at, {"kind": value, "$\\frac": at % 2}, 0.1 + at / 100)
        for at, value in enumerate(["$\\bad{", None, (0.1, 1e-5), True, "x" * 200, "\x00\u202e"])
    ]
    ax = plots.heat_map(tuning_result(*trials))
    ax.figure.canvas.draw()  # a formula would fail here
    labels = ticks(ax)[0] + ticks(ax)[1]
    assert "none" in labels
    assert "0.1, 1e-5" in labels
    assert max(map(len, labels)) <= 21


def test_a_message_is_shown_without_values() -> None:
    failed = [trial(at, {"alpha": at}, math.nan, state="failed") for at in range(3)]
    ax = plots.heat_map(tuning_result(*failed))
    assert ax.texts[0].get_text() == "no trial has a value"
    plots.heat_map(tuning_result()).figure.canvas.draw()
