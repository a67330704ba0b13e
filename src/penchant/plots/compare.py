"""Comparison of two tuning results, such as a published one and a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from penchant._boundary import checked
from penchant.errors import SettingsError
from penchant.plots import style
from penchant.plots.curves import traces
from penchant.plots.grids import heat_map, map_limits
from penchant.plots.importances import importances
from penchant.plots.shapes import TuningResultLike, ranked_trials, varying_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@checked
def compare_tuning(
    a: TuningResultLike, b: TuningResultLike, *, names: tuple[str, str] = ("first", "second")
) -> Figure:
    """Plot the traces of two tuning results, and their heat maps over the same two settings.

    If both have the same metric, they share the scale of the traces and that of the colors. The
    settings are the two most important of ``a`` among those that vary in both.

    Parameters
    ----------
    a, b
        The tuning results.
    names
        Their titles.

    Raises
    ------
    SettingsError
        If ``names`` are not two.
    """
    if len(names) != 2:
        raise SettingsError(f"names must be two, one for each result, got {len(names)}")
    x, y = _common(a, b)
    same = a.metric == b.metric
    figure = style.new_figure(13, 8.4)
    axes = figure.subplots(2, 2, squeeze=False)
    if same:
        axes[0, 1].sharey(axes[0, 0])
    for column, (result, name) in enumerate(zip((a, b), names, strict=True)):
        traces(result, ax=axes[0, column])
        heat_map(
            result,
            x,
            y,
            limits=map_limits((a, b)) if same else None,
            ax=axes[1, column],
        )
        axes[0, column].set_title(style.words(name, 40), loc="left", **_TITLE)
    return figure


_TITLE = {"color": style.INK, "fontsize": 13, "fontweight": "bold"}


def _common(a: TuningResultLike, b: TuningResultLike) -> Sequence[str | None]:
    """Return two settings that vary in both, most important of ``a`` first, padded with None."""
    both = set(varying_settings(ranked_trials(a))) & set(varying_settings(ranked_trials(b)))
    names: list[str | None] = [name for name in importances(a) if name in both]
    return [*names, None, None][:2]
