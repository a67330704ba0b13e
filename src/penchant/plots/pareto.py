"""Quality against training time, and the trials that nothing beats in both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from penchant.plots import style
from penchant.plots.shapes import Search, Trial, ranked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_APART = 0.035  # labels nearer than this part of the axes would lie on one another


def front(search: Search) -> list[Trial]:
    """The trials that no other is both as quick and better, the quickest first."""
    kept: list[Trial] = []
    # of equally good ones the quickest comes first and so stays alone
    for one in sorted(_timed(search), key=lambda trial: (seconds_of(trial), _cost(search, trial))):
        if not kept or _cost(search, one) < _cost(search, kept[-1]):
            kept.append(one)
    return kept


def pareto(search: Search, *, ax: Axes | None = None) -> Axes:
    """Quality against training time, the front marked by the numbers of its trials.

    The time is that up to the epoch of the trial's figure: what training such a model takes.

    Parameters
    ----------
    search
        What to draw.
    ax
        Axes to draw on; None: those of a new figure.
    """
    ax = style.axes_or_new(ax, 6.4, 4.2)
    name = style.arrow(search.metric, search.better)
    style.name_axes(
        ax, "Quality against training time", "training time to the best epoch (s)", name
    )
    trials, best = _timed(search), front(search)
    if not trials:
        return style.nothing(ax, "no trial has a training time")
    rest = [one for one in trials if one not in best]
    ax.scatter(
        [seconds_of(one) for one in rest],
        [one.value for one in rest],
        s=22,
        color=style.TEST,
        alpha=0.45,
        linewidths=0,
        label="trials",
    )
    ax.plot(
        [seconds_of(one) for one in best],
        [one.value for one in best],
        color=style.FRONT,
        marker="D",
        markersize=5.5,
        linewidth=1.2,
        drawstyle="steps-post",
        label="nothing is both quicker and better (numbers are trials)",
        zorder=3,
    )
    times = [seconds_of(one) for one in trials]
    if min(times) > 0 and max(times) / min(times) > 20:
        _by_factors(ax)
    ax.margins(0.09)
    _label_front(ax, best, search.better)
    style.legend(ax)
    return ax


def seconds_of(trial: Trial) -> float:
    """Training time up to the epoch of its figure; of the whole trial if that isn't known."""
    spent = [row.seconds for row in trial.curve.rows if row.epoch == trial.best_epoch]
    return spent[0] if spent and math.isfinite(spent[0]) else trial.seconds


def _by_factors(ax: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())


def _timed(search: Search) -> list[Trial]:
    return [one for one in ranked(search) if math.isfinite(seconds_of(one))]


def _cost(search: Search, trial: Trial) -> float:
    return -trial.value if search.better == "higher" else trial.value


def _label_front(ax: Axes, trials: Sequence[Trial], better: str) -> None:
    """Numbers on the empty side of the front, where by its nature there is no dot."""
    higher = better == "higher"
    ax.autoscale_view()  # limits are put off until drawing, and places depend on them
    taken: list[tuple[float, float]] = []
    # the best first, then the quickest: those are wanted most where room is short
    for one in [trials[-1], *trials[:-1]]:
        data = ax.transData.transform((seconds_of(one), one.value))
        x, y = ax.transAxes.inverted().transform(data)
        if any(abs(x - u) < _APART * 1.6 and abs(y - v) < _APART * 1.3 for u, v in taken):
            continue
        taken.append((x, y))
        ax.annotate(
            f"{one.number}",
            (seconds_of(one), one.value),
            xytext=(-4, 4 if higher else -4),
            textcoords="offset points",
            ha="right",
            va="bottom" if higher else "top",
            color=style.INK,
            fontsize=9,
        )
