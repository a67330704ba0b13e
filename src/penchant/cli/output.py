"""Print results: tables, or one JSON document for programs; progress on stderr."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from penchant.rendering.plain import decimals, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from penchant.data.catalog import Catalog
    from penchant.data.ids import Id
    from penchant.evaluation.evaluate import Evaluation
    from penchant.results import Explanation, Recommendations

Update = Callable[[float, "float | None", str], None]

_WIDEST = 24  # characters of a column of figures, whose heading may be long
_PIPED_WIDTH = 120  # characters of a line that goes into a file or a pipe


class Output:
    """The output of a command.

    Parameters
    ----------
    as_json
        Print one JSON document to stdout, and nothing else there.
    quiet
        Print no progress and no advice.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet
        self._console = None if as_json else _console(sys.stdout)

    def document(self, document: Any) -> None:
        """Print the JSON document, if one is wanted."""
        if self.as_json:
            from penchant.results.frames import to_json

            print(to_json(document, indent=2))

    def text(self, text: str = "", *, style: str | None = None) -> None:
        """Print lines as they are, without markup and line breaks; nothing with ``as_json``."""
        if self._console is not None:
            self._console.print(_text(text, style), soft_wrap=True)

    def show(self, *tables: Any) -> None:
        """Print tables; nothing with ``as_json``."""
        if self._console is not None:
            for table in tables:
                self._console.print(table)

    def advice(self, *lines: str) -> None:
        """Print commands to try next, unless quiet."""
        if not self.quiet:
            for line in lines:
                self.text(line, style="dim")

    @contextlib.contextmanager
    def progress(self, label: str) -> Iterator[Update]:
        """Show a progress bar on stderr during the block, if stderr is a terminal.

        The label says what is done with which file or model. While the total is known the bar
        shows the time that is left, before that the time spent.

        Yields a function to call with the amount completed, the total (or None) and a note.
        """
        if not self.is_watched:
            yield _show_nothing
            return
        from penchant.cli.bars import bar

        with bar(_console(sys.stderr)) as shown:
            task = shown.add_task(label, total=None, note="")
            yield lambda completed, total, note: shown.update(
                task, completed=completed, total=total, note=note
            )

    @property
    def is_watched(self) -> bool:
        """Whether progress is shown: stderr is a terminal, and the command is not quiet."""
        return not self.quiet and sys.stderr.isatty()

    @contextlib.contextmanager
    def live(self) -> Iterator[Callable[[Any], None]]:
        """Yield a function that replaces what is shown on stderr, if that is a terminal."""
        if not self.is_watched:
            yield lambda _: None
            return
        from rich.live import Live

        with Live(console=_console(sys.stderr), transient=True) as shown:
            yield shown.update


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Iterable[int] = (),
    wrap: Iterable[int] = (),
) -> Table:
    """Return rows as a table; texts are shown as they are, without markup.

    Parameters
    ----------
    head
        The names of the columns.
    rows
        The cells of each row: texts of rich, or other objects.
    right
        The indices of the columns that are aligned right and never shortened.
    wrap
        The indices of the columns whose long cells are wrapped; in other columns they are
        shortened.
    """
    from rich import box
    from rich.table import Table

    result = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
    )
    flush, folded = set(right), set(wrap)
    cells = [[_text(cell) for cell in row] for row in rows]
    for at, name in enumerate(head):
        widest = max([len(name), *(row[at].cell_len for row in cells)])
        result.add_column(
            name,
            justify="right" if at in flush else "left",
            no_wrap=at not in folded,
            overflow="fold" if at in folded else "ellipsis",
            header_style="cyan",
            min_width=widest if at in flush and at not in folded else None,
            max_width=_WIDEST if at in flush else None,
        )
    for row in cells:
        result.add_row(*row)
    return result


def answers(recommendations: Recommendations) -> list[Any]:
    """Return a title and a table for each query, with an empty line between queries."""
    rows = list(recommendations)
    kind, sources = recommendations.answer_kind, recommendations.sources
    named = kind == "item" and "names" in _fields(recommendations.catalog)
    shown: list[Any] = []
    spans = itertools.pairwise(recommendations.offsets.tolist())
    for at, (query, (begin, end)) in enumerate(zip(recommendations.queries, spans, strict=True)):
        answer = rows[begin:end]
        title = _title(recommendations, query) + (f", by {sources[at]}" if sources else "")
        if shown:
            shown.append(_text(""))
        if not answer:
            shown.append(_text(f"{title}: no items are left", "bold"))
            continue
        digits = decimals(row.score for row in answer)
        head = ["", kind, *(["name"] if named else []), "score"]
        cells = [
            [row.rank, row.id, *([row.name] if named else []), f"{row.score:.{digits}f}"]
            for row in answer
        ]
        shown.append(_text(title, "bold"))
        shown.append(table(head, cells, right=(0, len(head) - 1)))
    return shown


def beside(*tables: Table) -> Table:
    """Return tables side by side."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 4))
    grid.add_row(*tables)
    return grid


def reasons(explanation: Explanation, k: int) -> Table:
    """Return the k largest contributions to a score, the sum of the others, and the score."""
    contributions, shares = explanation.contributions.tolist(), explanation.shares.tolist()
    digits = decimals([explanation.score, *contributions])
    parts = zip(explanation.names[:k], contributions, shares, strict=False)
    cells: list[Sequence[object]] = [
        [name, f"{added:+.{digits}f}", f"{share:.0%}"] for name, added, share in parts
    ]
    rest = explanation.contributions[k:]
    if len(rest):
        cells.append([f"… and {len(rest):,} more", f"{rest.sum():+.{digits}f}", ""])
    cells.append(["the score", f"{explanation.score:.{digits}f}", ""])
    return table(["because of", "adds", "share"], cells, right=(1, 2))


def evaluations(results: Mapping[str, Evaluation]) -> list[Any]:
    """Return the metrics of models side by side, the best in bold, and how they were measured."""
    from rich.text import Text

    from penchant.evaluation.comparison import Comparison

    compared = Comparison(results)
    rows = []
    for metric in compared.metrics:
        best = compared.best(metric) if len(results) > 1 else None
        cells = [
            Text(_with_margin(result, metric), style="bold green" if label == best else "")
            for label, result in results.items()
        ]
        rows.append([metric, *cells])
    right = range(1, len(results) + 1)
    first = next(iter(results.values()))
    note = f"{first.n_users:,} users measured"
    if first.n_left_out:
        note += f", {first.n_left_out:,} without relevant items"
    if first.intervals:
        note += f"; ± is half of the {first.settings['level']:.0%} interval"
    return [table(["", *results], rows, right=right, wrap=right), _text(note, "dim")]


def _with_margin(result: Evaluation, metric: str) -> str:
    """Return a mean and half of its interval: ``0.2268 ±0.0061``."""
    value = result.figures.get(metric)
    ends = result.intervals.get(metric)
    margin = "" if ends is None else f" ±{(ends[1] - ends[0]) / 2:.4f}"
    return number(value) + margin


def _fields(catalog: Catalog | None) -> list[str]:
    return [] if catalog is None else catalog.fields()


def _title(recommendations: Recommendations, query: Id) -> str:
    kind, catalog = recommendations.query_kind, recommendations.catalog
    if kind == "item":
        name = str(query) if catalog is None else catalog.name(query)
        return f"similar to {name}" + (f" ({query})" if name != str(query) else "")
    return f"for user {query}" if kind == "user" else "for a new user"


def number(value: float | None, digits: int = 4) -> str:
    """Format a metric; a dash if it has no value."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def seconds(spent: float) -> str:
    """Format a duration in seconds: ``0.53 s``."""
    return f"{spent:.2f} s" if spent < 10 else f"{spent:.0f} s"


def _show_nothing(completed: float, total: float | None, note: str) -> None:
    """Do nothing: the update of a progress bar that is not shown."""


def _text(cell: object, style: str | None = None) -> Any:
    from rich.text import Text

    if isinstance(cell, Text):
        return cell
    lines = (plain(line) for line in str(cell).split("\n"))
    return Text("\n".join(lines), style=style or "")


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    class Piped(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    has_width = stream.isatty() or "COLUMNS" in os.environ
    width = None if has_width else _PIPED_WIDTH
    return Piped(file=stream, width=width, highlight=False, markup=False, emoji=False)
