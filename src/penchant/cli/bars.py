"""A progress bar that shows the time left, in terminals of any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from penchant.cli.durations import duration

if TYPE_CHECKING:
    from rich.console import Console

_NARROW, _WIDE = 10, 30
_WIDE_TERMINAL = 100
_NOTED_TERMINAL = 80
"""Columns of a terminal that shows notes too, such as the epoch and the loss."""
_TIME = len("about 10 min 10 s left")
_GAPS = 3


class _Time(ProgressColumn):
    """The time that is left; the time spent while the total is not known."""

    def render(self, task: Task) -> Text:
        """Return the time in words."""
        left = None if task.total is None else task.time_remaining
        if left is not None and not task.finished:
            return Text(f"about {duration(left)} left")
        return Text(duration(task.elapsed or 0.0))


def bar(console: Console) -> Progress:
    """Return a progress bar for a console: label, bar, time and note on one line."""
    bar_width = _WIDE if console.width >= _WIDE_TERMINAL else _NARROW
    rest = max(console.width - bar_width - _TIME - _GAPS, 1)
    label = rest if console.width < _NOTED_TERMINAL else rest * 2 // 3
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False, table_column=_column(label)),
        BarColumn(bar_width=bar_width),
        _Time(table_column=_column(_TIME)),
    ]
    if rest > label:
        note = _column(rest - label)
        columns.append(
            TextColumn("{task.fields[note]}", style="dim", markup=False, table_column=note)
        )
    return Progress(*columns, console=console, transient=True)


def _column(width: int) -> Column:
    return Column(no_wrap=True, overflow="ellipsis", max_width=width)
