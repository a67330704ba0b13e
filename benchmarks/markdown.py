"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def line(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(cells) + " |"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, with a line break at its end."""
    return "\n".join(map(line, [head, ["---"] * len(head), *rows])) + "\n"
