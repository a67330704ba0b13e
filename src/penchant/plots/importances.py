"""How much each setting matters: the share of the metric's variance that it explains alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from penchant.plots import style
from penchant.plots.shapes import Search, Trial, distinct, is_number, ranked, varied

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REST = "together, and chance"
_MOST_VALUES = 8  # more numbers than these are put into groups of equal size
_MOST_BARS = 15


def importances(search: Search) -> dict[str, float]:
    """The share of the variance of the metric over trials that each setting explains alone.

    That is ε² of an analysis of variance with the setting as its only factor (Kelley, 1935): η²,
    the variance of the means over trials that share a value, as a part of the whole, less what
    chance alone would give it. On a full grid the rest is what settings do together.
    A setting of more than 8 different numbers is cut into 8 groups of like size.

    Where trials are few or drawn at random, settings that happened to go together both get the
    credit, and the shares may add up to more than the whole.

    It is told for the trials that were tried: a setting that was varied little matters little.

    Parameters
    ----------
    search
        Its complete trials are taken.

    Returns
    -------
    dict[str, float]
        Setting → share, from 0 to 1, the greatest first; settings that were not varied are left
        out. Empty if too few trials were completed to tell.
    """
    # the figures of pruned trials are of trainings cut short: no measure of their settings
    trials = [one for one in ranked(search) if one.state == "complete"]
    values = np.array([one.value for one in trials])
    shares = {name: _share(values, _groups(trials, name)) for name in varied(trials)}
    known = [(name, share) for name, share in shares.items() if not math.isnan(share)]
    return dict(sorted(known, key=lambda pair: -pair[1]))


def importance(search: Search, *, ax: Axes | None = None) -> Axes:
    """The settings by how much they matter, as bars; see :func:`importances` for the measure.

    Parameters
    ----------
    search
        What to draw.
    ax
        Axes to draw on; None: those of a new figure.
    """
    shares = importances(search)
    bars = dict(list(shares.items())[:_MOST_BARS])
    ax = style.axes_or_new(ax, 6.4, 1.5 + 0.42 * (len(bars) + 1))
    style.name_axes(ax, "Which settings matter", f"share of the variance of {search.metric} (ε²)")
    if not bars:
        return style.nothing(ax, "too few trials, or settings too much alike, to tell")
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


def _groups(trials: Sequence[Trial], name: str) -> npt.NDArray[np.int64]:
    """Which trials share a value, or have values close by."""
    kinds = distinct(trials, name)
    values = [one.settings.get(name) for one in trials]
    if len(kinds) <= _MOST_VALUES or not all(map(is_number, kinds)):
        return np.array([kinds.index(value) for value in values], dtype=np.int64)
    numbers = np.array(values, dtype=np.float64)
    edges = np.quantile(numbers, np.linspace(0, 1, _MOST_VALUES + 1)[1:-1])
    return np.searchsorted(edges, numbers, side="right").astype(np.int64)


def _share(values: npt.NDArray[np.float64], groups: npt.NDArray[np.int64]) -> float:
    """ε², not below 0; NaN where it can't be told."""
    kinds, places, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n, n_groups = len(values), len(kinds)
    whole = float(((values - values.mean()) ** 2).sum())
    if n <= n_groups or np.ptp(values) == 0:
        return math.nan
    means = np.bincount(places, weights=values) / sizes
    within = float(((values - means[places]) ** 2).sum())
    return max(0.0, 1 - (within / (n - n_groups)) / (whole / (n - 1)))
