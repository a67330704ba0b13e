"""Progress names the file, the model and the time left, on one line of the terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from tests.cli.terminal import in_terminal

from penchant.cli.bars import bar


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_bar_shows_the_time_left_on_one_line(width: int) -> None:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True)
    now = iter(range(0, 10_000, 5))
    shown = bar(console)
    shown.get_time = lambda: float(next(now))
    task = shown.add_task("fitting als to orders[1]", total=None, note="")
    console.print(shown)
    assert "left" not in file.getvalue()
    for epoch in range(1, 5):
        shown.update(task, completed=epoch, total=50, note=f"epoch {epoch} of 50, loss 123,456")
    file.truncate(0)
    console.print(shown)
    text = file.getvalue().strip("\n\0")
    assert "\n" not in text
    assert "about 3 min" in text or "about 4 min" in text or "about 5 min" in text
    assert "fitting als" in text
    assert "[1]" in text


def test_a_command_shows_what_it_does(log_file: Path, tmp_path: Path) -> None:
    shown = in_terminal(
        *("fit", log_file, "-y", "--iterations", 40, "--evaluate", "-o", tmp_path / "m.penchant"),
        COLUMNS="100",
    )
    assert shown.code == 0, shown.text
    for text in ("reading plays.csv (", "fitting als to plays", "measuring als on plays"):
        assert text in shown.text
