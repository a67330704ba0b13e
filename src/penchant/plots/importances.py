"""Importance of settings: the share of the metric's variance that each explains alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant.plots import style
from penchant.plots.shapes import (
    TrialLike,
    TuningResultLike,
    distinct,
    is_number,
    ranked_trials,
    varying_settings,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REST = "interactions and chance"
_MAX_GROUPS = 8  # more numbers than these are put into groups of equal size
_MAX_BARS = 15


@checked
def importances(result: TuningResultLike) -> dict[str, float]:
    """Return the share of the metric's variance over trials that each setting explains alone.

    This is ε² of a one-way analysis of variance with the setting as factor (Kelley 1935): η², the
    variance of the group means as a share of the total, corrected for chance. On a full grid the
    remainder is due to interactions of settings. A setting with more than 8 different numbers is
    cut into 8 groups of similar size.

    With few or random trials, settings that are correlated by chance are both credited, and the
    shares may add up to more than 1.

    The shares refer to the values that were tried: a setting varied over a narrow range gets a
    small share.

    Parameters
    ----------
    result
        The tuning result; its complete trials are used.

    Returns
    -------
    dict[str, float]
        Setting → share, from 0 to 1, largest first, of the settings that vary. Empty if there are
        too few complete trials.
    """
    # pruned trials ended early, so their values do not measure their settings
    trials = [trial for trial in ranked_trials(result) if trial.state == "complete"]
    values = np.array([trial.value for trial in trials])
    shares = {name: _share(values, _groups(trials, name)) for name in varying_settings(trials)}
    defined = [(name, share) for name, share in shares.items() if not math.isnan(share)]
    return dict(sorted(defined, key=lambda pair: -pair[1]))


@checked
def importance(result: TuningResultLike, *, ax: Axes | None = None) -> Axes:
    """Plot the importance of settings as bars; see :func:`importances` for the measure.

    Parameters
    ----------
    result
        The tuning result.
    ax
        The axes to draw on; None: those of a new figure.
    """
    shares = importances(result)
    bars = dict(list(shares.items())[:_MAX_BARS])
    ax = style.axes_or_new(ax, 6.4, 1.5 + 0.42 * (len(bars) + 1))
    style.name_axes(ax, "Importance of settings", f"share of the variance of {result.metric} (ε²)")
    if not bars:
        return style.empty_axes(ax, "too few trials with different settings")
    names, sizes = [style.words(name) for name in bars], list(bars.values())
    colors = [style.TEST] * len(bars)
    if (rest := 1 - sum(shares.values())) > 0:  # shares overlap where few trials were drawn
        names, sizes, colors = [*names, _REST], [*sizes, rest], [*colors, style.PALE]
    drawn = ax.barh(range(len(sizes)), sizes, color=colors, height=0.62)
    ax.bar_label(drawn, [f"{size:.0%}" for size in sizes], padding=4, color=style.INK, fontsize=9)
    ax.set_yticks(range(len(sizes)), names)
    ax.set_xlim(0, max(sizes) * 1.12 or 1)
    ax.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def _groups(trials: Sequence[TrialLike], name: str) -> npt.NDArray[np.int64]:
    """Return the group of each trial: those with equal or, for many numbers, similar values."""
    different = distinct(trials, name)
    values = [trial.settings.get(name) for trial in trials]
    if len(different) <= _MAX_GROUPS or not all(map(is_number, different)):
        return np.array([different.index(value) for value in values], dtype=np.int64)
    numbers = np.array(values, dtype=np.float64)
    edges = np.quantile(numbers, np.linspace(0, 1, _MAX_GROUPS + 1)[1:-1])
    return np.searchsorted(edges, numbers, side="right").astype(np.int64)


def _share(values: npt.NDArray[np.float64], groups: npt.NDArray[np.int64]) -> float:
    """Return ε², clipped at 0; NaN if it is undefined."""
    labels, places, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n, n_groups = len(values), len(labels)
    total = float(((values - values.mean()) ** 2).sum())
    if n <= n_groups or np.ptp(values) == 0:
        return math.nan
    means = np.bincount(places, weights=values) / sizes
    within = float(((values - means[places]) ** 2).sum())
    return max(0.0, 1 - (within / (n - n_groups)) / (total / (n - 1)))
