"""Figures by epoch: the learning curve of one training, and those of a whole result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penchant._boundary import checked
from penchant.errors import PenchantError, SettingsError
from penchant.plots import style
from penchant.plots.shapes import (
    CurveLike,
    CurveRowLike,
    Part,
    TrialLike,
    TuningResultLike,
    ranked_trials,
)
from penchant.rendering.plain import decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FAR = 3.0  # train and test get separate axes if their distance exceeds this many ranges
_LINES: dict[str, dict[str, Any]] = {
    "test": {"color": style.TEST, "linestyle": "-", "marker": "o"},
    "train": {"color": style.TRAIN, "linestyle": (0, (5, 2)), "marker": "s"},
}


@checked
def learning_curve(
    curve: CurveLike,
    *,
    metrics: Sequence[str] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Plot train and test metrics by epoch, one panel for each metric, the best epoch marked.

    If train and test are so far apart that a common axis would flatten both, the panel has two
    strips, each with its own scale.

    Parameters
    ----------
    curve
        The learning curve.
    metrics
        The metrics to plot; None: all of the curve.
    ax
        The axes to draw on, one for each metric; None: a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure of the axes.

    Raises
    ------
    SettingsError
        If a metric was not measured, or there are too few axes.
    MissingExtraError
        If matplotlib is not installed.
    """
    names = measured(curve, metrics)
    panels = _new_panels(curve, names) if ax is None else _given_panels(ax, len(names))
    for name, panel in zip(names, panels, strict=True):
        _draw_panel(curve, name, panel)
    together = [panel["test"] for panel in panels if panel["test"] is panel["train"]]
    if together:
        style.legend(together[0], whole_figure=ax is None)
    return style.figure_of(panels[0]["test"])


@checked
def traces(
    result: TuningResultLike,
    *,
    metric: str | None = None,
    part: Part = "test",
    ax: Axes | None = None,
) -> Axes:
    """Plot the curves of all trials, from dark (the best) to light (the last) by rank.

    The plot of the articles. Pruned trials end where they were stopped.

    Parameters
    ----------
    result
        The tuning result; its trials are ranked by its own metric, whatever is plotted.
    metric
        The metric to plot; None: the metric of the result.
    part
        ``"test"`` or ``"train"``.
    ax
        The axes to draw on; None: those of a new figure.
    """
    name = result.metric if metric is None else metric
    trials = [trial for trial in ranked_trials(result) if points(trial.curve.rows, name, part)]
    ax = style.axes_or_new(ax, 6.8, 4.2)
    style.name_axes(ax, f"{_count(len(trials))}, by rank", "epoch", f"{name} on {part}")
    if not trials:
        return style.empty_axes(ax, f"no trial has a {name} on {part}")
    _draw_ranked(ax, [points(trial.curve.rows, name, part) for trial in trials])
    _mark_best(ax, trials[0], name, part)
    _whole_epochs(ax)
    return ax


def measured(curve: CurveLike, metrics: Sequence[str] | None) -> list[str]:
    """Return the metrics to plot; None: all that were measured.

    Raises
    ------
    SettingsError
        If one was not measured, or there is none.
    """
    names = list(curve.metrics if metrics is None else metrics)
    if not names:
        raise SettingsError("a learning curve needs a metric to plot, and there is none")
    for name in names:
        if name not in curve.metrics:
            listed = ", ".join(curve.metrics) or "none"
            raise SettingsError(f"{name!r} was not measured; these were: {listed}")
    return names


# --- one learning curve ------------------------------------------------------------------

_Panel = dict[str, "Axes"]  # "test" and "train" → the axes they are drawn on: often the same


def _given_panels(ax: Axes | Sequence[Axes], n: int) -> list[_Panel]:
    axes = list(ax) if isinstance(ax, Iterable) else [ax]
    if len(axes) != n:
        raise SettingsError(f"ax must be axes for each of {n} metrics, got {len(axes)} of them")
    return [dict.fromkeys(_LINES, item) for item in axes]


def _new_panels(curve: CurveLike, names: Sequence[str]) -> list[_Panel]:
    figure = style.new_figure(4.6 * len(names) + 0.4, 4.2)
    grid = figure.add_gridspec(1, len(names))
    panels: list[_Panel] = []
    for at, name in enumerate(names):
        if _far_apart(curve, name):
            strips = grid[0, at].subgridspec(2, 1, hspace=0.08)
            upper = figure.add_subplot(strips[0])
            lower = figure.add_subplot(strips[1], sharex=upper)
            upper.tick_params(labelbottom=False)
            panels.append({"test": upper, "train": lower})
        else:
            panels.append(dict.fromkeys(_LINES, figure.add_subplot(grid[0, at])))
    return panels


def _far_apart(curve: CurveLike, metric: str) -> bool:
    test, train = ([y for _, y in points(curve.rows, metric, part)] for part in _LINES)
    if not test or not train:
        return False
    ranges = max(max(test) - min(test), max(train) - min(train))
    return max(min(train) - max(test), min(test) - max(train)) > _FAR * ranges


def _draw_panel(curve: CurveLike, metric: str, panel: _Panel) -> None:
    together = panel["test"] is panel["train"]
    for part in panel if not together else ("test",):
        style.dress(panel[part])
    for part, line in _LINES.items():
        if points(curve.rows, metric, part):
            # NaN at an epoch breaks the line
            pairs = [(row.epoch, _value(row, metric, part)) for row in curve.rows]
            label = part if together else "_" + part
            panel[part].plot(*zip(*pairs, strict=True), markersize=3.5, label=label, **line)
        elif not together or part == "test":
            style.empty_axes(panel[part], f"no {metric} on {part}")
    _label_panel(metric, panel, together)
    _mark_best_epoch(curve, metric, panel)
    _whole_epochs(panel["train"])


def _label_panel(metric: str, panel: _Panel, together: bool) -> None:
    style.name_axes(panel["test"], metric, y="" if together else "test")
    panel["train"].set_xlabel("epoch", color=style.INK, fontsize=10)
    if together:
        return
    panel["train"].set_ylabel("train")
    for part, line in _LINES.items():
        panel[part].yaxis.label.set_color(line["color"])


def _mark_best_epoch(curve: CurveLike, metric: str, panel: _Panel) -> None:
    best = best_row(curve, metric)
    if best is None:
        return
    for ax in dict.fromkeys(panel.values()):
        ax.axvline(best.epoch, color=style.SOFT, linewidth=1, linestyle=":", zorder=1)
    text = f"best {_short(best.test[metric])} at epoch {best.epoch}"
    panel["test"].set_title(text, loc="right", color=style.SOFT, fontsize=9)


# --- many learning curves ----------------------------------------------------------------

Line = list[tuple[int, float]]


def _draw_ranked(ax: Axes, lines: Sequence[Line]) -> None:
    """Draw lines, the best first; the last is drawn first, so that better lines lie above."""
    from matplotlib.collections import LineCollection

    colors = fading(len(lines))
    widths = [1.4, *(1.4 - 0.6 * at / len(lines) for at in range(1, len(lines)))]
    drawn = LineCollection(lines[::-1], colors=colors[::-1], linewidths=widths[::-1])
    drawn.set_capstyle("round")
    ax.add_collection(drawn)
    # the best once more, with a white border
    ax.plot(*zip(*lines[0], strict=True), color=style.PAPER, linewidth=5, zorder=3)
    ax.plot(*zip(*lines[0], strict=True), color=colors[0], linewidth=2.6, zorder=4)
    for line, color in zip(lines, colors, strict=True):
        if len(line) == 1:  # a model without epochs: a line of one point is invisible
            ax.plot(*line[0], "o", color=color, markersize=4)
    ax.autoscale_view()
    if len(lines) > 1:
        _rank_bar(ax, colors)


def fading(n: int) -> list[tuple[float, float, float, float]]:
    """Return n colors from dark and opaque to light and transparent."""
    from matplotlib import colormaps

    scale = colormaps[style.SCALE]
    faintest = max(0.2, 1 - 0.08 * n)  # few lines are distinguishable without fading
    colors = []
    for rank in range(n):
        place = rank / max(1, n - 1)
        red, green, blue, _ = scale(0.85 * place)  # lighter colors are hard to see on white
        colors.append((red, green, blue, 1 - (1 - faintest) * place**0.5))
    return colors


def _rank_bar(ax: Axes, colors: Sequence[tuple[float, float, float, float]]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    n = len(colors)
    scale = ScalarMappable(Normalize(0.5, n + 0.5), ListedColormap(list(colors)))
    bar = style.figure_of(ax).colorbar(scale, ax=ax, shrink=0.6, aspect=18, pad=0.02)
    bar.set_ticks(sorted({1, n, *(round(n * part) for part in (0.25, 0.5, 0.75))} - {0}))
    bar.ax.invert_yaxis()
    style.dress_bar(bar, "rank (1 is the best)")


def _mark_best(ax: Axes, best: TrialLike, metric: str, part: Part) -> None:
    """Mark the best epoch of the best trial, and name both above the plot."""
    at = [y for x, y in points(best.curve.rows, metric, part) if x == best.best_epoch]
    if not at:
        return
    ax.plot(best.best_epoch, at[0], "o", color=style.PAPER, markeredgecolor=style.INK, zorder=5)
    text = f"best: trial {best.number}, {_short(at[0])} at epoch {best.best_epoch}"
    ax.set_title(text, loc="right", color=style.SOFT, fontsize=9)


def _count(n: int) -> str:
    return f"{n:,} trial" + ("" if n == 1 else "s")


def best_row(curve: CurveLike, metric: str) -> CurveRowLike | None:
    """Return the best epoch; None if there is no value, or neither direction is better."""
    try:
        return curve.best(metric)
    except PenchantError:
        return None


# --- values ------------------------------------------------------------------------------


def _value(row: CurveRowLike, metric: str, part: str) -> float:
    """Return the value of a metric at an epoch; NaN if it is missing or infinite."""
    values: Mapping[str, float] = row.test if part == "test" else row.train
    value = float(values.get(metric, math.nan))
    return value if math.isfinite(value) else math.nan


def points(rows: Sequence[CurveRowLike], metric: str, part: str) -> Line:
    """Return pairs of epoch and value, without missing values."""
    pairs = [(row.epoch, _value(row, metric, part)) for row in rows]
    return [(epoch, value) for epoch, value in pairs if not math.isnan(value)]


def _short(value: float) -> str:
    return f"{value:.{decimals([value])}f}"


def _whole_epochs(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
