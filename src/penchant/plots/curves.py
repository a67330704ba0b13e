"""Figures by epoch: the learning curve of one training, and those of a whole search."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penchant.errors import PenchantError, SettingsError
from penchant.plots import style
from penchant.plots.shapes import Curve, Part, Row, Search, Trial, ranked
from penchant.rendering.plain import decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FAR = 3.0  # train and test farther apart than this many ranges of theirs are drawn apart
_LINES: dict[str, dict[str, Any]] = {
    "test": {"color": style.TEST, "linestyle": "-", "marker": "o"},
    "train": {"color": style.TRAIN, "linestyle": (0, (5, 2)), "marker": "s"},
}


def learning_curve(
    curve: Curve, *, metrics: Sequence[str] | None = None, ax: Axes | Sequence[Axes] | None = None
) -> Figure:
    """Train and test figures by epoch, a panel for each metric, the best epoch marked.

    Where train and test are so far apart that one axis would flatten both, the panel is two
    strips, each with its own scale.

    Parameters
    ----------
    curve
        What was measured.
    metrics
        Those to draw; None: all of the curve's.
    ax
        Axes to draw on, one for each metric; None: a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure drawn on.

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


def traces(
    search: Search, *, metric: str | None = None, part: Part = "test", ax: Axes | None = None
) -> Axes:
    """The curves of all trials, fading by rank: the best strong and dark, the last faint and light.

    The figure of the articles. Trials that were pruned end where they were stopped.

    Parameters
    ----------
    search
        Its trials are ranked by its own metric, whatever is drawn.
    metric
        What to draw; None: the metric of the search.
    part
        ``"test"`` or ``"train"``.
    ax
        Axes to draw on; None: those of a new figure.
    """
    name = search.metric if metric is None else metric
    trials = [one for one in ranked(search) if points(one.curve.rows, name, part)]
    ax = style.axes_or_new(ax, 6.8, 4.2)
    style.name_axes(ax, f"{_trainings(len(trials))}, by rank", "epoch", f"{name} on {part}")
    if not trials:
        return style.nothing(ax, f"no trial has a known {name} on {part}")
    _draw_ranked(ax, [points(one.curve.rows, name, part) for one in trials])
    _mark_best(ax, trials[0], name, part)
    _whole_epochs(ax)
    return ax


def measured(curve: Curve, metrics: Sequence[str] | None) -> list[str]:
    """The metrics to draw, all of which were measured.

    Raises
    ------
    SettingsError
        If one was not, or there is none.
    """
    names = list(curve.metrics if metrics is None else metrics)
    if not names:
        raise SettingsError("a learning curve needs a metric to draw, and there is none")
    for name in names:
        if name not in curve.metrics:
            known = ", ".join(curve.metrics) or "none"
            raise SettingsError(f"{name!r} was not measured; these were: {known}")
    return names


# --- one training ------------------------------------------------------------------------

_Panel = dict[str, "Axes"]  # "test" and "train" → the axes they are drawn on: often the same


def _given_panels(ax: Axes | Sequence[Axes], n: int) -> list[_Panel]:
    given = list(ax) if isinstance(ax, Iterable) else [ax]
    if len(given) != n:
        raise SettingsError(f"ax must be axes for each of {n} metrics, got {len(given)} of them")
    return [dict.fromkeys(_LINES, one) for one in given]


def _new_panels(curve: Curve, names: Sequence[str]) -> list[_Panel]:
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


def _far_apart(curve: Curve, metric: str) -> bool:
    test, train = ([y for _, y in points(curve.rows, metric, part)] for part in _LINES)
    if not test or not train:
        return False
    ranges = max(max(test) - min(test), max(train) - min(train))
    return max(min(train) - max(test), min(test) - max(train)) > _FAR * ranges


def _draw_panel(curve: Curve, metric: str, panel: _Panel) -> None:
    together = panel["test"] is panel["train"]
    for part in panel if not together else ("test",):
        style.dress(panel[part])
    for part, line in _LINES.items():
        if points(curve.rows, metric, part):
            # an epoch that diverged breaks the line, rather than being bridged
            whole = [(row.epoch, _figure(row, metric, part)) for row in curve.rows]
            label = part if together else "_" + part
            panel[part].plot(*zip(*whole, strict=True), markersize=3.5, label=label, **line)
        elif not together or part == "test":
            style.nothing(panel[part], f"no known {metric} on {part}")
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


def _mark_best_epoch(curve: Curve, metric: str, panel: _Panel) -> None:
    best = best_row(curve, metric)
    if best is None:
        return
    for ax in dict.fromkeys(panel.values()):
        ax.axvline(best.epoch, color=style.SOFT, linewidth=1, linestyle=":", zorder=1)
    text = f"best {_short(best.test[metric])} at epoch {best.epoch}"
    panel["test"].set_title(text, loc="right", color=style.SOFT, fontsize=9)


# --- many trainings ----------------------------------------------------------------------

Line = list[tuple[int, float]]


def _draw_ranked(ax: Axes, lines: Sequence[Line]) -> None:
    """Lines, the best first; drawn from the last, so that the better lie above."""
    from matplotlib.collections import LineCollection

    colors = fading(len(lines))
    widths = [1.4, *(1.4 - 0.6 * at / len(lines) for at in range(1, len(lines)))]
    drawn = LineCollection(lines[::-1], colors=colors[::-1], linewidths=widths[::-1])
    drawn.set_capstyle("round")
    ax.add_collection(drawn)
    # the best once more, set off from those right behind it
    ax.plot(*zip(*lines[0], strict=True), color=style.PAPER, linewidth=5, zorder=3)
    ax.plot(*zip(*lines[0], strict=True), color=colors[0], linewidth=2.6, zorder=4)
    for line, color in zip(lines, colors, strict=True):
        if len(line) == 1:  # a model without epochs: a line of one point can't be seen
            ax.plot(*line[0], "o", color=color, markersize=4)
    ax.autoscale_view()
    if len(lines) > 1:
        _rank_bar(ax, colors)


def fading(n: int) -> list[tuple[float, float, float, float]]:
    """Colors from dark and strong to light and faint."""
    from matplotlib import colormaps

    scale = colormaps[style.SCALE]
    faintest = max(0.2, 1 - 0.08 * n)  # few lines need no fading to be told apart
    colors = []
    for rank in range(n):
        place = rank / max(1, n - 1)
        red, green, blue, _ = scale(0.85 * place)  # what is lighter is lost on white
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


def _mark_best(ax: Axes, best: Trial, metric: str, part: Part) -> None:
    """A dot where the best trial has its figure, and a line of words above the picture."""
    at = [y for x, y in points(best.curve.rows, metric, part) if x == best.best_epoch]
    if not at:
        return
    ax.plot(best.best_epoch, at[0], "o", color=style.PAPER, markeredgecolor=style.INK, zorder=5)
    text = f"best: trial {best.number}, {_short(at[0])} at epoch {best.best_epoch}"
    ax.set_title(text, loc="right", color=style.SOFT, fontsize=9)


def _trainings(n: int) -> str:
    return f"{n:,} training" + ("" if n == 1 else "s")


def best_row(curve: Curve, metric: str) -> Row | None:
    """The epoch with the best figure; None if nothing is known, or neither end of it is better."""
    try:
        return curve.best(metric)
    except PenchantError:
        return None


# --- both --------------------------------------------------------------------------------


def _figure(row: Row, metric: str, part: str) -> float:
    """A figure of an epoch; NaN where it is not known."""
    figures: Mapping[str, float] = row.test if part == "test" else row.train
    value = float(figures.get(metric, math.nan))
    return value if math.isfinite(value) else math.nan


def points(rows: Sequence[Row], metric: str, part: str) -> Line:
    """Epochs and their figures, those that are not known left out."""
    pairs = [(row.epoch, _figure(row, metric, part)) for row in rows]
    return [(epoch, value) for epoch, value in pairs if not math.isnan(value)]


def _short(value: float) -> str:
    return f"{value:.{decimals([value])}f}"


def _whole_epochs(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
