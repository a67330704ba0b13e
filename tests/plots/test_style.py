from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from tests.plots.results import curve, grid

from penchant import plots
from penchant.errors import MissingExtraError
from penchant.plots import style

ROOT = Path(__file__).resolve().parents[2]


def test_plots_change_neither_pyplot_nor_settings() -> None:
    before = dict(mpl.rcParams)
    style.to_svg(style.figure_of(plots.traces(grid())))
    style.to_svg(plots.learning_curve(curve([0.1, 0.2])))
    assert dict(mpl.rcParams) == before
    code = (
        "import sys; from tests.plots.results import grid; from penchant import plots;"
        "plots.traces(grid()); print('matplotlib.pyplot' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert process.stdout.strip() == "False"


def test_files_are_reproducible() -> None:
    first, second = (style.to_svg(style.figure_of(plots.heat_map(grid()))) for _ in range(2))
    assert first == second


def test_without_matplotlib_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"penchant\[plot\]"):
        plots.traces(grid())


def test_letters_missing_in_the_font_do_not_warn() -> None:
    figure = style.new_figure(2, 2)
    figure.text(0.5, 0.5, style.words("好 🙂"))
    assert style.to_svg(figure).startswith(b"<?xml")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (0.0, "0"),
        (1e-5, "1e-5"),
        (0.00025, "2.5e-4"),
        (1234567.0, "1.23e6"),
        (50, "50"),
        (1000.0, "1000"),
        (float("inf"), "inf"),
        (True, "True"),
        (None, "none"),
        ((0.1, 0.02), "0.1, 0.02"),
        ("cg", "cg"),
    ],
)
def test_settings_are_shortened(value, text) -> None:
    assert style.setting(value) == text
