"""What was measured of a server, as the tables of docs/serving.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def tables(told: dict[str, Any]) -> str:
    """Markdown: the machine, how soon servers start, what load they bear, how soon pages come."""
    facts = told["machine"]
    where = (
        f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}, "
        f"{facts['date'][:10]}, commit {facts['commit']}; load of other work {facts['load']:.1f}"
    )
    parts = (where, _starts(told["models"]), _loads(told["models"]), _pages(told["models"]))
    return "\n\n".join(parts)


def _table(head: str, rows: Iterator[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows])


def _starts(models: dict[str, Any]) -> str:
    rows = (
        f"| {name}, {one['shape']} | {_first(one['start_seconds'], 1):.2f} s "
        f"| {_first(one['start_seconds'], 2):.2f} s |"
        for name, one in models.items()
    )
    return _table("| model | from command to answer, 1 process | 2 processes |", rows)


def _first(by_workers: dict[Any, float], workers: int) -> float:
    """JSON's names are texts."""
    return by_workers[workers] if workers in by_workers else by_workers[str(workers)]


def _loads(models: dict[str, Any]) -> str:
    rows = (
        f"| {name} | {kind} | {workers} | {found['requests_per_second']:,.0f} "
        f"| {found['p50_ms']:.1f} ms | {found['p99_ms']:.1f} ms | {_errors(found)} |"
        for name, one in models.items()
        for workers, kinds in one["load"].items()
        for kind, found in kinds.items()
    )
    head = "| model | asked | processes | requests/s | half within | 99 % within | errors |"
    return _table(head, rows)


def _errors(found: dict[str, Any]) -> str:
    """How many, and which: files from before tell no kinds."""
    kinds = ", ".join(f"{kind} {n}" for kind, n in found.get("kinds_of_errors", {}).items())
    return f"{found['errors']} ({kinds})" if kinds else f"{found['errors']}"


def _pages(models: dict[str, Any]) -> str:
    rows = (
        f"| {name} | {page} | {found['p50_ms']:.1f} ms | {found['p99_ms']:.1f} ms |"
        for name, one in models.items()
        for page, found in one["pages"].items()
    )
    return _table("| model | one visitor | half within | 99 % within |", rows)
