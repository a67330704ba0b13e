"""The file of results, one JSON object a line, and the Markdown tables made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.data import METRICS

Row = dict[str, Any]
MARKS = "<!-- the tables -->", "<!-- the end of the tables -->"


def read(path: Path) -> list[Row]:
    """Return the rows of a file; a last line that was cut short is left out."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def append(path: Path, row: Row) -> None:
    """Write a row at the end of the file, on a line of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * cut + json.dumps(row) + "\n")


def key(row: Row) -> tuple[Any, ...]:
    """Return what a job is known by: a job that is done under its key is not repeated."""
    return tuple(row[name] for name in ("dataset", "library", "family", "trials_asked", "seed"))


def is_end(row: Row) -> bool:
    """Return whether a row says that a job is done."""
    return "status" in row


def latest(rows: Iterable[Row]) -> list[Row]:
    """Return the measured rows, of repeated ones the last.

    A row of a family whose only trial was that of the defaults is not a tuned one, and left out.
    """
    measured = {
        (row["dataset"], row["library"], row["family"], row["settings"]): row
        for row in rows
        if "metrics" in row
        and "family" in row
        and (row["settings"] == "defaults" or row["trials"] > 1)
    }
    return list(measured.values())


def best_families(rows: Iterable[Row], dataset: str, n: int) -> dict[str, Any]:
    """Return the n best families of penchant on the validation part: kind → settings."""
    best: dict[str, Row] = {}
    for row in latest(rows):
        if row["dataset"] == dataset and row["library"] == "penchant" and row["family"] != "blend":
            best[row["family"]] = max(row, best.get(row["family"], row), key=_validation)
    ranked = sorted(best.values(), key=_validation, reverse=True)
    return {row["family"]: row["chosen"] for row in ranked[:n]}


def _validation(row: Row) -> float:
    return float(row["validation"])


# --- tables -------------------------------------------------------------------------------


def tables(rows: Sequence[Row]) -> str:
    """Return a summary, a table for each data set, and what is missing, as Markdown."""
    measured = latest(rows)
    names = list(dict.fromkeys(row["dataset"] for row in measured))
    parts = ["### The best of each library", "", *_summary(measured, names)]
    for name in names:
        parts += ["", f"### {name}", "", *table([r for r in measured if r["dataset"] == name])]
    absent = missing(rows)
    if absent:
        parts += ["", "### Not measured", "", *absent]
    return "\n".join([*parts, "", *_facts(rows)])


def _summary(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """Return the best tuned row of each library on each data set, chosen on validation."""
    libraries = list(dict.fromkeys(row["library"] for row in rows))
    lines = _head(["data set", *(f"{library}, {METRICS[0]}" for library in libraries)])
    for name in names:
        cells = []
        for library in libraries:
            own = [r for r in rows if (r["dataset"], r["library"]) == (name, library)]
            cells.append(best_cell(own))
        lines.append(_line([name, *cells]))
    return lines


def best_cell(rows: Sequence[Row]) -> str:
    """Return the figure of the row that is best on the validation part, with its name."""
    row = max(rows, key=_validation, default=None)
    if row is None:
        return "–"
    return f"{row['metrics'][METRICS[0]][0]:.4f} ({row['family']}, {row['settings']})"


def table(rows: Sequence[Row]) -> list[str]:
    """Return the table of a data set, the best row on the test part first."""
    head = ["library", "family", "settings", *METRICS, "fit, CPU s", "memory, MB", "trials"]
    lines = _head(head)
    for row in sorted(rows, key=lambda each: -each["metrics"][METRICS[0]][0]):
        first, low, high = row["metrics"][METRICS[0]]
        trials = "–" if row["settings"] == "defaults" else f"{row['trials']}"
        if row.get("failures"):
            trials += f" ({len(row['failures'])} failed)"
        cells = [
            row["library"],
            row["family"],
            row["settings"],
            f"{first:.4f} ({low:.4f} to {high:.4f})",
            *(f"{row['metrics'][name][0]:.4f}" for name in METRICS[1:]),
            f"{row['fit_cpu_seconds']:.2f}",
            "–" if row["memory"] is None else f"{row['memory'] / 1e6:.0f}",
            trials,
        ]
        lines.append(_line(cells))
    return lines


def missing(rows: Sequence[Row]) -> list[str]:
    """Return a line for each job that gave no row, or not both, by its last end."""
    ends = {key(row): row for row in rows if is_end(row)}
    return [
        f"- {row['dataset']}, {row['library']}, {row['family']}: {row['status']}"
        for row in ends.values()
        if row["status"] != "done"
    ]


def _facts(rows: Sequence[Row]) -> list[str]:
    runs = [row for row in rows if "machine" in row]
    if not runs:
        return []
    last = runs[-1]["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in last["versions"].items() if number)
    trials = sorted({row["trials_asked"] for row in rows if "trials_asked" in row})
    return [
        f"Trials asked for: {', '.join(map(str, trials))}, within {runs[-1]['limit']:.0f} CPU "
        f"seconds for a family on a data set. {last['processor']}, {last['cores']} "
        f"cores, {last['threads']} threads; load average {last['load']:.1f} at the start; "
        f"{last['date'][:10]}, commit {last['commit']}. {versions}."
    ]


def _head(cells: Sequence[str]) -> list[str]:
    return [_line(cells), "|" + "---|" * len(cells)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def put(page: Path, text: str) -> None:
    """Write tables between the marks of a page."""
    block = f"{MARKS[0]}\n\n{text}\n\n{MARKS[1]}"
    old = page.read_text(encoding="utf-8")
    if MARKS[0] not in old or MARKS[1] not in old:
        raise SystemExit(f"{page} has no marks {MARKS[0]} and {MARKS[1]}")
    new = re.sub(f"{MARKS[0]}.*{MARKS[1]}", lambda _: block, old, flags=re.DOTALL)
    page.write_text(new, encoding="utf-8")
