"""What commands print: tables for people, one JSON document for machines, progress on stderr."""

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

_WIDEST = 24  # of a column of figures, whose head may be long
_PIPED_WIDTH = 120  # of tables that go into a file or a pipe


class Output:
    """Where a command's results go.

    Parameters
    ----------
    as_json
        Whether a machine reads: stdout then holds one JSON document and nothing else.
    quiet
        Whether progress and advice are left out.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet
        self._people = None if as_json else _console(sys.stdout)

    def document(self, made: Any) -> None:
        """Print what machines read."""
        if self.as_json:
            from penchant.rendering.frames import to_json

            print(to_json(made, indent=2))

    def text(self, text: str = "", *, style: str | None = None) -> None:
        """Print lines for people; they are not taken as markup, nor broken."""
        if self._people is not None:
            self._people.print(_text(text, style), soft_wrap=True)

    def show(self, *tables: Any) -> None:
        """Print tables for people."""
        if self._people is not None:
            for table in tables:
                self._people.print(table)

    def advice(self, *lines: str) -> None:
        """Print what to type next, unless quiet."""
        if not self.quiet:
            for line in lines:
                self.text(line, style="dim")

    @contextlib.contextmanager
    def progress(self, label: str) -> Iterator[Update]:
        """A bar on stderr while something is going on; nothing where nobody watches.

        Yields a function to call with what is done, the whole (or None) and a word about it.
        """
        if not self.is_watched:
            yield _unseen
            return
        from rich import progress as bars

        columns = (
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.TimeElapsedColumn(),
            bars.TextColumn("{task.fields[note]}", style="dim", markup=False),
        )
        with bars.Progress(*columns, console=_console(sys.stderr), transient=True) as shown:
            task = shown.add_task(label, total=None, note="")
            yield lambda done, total, note: shown.update(
                task, completed=done, total=total, note=note
            )

    @property
    def is_watched(self) -> bool:
        """Whether somebody looks at stderr."""
        return not self.quiet and sys.stderr.isatty()

    @contextlib.contextmanager
    def live(self) -> Iterator[Callable[[Any], None]]:
        """Something on stderr that is drawn anew at each call; nothing where nobody watches."""
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
    """Rows as a table; texts are shown as they are, whatever they hold.

    Parameters
    ----------
    head
        The names of the columns.
    rows
        Their cells: rich's texts, or anything else.
    right
        The numbers of the columns that are flush right and never shortened.
    wrap
        The numbers of the columns whose long cells go on in the next line; in others they are
        shortened.
    """
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
    )
    flush, folded = set(right), set(wrap)
    cells = [[_text(cell) for cell in row] for row in rows]
    for at, name in enumerate(head):
        widest = max([len(name), *(row[at].cell_len for row in cells)])
        made.add_column(
            name,
            justify="right" if at in flush else "left",
            no_wrap=at not in folded,
            overflow="fold" if at in folded else "ellipsis",
            header_style="cyan",
            min_width=widest if at in flush and at not in folded else None,
            max_width=_WIDEST if at in flush else None,
        )
    for row in cells:
        made.add_row(*row)
    return made


def answers(found: Recommendations) -> list[Any]:
    """A title and a table for each query, with an empty line in between."""
    rows = list(found)
    named = found.answer_kind == "item" and "names" in _fields(found.catalog)
    shown: list[Any] = []
    spans = itertools.pairwise(found.offsets.tolist())
    for at, (query, (begin, end)) in enumerate(zip(found.queries, spans, strict=True)):
        theirs = rows[begin:end]
        title = _title(found, query) + (f", by {found.sources[at]}" if found.sources else "")
        if shown:
            shown.append(_text(""))
        if not theirs:
            shown.append(_text(f"{title}: nothing is left to offer", "bold"))
            continue
        digits = decimals(row.score for row in theirs)
        head = ["", found.answer_kind, *(["name"] if named else []), "score"]
        cells = [
            [row.rank, row.id, *([row.name] if named else []), f"{row.score:.{digits}f}"]
            for row in theirs
        ]
        shown.append(_text(title, "bold"))
        shown.append(table(head, cells, right=(0, len(head) - 1)))
    return shown


def beside(*tables: Table) -> Table:
    """Tables next to each other."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 4))
    grid.add_row(*tables)
    return grid


def reasons(found: Explanation, k: int) -> Table:
    """The k largest contributions to a score, what the others add, and the sum."""
    digits = decimals([found.score, *found.contributions.tolist()])
    parts = zip(found.names[:k], found.contributions.tolist(), found.shares.tolist(), strict=False)
    cells: list[Sequence[object]] = [
        [name, f"{added:+.{digits}f}", f"{share:.0%}"] for name, added, share in parts
    ]
    rest = found.contributions[k:]
    if len(rest):
        cells.append([f"… and {len(rest):,} more", f"{rest.sum():+.{digits}f}", ""])
    cells.append(["the score", f"{found.score:.{digits}f}", ""])
    return table(["because of", "adds", "share"], cells, right=(1, 2))


def evaluations(found: Mapping[str, Evaluation]) -> list[Any]:
    """Figures of models side by side, the best of each in bold, and how they were measured."""
    from rich.text import Text

    from penchant.evaluation.evaluate import compare

    compared = compare(found)
    rows = []
    for metric in compared.metrics:
        best = compared.best(metric) if len(found) > 1 else None
        cells = [
            Text(_with_margin(one, metric), style="bold green" if label == best else "")
            for label, one in found.items()
        ]
        rows.append([metric, *cells])
    right = range(1, len(found) + 1)
    first = next(iter(found.values()))
    told = f"{first.n_users:,} users measured"
    if first.n_left_out:
        told += f", {first.n_left_out:,} without relevant items"
    if first.intervals:
        told += f"; ± is half of the {first.settings['level']:.0%} interval"
    return [table(["", *found], rows, right=right, wrap=right), _text(told, "dim")]


def _with_margin(one: Evaluation, metric: str) -> str:
    """A mean and half of its interval: ``0.2268 ±0.0061``."""
    value = one.figures.get(metric)
    ends = one.intervals.get(metric)
    margin = "" if ends is None else f" ±{(ends[1] - ends[0]) / 2:.4f}"
    return number(value) + margin


def _fields(catalog: Catalog | None) -> list[str]:
    return [] if catalog is None else catalog.fields()


def _title(found: Recommendations, query: Id) -> str:
    if found.query_kind == "item":
        name = str(query) if found.catalog is None else found.catalog.name(query)
        return f"like {name}" + (f" ({query})" if name != str(query) else "")
    return f"for user {query}" if found.query_kind == "user" else "for someone who likes these"


def number(value: float | None, digits: int = 4) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def seconds(spent: float) -> str:
    """A time as people say it."""
    return f"{spent:.2f} s" if spent < 10 else f"{spent:.0f} s"


def duration(spent: float) -> str:
    """A long time as people say it: ``2 h 05 min``, ``3 min 10 s``, ``8 s``."""
    minutes, rest = divmod(round(spent), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def size(n_bytes: int) -> str:
    """A number of bytes as people say it."""
    value, units = float(n_bytes), ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:,.0f} {units[0]}" if units[0] == "bytes" else f"{value:,.1f} {units[0]}"


def _unseen(done: float, total: float | None, note: str) -> None:
    """Progress that nobody watches."""


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

    told = stream.isatty() or "COLUMNS" in os.environ
    width = None if told else _PIPED_WIDTH
    return Piped(file=stream, width=width, highlight=False, markup=False, emoji=False)
