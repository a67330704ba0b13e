"""Put rows of a later run into the tables of a page whose other rows are not measured again."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.quality import results
from benchmarks.quality.data import METRICS
from benchmarks.quality.results import MARKS, Row

_SUMMARY, _MISSING = "The best of each library", "Not measured"
_AUTO = 'tune, models="auto"'


def merge(page: Path, rows: Sequence[Row], note: str) -> None:
    """Replace the rows of a page that were measured again, and add those that are new.

    The summary changes for libraries whose rows of a data set are all new, since choosing by the
    validation part needs the file of results. Rows of :mod:`benchmarks.auto_selection` have no
    column of memory.

    Parameters
    ----------
    page
        Has the tables of :func:`results.tables` between its marks.
    rows
        The later results.
    note
        A line at the end, which tells what was merged.
    """
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(MARKS[0])
    old, after = rest.split(MARKS[1])
    head, *parts = re.split(r"^### (.*)\n", old, flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    measured = [*results.latest(rows), *filter(None, map(_of_auto, rows))]
    for name in dict.fromkeys(row["dataset"] for row in measured):
        own = [row for row in measured if row["dataset"] == name]
        added = _libraries(sections.get(name, "")) | {row["library"] for row in own}
        new = added - _libraries(sections.get(name, ""))
        sections[name] = _merged_table(sections.get(name, ""), own)
        for library in sorted(new):
            sections[_SUMMARY] = _with_best(sections[_SUMMARY], name, library, own)
    sections[_MISSING] = _merged_missing(sections.get(_MISSING, ""), rows)
    body = "".join(f"### {name}\n{section}" for name, section in sections.items())
    page.write_text(
        f"{before}{MARKS[0]}{head}{body.rstrip()}\n\n{note}\n\n{MARKS[1]}{after}", encoding="utf-8"
    )


def _of_auto(row: Row) -> Row | None:
    """Return a row of the quality of automatic selection as one of these tables."""
    if "metrics" not in row or "budget" not in row:
        return None
    return {
        "dataset": row["dataset"],
        "library": "penchant",
        "family": _AUTO,
        "settings": f"{row['budget'] / 60:g} min",
        "metrics": row["metrics"],
        "fit_cpu_seconds": row["cpu_seconds"],
        "memory": None,
        "trials": row["tried"],
    }


def _merged_table(section: str, rows: Sequence[Row]) -> str:
    """Return a table with rows replaced or added, the best first."""
    lines = {_key(line): line for line in section.splitlines() if line.startswith("| ")}
    fresh = results.table(rows)
    lines |= {_key(line): line for line in fresh if line.startswith("| ")}
    head = lines.pop(_key(fresh[0]))
    ranked = sorted(lines.values(), key=lambda line: -float(_cells(line)[3].split()[0]))
    return "\n".join(["", head, fresh[1], *ranked, "", ""])


def _with_best(section: str, dataset: str, library: str, rows: Sequence[Row]) -> str:
    """Return the summary with the best row of a library on a data set."""
    lines = [_cells(line) for line in section.splitlines() if "|" in line]
    label = f"{library}, {METRICS[0]}"
    if label not in lines[0]:
        lines = [[*cells, filler] for cells, filler in zip(lines, _fillers(label), strict=False)]
    for cells in lines:
        if cells[0] == dataset:
            own = [row for row in rows if row["library"] == library]
            cells[lines[0].index(label)] = results.best_cell(own)
    text = ["| " + " | ".join(cells) + " |" for cells in lines]
    text[1] = "|" + "---|" * len(lines[0])
    return "\n".join(["", *text, "", ""])


def _fillers(label: str) -> Iterator[str]:
    """Yield the cells of a new column: its heading, the rule, and dashes."""
    yield label
    yield "---"
    yield from itertools.repeat("–")


def _merged_missing(section: str, rows: Sequence[Row]) -> str:
    """Return the list of jobs without all rows: those of the later run by its own ends."""
    ended = {
        f"- {row['dataset']}, {row['library']}, {row['family']}: "
        for row in rows
        if results.is_end(row)
    }
    lines = [line for line in section.splitlines() if not line.startswith(tuple(ended))]
    listed = [line for line in lines if line.startswith("- ")]
    others = [line for line in lines if line and not line.startswith("- ")]
    return "\n".join(["", *listed, *results.missing(rows), "", *others, ""])


def _libraries(section: str) -> set[str]:
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return {_cells(line)[0] for line in lines[1:]}


def _key(line: str) -> tuple[str, ...]:
    return tuple(_cells(line)[:3])


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if "|" in line else []
