"""Quality against training time, and its Pareto front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from penchant._boundary import checked
from penchant.plots import style
from penchant.plots.shapes import TrialLike, TuningResultLike, ranked_trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MIN_DISTANCE = 0.035  # of labels, as a share of the axes; closer ones would overlap


@checked
def front(result: TuningResultLike) -> list[TrialLike]:
    """Return the Pareto front: trials such that no other is as fast and better; fastest first."""
    best: list[TrialLike] = []
    # of equally good trials only the fastest, which comes first, is on the front
    for trial in sorted(_timed(result), key=lambda item: (seconds_of(item), _cost(result, item))):
        if not best or _cost(result, trial) < _cost(result, best[-1]):
            best.append(trial)
    return best


@checked
def pareto(result: TuningResultLike, *, ax: Axes | None = None) -> Axes:
    """Plot quality against training time, with the trial numbers of the Pareto front.

    The time is that up to the trial's best epoch, which is the time to train such a model.

    Parameters
    ----------
    result
        The tuning result.
    ax
        The axes to draw on; None: those of a new figure.
    """
    ax = style.axes_or_new(ax, 6.4, 4.2)
    name = style.arrow(result.metric, result.better)
    style.name_axes(
        ax, "Quality against training time", "training time to the best epoch (s)", name
    )
    trials, best = _timed(result), front(result)
    if not trials:
        return style.empty_axes(ax, "no trial has a training time")
    rest = [trial for trial in trials if trial not in best]
    ax.scatter(
        [seconds_of(trial) for trial in rest],
        [trial.value for trial in rest],
        s=22,
        color=style.TEST,
        alpha=0.45,
        linewidths=0,
        label="trials",
    )
    ax.plot(
        [seconds_of(trial) for trial in best],
        [trial.value for trial in best],
        color=style.FRONT,
        marker="D",
        markersize=5.5,
        linewidth=1.2,
        drawstyle="steps-post",
        label="Pareto front (with trial numbers)",
        zorder=3,
    )
    times = [seconds_of(trial) for trial in trials]
    if min(times) > 0 and max(times) / min(times) > 20:
        _use_log_scale(ax)
    ax.margins(0.09)
    _label_front(ax, best, result.better)
    style.legend(ax)
    return ax


def seconds_of(trial: TrialLike) -> float:
    """Return the training time up to the best epoch; of the whole trial if that isn't known."""
    seconds = [row.seconds for row in trial.curve.rows if row.epoch == trial.best_epoch]
    return seconds[0] if seconds and math.isfinite(seconds[0]) else trial.seconds


def _use_log_scale(ax: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())


def _timed(result: TuningResultLike) -> list[TrialLike]:
    return [trial for trial in ranked_trials(result) if math.isfinite(seconds_of(trial))]


def _cost(result: TuningResultLike, trial: TrialLike) -> float:
    return -trial.value if result.better == "higher" else trial.value


def _label_front(ax: Axes, trials: Sequence[TrialLike], better: str) -> None:
    """Write trial numbers on the side of the front that is empty by definition."""
    higher = better == "higher"
    ax.autoscale_view()  # positions depend on the limits, which matplotlib sets lazily
    labeled: list[tuple[float, float]] = []
    # the best first, then the fastest: these keep their labels where room is short
    for trial in [trials[-1], *trials[:-1]]:
        data = ax.transData.transform((seconds_of(trial), trial.value))
        x, y = ax.transAxes.inverted().transform(data)
        close = (_MIN_DISTANCE * 1.6, _MIN_DISTANCE * 1.3)
        if any(abs(x - u) < close[0] and abs(y - v) < close[1] for u, v in labeled):
            continue
        labeled.append((x, y))
        ax.annotate(
            f"{trial.number}",
            (seconds_of(trial), trial.value),
            xytext=(-4, 4 if higher else -4),
            textcoords="offset points",
            ha="right",
            va="bottom" if higher else "top",
            color=style.INK,
            fontsize=9,
        )
