"""Line charts as inline SVG, without scripts, in the colors of the page.

matplotlib is not used since it is an optional extra, and its SVG can't follow the dark mode of the
page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from penchant.rendering.markup import Markup
from penchant.rendering.templates import macros
from penchant.report.templating import environment

WIDTH, HEIGHT = 560, 300
_TOP, _RIGHT, _BOTTOM = 14, 16, 46
_LETTER = 7.4  # the width of a digit at the size of the labels


@dataclass(frozen=True)
class Series:
    """One line.

    Attributes
    ----------
    name
        Its name in the legend.
    x, y
        The points; non-finite ones are left out.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]

    @property
    def points(self) -> list[tuple[float, float]]:
        """The finite points."""
        pairs = zip(self.x, self.y, strict=True)
        return [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


@dataclass(frozen=True)
class Chart:
    """Lines over common axes.

    Attributes
    ----------
    title
        A short title.
    x_label, y_label
        The labels of the axes, with units.
    series
        The lines.
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]


@dataclass(frozen=True)
class _Axis:
    """Maps values to positions along one side of the chart."""

    ticks: list[float]
    begin: float
    end: float

    def at(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return round(self.begin + (value - low) / (high - low) * (self.end - self.begin), 2)


def draw(chart: Chart, number: int = 0) -> Markup:
    """Return the chart as SVG; ``number`` makes its ids unique on the page."""
    points = [point for series in chart.series for point in series.points]
    if not points:
        return macros().remark("no data")  # type: ignore[no-any-return]
    y_ticks = ticks([y for _, y in points], 5)
    x_ticks = ticks([x for x, _ in points], 8, whole=all(x == int(x) for x, _ in points))
    left = 34 + _LETTER * max(map(len, labels(y_ticks)))
    horizontal = _Axis(x_ticks, left, WIDTH - _RIGHT)
    vertical = _Axis(y_ticks, HEIGHT - _BOTTOM, _TOP)
    svg = (
        environment()
        .get_template("chart.html")
        .render(
            chart=chart,
            id=f"chart-{number}",
            description=describe(chart),
            width=WIDTH,
            height=HEIGHT,
            horizontal=horizontal,
            vertical=vertical,
            x_ticks=list(zip(x_ticks, labels(x_ticks), strict=True)),
            y_ticks=list(zip(y_ticks, labels(y_ticks), strict=True)),
            lines=[
                [(horizontal.at(x), vertical.at(y)) for x, y in series.points]
                for series in chart.series
            ],
        )
    )
    return Markup(svg)


def describe(chart: Chart) -> str:
    """Return a text description of the chart, for screen readers."""
    sentences = [f"{chart.y_label} by {chart.x_label}."]
    for series in chart.series:
        points = series.points
        if points:
            (x0, y0), (x1, y1) = points[0], points[-1]
            sentences.append(f"{series.name}: {y0:.6g} at {x0:g}, {y1:.6g} at {x1:g}.")
    return " ".join(sentences)


def ticks(values: Sequence[float], about: int, *, whole: bool = False) -> list[float]:
    """Return evenly spaced round numbers that enclose the values."""
    low, high = min(values), max(values)
    if high - low <= 1e-12 * max(abs(low), abs(high)):  # all equal: add a margin on both sides
        room = 1.0 if whole else abs(low) * 0.1 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * by for by in (1, 2, 5, 10) if power * by >= rough * 0.999)
    step = max(1.0, step) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def labels(at: Sequence[float]) -> list[str]:
    """Return ticks as text, with as many decimals as their spacing needs."""
    step, largest = at[1] - at[0], max(map(abs, at))
    last_place = math.floor(math.log10(step) + 1e-9)
    if largest >= 1e9 or step < 1e-6:
        significant = max(3, math.floor(math.log10(largest)) - last_place + 1)
        return [f"{value:.{significant}g}" for value in at]
    digits = max(0, -last_place)
    return [f"{value:,.{digits}f}" for value in at]
