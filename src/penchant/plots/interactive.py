"""Pictures to point at in a browser: plotly figures of learning curves and searches.

Pointing at a line tells its trial and settings; lines can be picked, and axes dragged over. Save
one with ``figure.write_html(path)``: the page holds plotly itself, some 5 MB, and asks no server.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from penchant.errors import SettingsError, require
from penchant.plots import style
from penchant.plots.curves import best_row, fading, measured, points
from penchant.plots.shapes import Curve, Part, Search, Trial, distinct, is_number, ranked, varied

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLORS = {"test": style.TEST, "train": style.TRAIN}
_DASHES = {"test": "solid", "train": "dash"}


def learning_curve(curve: Curve, *, metrics: Sequence[str] | None = None) -> Figure:
    """Train and test figures by epoch, a panel for each metric, the best epoch marked.

    Parameters
    ----------
    curve
        What was measured.
    metrics
        Those to draw; None: all of the curve's.

    Raises
    ------
    SettingsError
        If a metric was not measured.
    MissingExtraError
        If plotly is not installed.
    """
    names = measured(curve, metrics)
    make = require("plotly.subplots", extra="plot", what="Interactive plots")
    figure = make.make_subplots(1, len(names), subplot_titles=[escape(name) for name in names])
    for column, name in enumerate(names, 1):
        for part in _COLORS:
            found = points(curve.rows, name, part)
            figure.add_scatter(
                **_coordinates(found),
                name=part,
                mode="lines+markers",
                line={"color": _COLORS[part], "dash": _DASHES[part]},
                legendgroup=part,
                showlegend=column == 1,
                row=1,
                col=column,
            )
        best = best_row(curve, name)
        if best is not None:
            figure.add_vline(
                best.epoch, line={"color": style.SOFT, "dash": "dot"}, row=1, col=column
            )
    figure.update_xaxes(title_text="epoch")
    return _dressed(figure, hovermode="x unified")


def traces(search: Search, *, metric: str | None = None, part: Part = "test") -> Figure:
    """The curves of all trials, fading by rank; pointing at one tells its settings.

    Parameters
    ----------
    search
        Its trials are ranked by its own metric, whatever is drawn.
    metric
        What to draw; None: the metric of the search.
    part
        ``"test"`` or ``"train"``.

    Raises
    ------
    MissingExtraError
        If plotly is not installed.
    """
    name = search.metric if metric is None else metric
    trials = [one for one in ranked(search) if points(one.curve.rows, name, part)]
    figure = _new()
    colors = fading(len(trials))
    for rank in reversed(range(len(trials))):  # so that the better lie above
        one, (red, green, blue, alpha) = trials[rank], colors[rank]
        found = points(one.curve.rows, name, part)
        figure.add_scatter(
            **_coordinates(found),
            mode="lines" if len(found) > 1 else "markers",
            line={
                "color": f"rgba({red * 255:.0f},{green * 255:.0f},{blue * 255:.0f},{alpha:.2f})",
                "width": 1.2 if rank else 3,
            },
            text=[f"{_told(one)}<br>epoch {epoch}: {value:.5g}" for epoch, value in found],
            hoverinfo="text",
            showlegend=False,
        )
    figure.update_layout(xaxis_title="epoch", yaxis_title=escape(f"{name} on {part}"))
    return _dressed(figure, hovermode="closest")


def settings(search: Search) -> Figure:
    """All trials as lines across their settings to their figure: drag over an axis to pick some.

    Raises
    ------
    SettingsError
        If no trial has a figure.
    MissingExtraError
        If plotly is not installed.
    """
    trials = ranked(search)
    if not trials:
        raise SettingsError("no trial of this search has a figure to draw")
    figure = _new()
    values = [one.value for one in trials]
    figure.add_parcoords(
        dimensions=[
            *(_dimension(trials, name) for name in varied(trials)),
            {"label": escape(search.metric), "values": values},
        ],
        line={
            "color": values,
            "colorscale": style.SCALE,
            "reversescale": search.better == "lower",
            "showscale": True,
        },
    )
    return _dressed(figure)


def _dimension(trials: Sequence[Trial], name: str) -> dict[str, Any]:
    """A setting as an axis: a number as it is or by its logarithm, else the values in a row."""
    kinds = distinct(trials, name)
    values = [one.settings.get(name) for one in trials]
    label = escape(style.words(name))
    if not all(map(is_number, kinds)):
        told = [escape(style.words(style.setting(kind))) for kind in kinds]
        places = [kinds.index(value) for value in values]
        return {"label": label, "values": places, **_ticks(range(len(kinds)), told)}
    numbers = np.array(values, dtype=np.float64)
    if kinds[0] <= 0 or kinds[-1] / kinds[0] < 20:
        return {"label": label, "values": numbers}
    decades = range(math.floor(math.log10(kinds[0])), math.ceil(math.log10(kinds[-1])) + 1)
    told = [style.setting(10.0**one) for one in decades]
    return {"label": label, "values": np.log10(numbers), **_ticks(decades, told)}


def _ticks(places: Sequence[int], told: Sequence[str]) -> dict[str, Any]:
    return {"tickvals": list(places), "ticktext": list(told)}


def _told(trial: Trial) -> str:
    """A trial in lines: what pointing at it tells."""
    lines = [
        f"trial {trial.number}",
        *(f"{name} = {style.setting(one)}" for name, one in trial.settings.items()),
    ]
    return "<br>".join(escape(style.words(one, 60)) for one in lines)


def _coordinates(found: Sequence[tuple[int, float]]) -> dict[str, list[float]]:
    return {"x": [epoch for epoch, _ in found], "y": [value for _, value in found]}


def _new() -> Figure:
    figure: Figure = require(
        "plotly.graph_objects", extra="plot", what="Interactive plots"
    ).Figure()
    return figure


def _dressed(figure: Figure, **more: Any) -> Figure:
    """Quiet, as the other pictures are."""
    figure.update_layout(template="plotly_white", font_color=style.INK, **more)
    return figure
