"""Plots in notebooks: the value of a cell is shown as a picture, once, and stays usable."""

from __future__ import annotations

import io

import pytest

pytest.importorskip("matplotlib")
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from tests.plots.results import grid

from penchant import plots

RESULT = grid()


def size_of(png: object) -> tuple[int, int]:
    assert isinstance(png, bytes)
    return Image.open(io.BytesIO(png)).size


@pytest.mark.parametrize(
    "plot", [plots.traces, plots.heat_map, plots.importance, plots.pareto], ids=lambda p: p.__name__
)
def test_axes_are_shown_as_their_figure(plot) -> None:
    ax = plot(RESULT)
    assert isinstance(ax, Axes)
    data, metadata = ax._repr_mimebundle_()
    shown = metadata["image/png"]
    width, height = size_of(data["image/png"])
    assert abs(width - 2 * shown["width"]) <= 2
    assert abs(height - 2 * shown["height"]) <= 2
    assert ax.set_title("mine") is not None


def test_a_figure_is_shown_and_is_unknown_to_pyplot() -> None:
    import matplotlib.pyplot as plt

    figure = plots.learning_curve(RESULT.trials[0].curve)
    assert isinstance(figure, Figure)
    assert figure._repr_mimebundle_()[0]["image/png"].startswith(b"\x89PNG")
    assert plt.get_fignums() == []  # else the notebook would show it a second time


def test_axes_of_the_caller_are_returned_as_they_are() -> None:
    ax = Figure().add_subplot()
    assert plots.traces(RESULT, ax=ax) is ax
    assert not hasattr(ax, "_repr_mimebundle_")
