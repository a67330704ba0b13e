"""Interactive plots for a browser: plotly figures of learning curves and tuning results.

Hovering over a line shows its trial and settings. Save a figure with ``figure.write_html(path)``:
the page contains plotly (about 5 MB) and needs no server.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from penchant._boundary import checked
from penchant.errors import SettingsError, require
from penchant.plots import style
from penchant.plots.curves import best_row, fading, measured, points
from penchant.plots.shapes import (
    CurveLike,
    Part,
    TrialLike,
    TuningResultLike,
    distinct,
    is_number,
    ranked_trials,
    varying_settings,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["learning_curve", "settings", "traces"]

_COLORS = {"test": style.TEST, "train": style.TRAIN}
_DASHES = {"test": "solid", "train": "dash"}


@checked
def learning_curve(curve: CurveLike, *, metrics: Sequence[str] | None = None) -> Figure:
    """Plot train and test metrics by epoch, one panel for each metric, the best epoch marked.

    Parameters
    ----------
    curve
        The learning curve.
    metrics
        The metrics to plot; None: all of the curve.

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
            figure.add_scatter(
                **_coordinates(points(curve.rows, name, part)),
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


@checked
def traces(result: TuningResultLike, *, metric: str | None = None, part: Part = "test") -> Figure:
    """Plot the curves of all trials, fading by rank; hovering shows their settings.

    Parameters
    ----------
    result
        The tuning result; its trials are ranked by its own metric, whatever is plotted.
    metric
        The metric to plot; None: the metric of the result.
    part
        ``"test"`` or ``"train"``.

    Raises
    ------
    MissingExtraError
        If plotly is not installed.
    """
    name = result.metric if metric is None else metric
    trials = [trial for trial in ranked_trials(result) if points(trial.curve.rows, name, part)]
    figure = _new()
    colors = fading(len(trials))
    for rank in reversed(range(len(trials))):  # better lines are drawn above
        trial, (red, green, blue, alpha) = trials[rank], colors[rank]
        line = points(trial.curve.rows, name, part)
        figure.add_scatter(
            **_coordinates(line),
            mode="lines" if len(line) > 1 else "markers",
            line={
                "color": f"rgba({red * 255:.0f},{green * 255:.0f},{blue * 255:.0f},{alpha:.2f})",
                "width": 1.2 if rank else 3,
            },
            text=[f"{_hover_text(trial)}<br>epoch {epoch}: {value:.5g}" for epoch, value in line],
            hoverinfo="text",
            showlegend=False,
        )
    figure.update_layout(xaxis_title="epoch", yaxis_title=escape(f"{name} on {part}"))
    return _dressed(figure, hovermode="closest")


@checked
def settings(result: TuningResultLike) -> Figure:
    """Plot all trials in parallel coordinates: settings and value; drag over an axis to filter.

    Raises
    ------
    SettingsError
        If no trial has a value.
    MissingExtraError
        If plotly is not installed.
    """
    trials = ranked_trials(result)
    if not trials:
        raise SettingsError("no trial of this result has a value to plot")
    figure = _new()
    values = [trial.value for trial in trials]
    figure.add_parcoords(
        dimensions=[
            *(_dimension(trials, name) for name in varying_settings(trials)),
            {"label": escape(result.metric), "values": values},
        ],
        line={
            "color": values,
            "colorscale": style.SCALE,
            "reversescale": result.better == "lower",
            "showscale": True,
        },
    )
    return _dressed(figure)


def _dimension(trials: Sequence[TrialLike], name: str) -> dict[str, Any]:
    """Return a setting as an axis: linear, logarithmic or, for other values, categorical."""
    different = distinct(trials, name)
    values = [trial.settings.get(name) for trial in trials]
    label = escape(style.words(name))
    if not all(map(is_number, different)):
        texts = [escape(style.words(style.setting(value))) for value in different]
        places = [different.index(value) for value in values]
        return {"label": label, "values": places, **_ticks(range(len(different)), texts)}
    numbers = np.array(values, dtype=np.float64)
    low, high = different[0], different[-1]
    if low <= 0 or high / low < 20:
        return {"label": label, "values": numbers}
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    texts = [style.setting(10.0**decade) for decade in decades]
    return {"label": label, "values": np.log10(numbers), **_ticks(decades, texts)}


def _ticks(places: Sequence[int], texts: Sequence[str]) -> dict[str, Any]:
    return {"tickvals": list(places), "ticktext": list(texts)}


def _hover_text(trial: TrialLike) -> str:
    """Return the number and the settings of a trial, one per line."""
    lines = [
        f"trial {trial.number}",
        *(f"{name} = {style.setting(value)}" for name, value in trial.settings.items()),
    ]
    return "<br>".join(escape(style.words(line, 60)) for line in lines)


def _coordinates(line: Sequence[tuple[int, float]]) -> dict[str, list[float]]:
    return {"x": [epoch for epoch, _ in line], "y": [value for _, value in line]}


def _new() -> Figure:
    figure: Figure = require(
        "plotly.graph_objects", extra="plot", what="Interactive plots"
    ).Figure()
    return figure


def _dressed(figure: Figure, **more: Any) -> Figure:
    """Apply the shared style."""
    figure.update_layout(template="plotly_white", font_color=style.INK, **more)
    return figure
