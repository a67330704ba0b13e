"""The measurements of a server as the tables of docs/serving.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def tables(results: dict[str, Any]) -> str:
    """Return Markdown: the machine, times of start, throughput, and times of pages."""
    facts = results["machine"]
    where = (
        f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}, "
        f"{facts['date'][:10]}, commit {facts['commit']}; load of other work {facts['load']:.1f}"
    )
    parts = (
        where,
        _starts(results["models"]),
        _loads(results["models"]),
        _pages(results["models"]),
    )
    return "\n\n".join(parts)


def _table(head: str, rows: Iterator[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows])


def _starts(models: dict[str, Any]) -> str:
    rows = (
        f"| {name}, {model['shape']} | {_first(model['start_seconds'], 1):.2f} s "
        f"| {_first(model['start_seconds'], 2):.2f} s |"
        for name, model in models.items()
    )
    return _table("| model | from command to answer, 1 process | 2 processes |", rows)


def _first(by_workers: dict[Any, float], workers: int) -> float:
    """Convert the names of JSON, which are texts."""
    return by_workers[workers] if workers in by_workers else by_workers[str(workers)]


def _loads(models: dict[str, Any]) -> str:
    rows = (
        f"| {name} | {kind} | {workers} | {figures['requests_per_second']:,.0f} "
        f"| {figures['p50_ms']:.1f} ms | {figures['p99_ms']:.1f} ms | {_errors(figures)} |"
        for name, model in models.items()
        for workers, kinds in model["load"].items()
        for kind, figures in kinds.items()
    )
    head = "| model | asked | processes | requests/s | half within | 99 % within | errors |"
    return _table(head, rows)


def _errors(figures: dict[str, Any]) -> str:
    """Return the number of errors with their kinds, which older files do not have."""
    kinds = ", ".join(f"{kind} {n}" for kind, n in figures.get("kinds_of_errors", {}).items())
    return f"{figures['errors']} ({kinds})" if kinds else f"{figures['errors']}"


def _pages(models: dict[str, Any]) -> str:
    rows = (
        f"| {name} | {page} | {figures['p50_ms']:.1f} ms | {figures['p99_ms']:.1f} ms |"
        for name, model in models.items()
        for page, figures in model["pages"].items()
    )
    return _table("| model | one visitor | half within | 99 % within |", rows)
