"""Heat map: the best value of the metric for each combination of two settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant.errors import SettingsError
from penchant.plots import style
from penchant.plots.importances import importances
from penchant.plots.shapes import (
    TrialLike,
    TuningResultLike,
    distinct,
    is_number,
    ranked_trials,
    varying_settings,
)
from penchant.rendering.plain import decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh

_MAX_VALUES = 12  # more numbers than these are put into bins
_BINS = 6
_MAX_LABELED = 120  # cells with their values written in


@dataclass(frozen=True)
class AxisBins:
    """The rows or columns of a heat map: the values of a setting, or bins of them.

    Attributes
    ----------
    name
        The setting; empty for none.
    labels
        One label for each row or column.
    places
        The row or column of each trial.
    """

    name: str
    labels: Sequence[str]
    places: Sequence[int]


@checked
def heat_map(
    result: TuningResultLike,
    x: str | None = None,
    y: str | None = None,
    *,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot the metric over two settings: each cell shows its best trial.

    Cells have equal size whatever the distance of their values. A setting with more than 12
    different numbers is put into bins, of equal width, or of equal ratio if it spans more than two
    powers of ten. Cells without a trial are hatched. The best cell has a frame.

    Parameters
    ----------
    result
        The tuning result.
    x, y
        The settings; None: the two most important, see :func:`importances`. If only one setting
        varies, the map is a single row.
    limits
        The values at both ends of the color scale; None: the smallest and the largest.
    ax
        The axes to draw on; None: those of a new figure.

    Raises
    ------
    SettingsError
        If a setting is not among those of the trials, or both are the same.
    """
    trials = ranked_trials(result)
    across, up = _axes_of(result, trials, x, y)
    ax = style.axes_or_new(
        ax, 2.2 + 0.8 * max(5, len(across.labels)), 1.6 + 0.55 * max(3, len(up.labels))
    )
    ax.grid(visible=False)
    name = style.arrow(result.metric, result.better)
    title = (
        f"Best {result.metric} by {' and '.join(axis.name for axis in (across, up) if axis.name)}"
    )
    style.name_axes(ax, title if across.name else f"Best {result.metric}", across.name, up.name)
    if not trials:
        return style.empty_axes(ax, "no trial has a value")
    grid = _best_of(trials, across, up)
    image = _draw(ax, grid, name, limits, result.better)
    _label_cells(ax, across, up)
    _write_figures(ax, grid, image)
    _frame(ax, across.places[0], up.places[0])
    return ax


def map_limits(results: Sequence[TuningResultLike]) -> tuple[float, float] | None:
    """Return the ends of a color scale for several results; None if no trial has a value."""
    values = [trial.value for result in results for trial in ranked_trials(result)]
    return (min(values), max(values)) if values else None


# --- rows and columns --------------------------------------------------------------------


def _axes_of(
    result: TuningResultLike, trials: Sequence[TrialLike], x: str | None, y: str | None
) -> tuple[AxisBins, AxisBins]:
    names = list(dict.fromkeys(name for trial in result.trials for name in trial.settings))
    for name in (x, y):
        if name is not None and name not in names:
            listed = ", ".join(names) or "none"
            raise SettingsError(f"{name!r} is no setting of these trials; there are: {listed}")
    if x is not None and x == y:
        raise SettingsError(f"x and y must be two settings, got {x!r} twice")
    by_importance = list(importances(result)) + names
    rest = [name for name in dict.fromkeys(by_importance) if name not in (x, y)]
    varying = varying_settings(trials)
    rest = [name for name in rest if name in varying] or rest[: 0 if x or y else 1]
    if x is None and rest:
        x = rest.pop(0)
    if y is None and rest:
        y = rest.pop(0)
    return axis_bins(trials, x), axis_bins(trials, y)


def axis_bins(trials: Sequence[TrialLike], name: str | None) -> AxisBins:
    """Return the rows or columns for a setting: one for each value, or bins of many numbers."""
    if name is None:
        return AxisBins("", [""], [0] * len(trials))
    values = [trial.settings.get(name) for trial in trials]
    different = distinct(trials, name)
    if len(different) <= _MAX_VALUES or not all(map(is_number, different)):
        labels = [style.words(style.setting(value), 20) for value in different]
        return AxisBins(name, labels, [different.index(value) for value in values])
    return _bins(name, np.array(values, dtype=np.float64))


def _bins(name: str, values: npt.NDArray[np.float64]) -> AxisBins:
    low, high = float(values.min()), float(values.max())
    if low > 0 and high / low > 100:
        edges = np.geomspace(low, high, _BINS + 1)
        ends = [style.setting(float(f"{edge:.2g}")) for edge in edges]
    else:
        edges = np.linspace(low, high, _BINS + 1)
        digits = max(0, 1 - math.floor(math.log10(edges[1] - edges[0])))
        ends = [f"{edge:.{digits}f}" for edge in edges]
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)
    labels = [f"{a}–{b}" for a, b in pairwise(ends)]
    return AxisBins(name, labels, places.tolist())


def _best_of(
    trials: Sequence[TrialLike], across: AxisBins, up: AxisBins
) -> npt.NDArray[np.float64]:
    """Return the best value of each cell, shape (rows, columns); NaN without a trial."""
    grid = np.full((len(up.labels), len(across.labels)), math.nan)
    # from the worst to the best, so that the best is written last
    for place in range(len(trials) - 1, -1, -1):
        grid[up.places[place], across.places[place]] = trials[place].value
    return grid


# --- drawing -----------------------------------------------------------------------------


def _draw(
    ax: Axes,
    grid: npt.NDArray[np.float64],
    label: str,
    limits: tuple[float, float] | None,
    better: str,
) -> QuadMesh:
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    low, high = limits or (float(np.nanmin(grid)), float(np.nanmax(grid)))
    room = 0.0 if high > low else abs(low) * 0.1 or 1.0  # a single value gets the middle color
    norm = Normalize(low - room, high + room)
    image = ax.pcolormesh(
        np.ma.masked_invalid(grid),
        cmap=style.SCALE if better == "higher" else f"{style.SCALE}_r",
        norm=norm,
        edgecolors=style.PAPER,
        linewidth=1.5,
    )
    for row, column in np.argwhere(np.isnan(grid)).tolist():
        ax.add_patch(
            Rectangle(
                (column, row), 1, 1, hatch="////", facecolor="#f4f2ee", edgecolor=style.PALE, lw=0
            )
        )
    style.dress_bar(style.figure_of(ax).colorbar(image, ax=ax, pad=0.02, aspect=18), label)
    return image


def _label_cells(ax: Axes, across: AxisBins, up: AxisBins) -> None:
    crowded = sum(map(len, across.labels)) > 60
    middles = [at + 0.5 for at in range(len(across.labels))]
    ax.set_xticks(middles, across.labels, rotation=30 if crowded else 0, rotation_mode="anchor")
    if crowded:
        for tick in ax.get_xticklabels():
            tick.set_horizontalalignment("right")
    ax.set_yticks([at + 0.5 for at in range(len(up.labels))], up.labels)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if not up.name:
        ax.set_yticks([])


def _write_figures(ax: Axes, grid: npt.NDArray[np.float64], image: QuadMesh) -> None:
    if grid.size > _MAX_LABELED:
        return
    digits = decimals(grid[~np.isnan(grid)].tolist())
    for (row, column), value in np.ndenumerate(grid):
        if math.isnan(value):
            continue
        red, green, blue, _ = np.asarray(image.cmap(image.norm(np.array([value]))))[0]
        light = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.2
        ax.text(
            column + 0.5,
            row + 0.5,
            f"{value:.{digits}f}",
            ha="center",
            va="center",
            fontsize=8.5,
            color=style.INK if light else style.PAPER,
        )


def _frame(ax: Axes, column: int, row: int) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(
        Rectangle(
            (column, row), 1, 1, fill=False, edgecolor=style.INK, linewidth=2.2, clip_on=False
        )
    )
