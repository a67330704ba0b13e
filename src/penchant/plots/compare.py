"""Two searches side by side: a published one and one's own, or two models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from penchant.errors import SettingsError
from penchant.plots import style
from penchant.plots.curves import traces
from penchant.plots.grids import heat_map, map_limits
from penchant.plots.importances import importances
from penchant.plots.shapes import Search, ranked, varied

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def compare_searches(
    a: Search, b: Search, *, names: tuple[str, str] = ("first", "second")
) -> Figure:
    """The traces of two searches, and their heat maps over the same two settings.

    If both have the same metric, they share the scale of the traces and that of the colors. The
    settings are the two that matter most in ``a`` among those that both varied.

    Parameters
    ----------
    a, b
        The searches.
    names
        What to call them.

    Raises
    ------
    SettingsError
        If ``names`` are not two.
    """
    if len(names) != 2:
        raise SettingsError(f"names must be two, one for each search, got {len(names)}")
    x, y = _common(a, b)
    same = a.metric == b.metric
    figure = style.new_figure(13, 8.4)
    axes = figure.subplots(2, 2, squeeze=False)
    if same:
        axes[0, 1].sharey(axes[0, 0])
    for column, (search, name) in enumerate(zip((a, b), names, strict=True)):
        traces(search, ax=axes[0, column])
        heat_map(
            search,
            x,
            y,
            limits=map_limits((a, b)) if same else None,
            ax=axes[1, column],
        )
        axes[0, column].set_title(style.words(name, 40), loc="left", **_TITLE)
    return figure


_TITLE = {"color": style.INK, "fontsize": 13, "fontweight": "bold"}


def _common(a: Search, b: Search) -> Sequence[str | None]:
    """Two settings that both varied, the weightiest in the first; None for one that is lacking."""
    both = set(varied(ranked(a))) & set(varied(ranked(b)))
    names: list[str | None] = [name for name in importances(a) if name in both]
    return [*names, None, None][:2]
