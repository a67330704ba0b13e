"""Shared style of all plots: plain axes on white, colors safe for color blindness and grayscale.

Nothing here touches pyplot or the global settings of matplotlib.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from penchant.errors import require
from penchant.rendering.plain import plain, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

INK, SOFT, PALE, RULE, PAPER = "#1c1f26", "#5c6370", "#c9c5bd", "#e4e1db", "#ffffff"
TEST, TRAIN, FRONT = "#0072b2", "#d55e00", "#d55e00"
"""Blue and vermilion of the palette of Okabe and Ito; they also differ in lightness."""
SCALE = "viridis"
"""The color map: perceptually uniform, from dark to light."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, which a notebook shows; sizes in inches.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require("matplotlib.figure", extra="plot", what="Plots")
    from penchant.plots.notebook import NotebookFigure

    return NotebookFigure(figsize=(width, height), dpi=110, layout="constrained", facecolor=PAPER)


def axes_or_new(ax: Axes | None, width: float = 6.4, height: float = 4.2) -> Axes:
    """Return ``ax``, or the axes of a new figure, in the shared style.

    New axes show their figure at the end of a notebook's cell, in the place of a text.
    """
    if ax is None:
        figure = new_figure(width, height)
        from penchant.plots.notebook import NotebookAxes

        ax = figure.add_subplot(axes_class=NotebookAxes)
    dress(ax)
    return ax


def dress(ax: Axes) -> None:
    """Apply the shared style: thin grid below the data, no box, gray labels."""
    ax.set_facecolor(PAPER)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(SOFT)
        ax.spines[side].set_linewidth(0.8)
    ax.tick_params(colors=SOFT, labelsize=9, labelcolor=SOFT)
    ax.grid(visible=True, color=RULE, linewidth=0.7)
    ax.set_axisbelow(True)


def name_axes(ax: Axes, title: str = "", x: str = "", y: str = "") -> None:
    """Set title and labels; the texts are shown literally."""
    ax.set_title(words(title, 90), loc="left", color=INK, fontsize=11, fontweight="bold", pad=10)
    ax.set_xlabel(words(x, 60), color=INK, fontsize=10)
    ax.set_ylabel(words(y, 60), color=INK, fontsize=10)


def figure_of(ax: Axes) -> Figure:
    """Return the root figure of some axes."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def dress_bar(bar: Colorbar, label: str) -> None:
    """Apply the shared style to a color bar."""
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=SOFT, labelsize=9, length=0)
    bar.ax.set_ylabel(words(label, 60), color=INK, fontsize=9)


def legend(ax: Axes, *, whole_figure: bool = False) -> None:
    """Draw the legend of some axes below them, or below the whole figure."""
    handles, labels = ax.get_legend_handles_labels()
    look: dict[str, Any] = {
        "ncols": 4,
        "frameon": False,
        "fontsize": 9,
        "labelcolor": INK,
        "handlelength": 2.4,
    }
    if whole_figure:
        figure_of(ax).legend(handles, labels, loc="outside lower center", **look)
    elif handles:
        ax.legend(loc="upper left", bbox_to_anchor=(-0.01, -0.16), borderaxespad=0, **look)


def empty_axes(ax: Axes, message: str) -> Axes:
    """Show a message on empty axes."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_color(RULE)
    ax.text(
        0.5, 0.5, words(message, 80), transform=ax.transAxes, ha="center", va="center", color=SOFT
    )
    return ax


def words(value: object, limit: int = 24) -> str:
    """Return a text for a plot: without formulas and control characters, shortened."""
    # an escaped dollar sign is shown as it is, and begins no formula
    return shorten(plain(value), limit).replace("$", r"\$")


def setting(value: object) -> str:
    """Return a short form of a setting's value: ``0.1``, ``1e-5``, ``none``."""
    if value is None:
        return "none"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e6:  # so that 1000.0 reads like 1000
            return str(int(value))
        small = 0 < abs(value) < 1e-3
        mantissa, _, power = (f"{value:.2e}" if small else f"{value:.3g}").partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if power else mantissa
        return f"{mantissa}e{int(power)}" if power else mantissa
    if isinstance(value, list | tuple):
        return ", ".join(map(setting, value))
    return str(value)


def arrow(metric: str, better: str) -> str:
    """Return a metric with its direction: ``ndcg@10 (higher is better)``."""
    return f"{metric} ({better} is better)"


def to_svg(figure: Figure) -> bytes:
    """Return the figure as reproducible SVG: without date and random ids."""
    import matplotlib

    file = io.BytesIO()
    # both are restored afterwards; letters that the font lacks become boxes without a warning
    with matplotlib.rc_context({"svg.hashsalt": "penchant"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()
