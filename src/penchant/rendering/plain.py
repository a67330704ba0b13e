"""Plain text that is safe to print, aligned in columns for all scripts."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

# Characters that move the cursor, change the writing direction or can't be encoded: control
# characters, line and paragraph separators, bidi embeddings and isolates, surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain(value: object) -> str:
    r"""Return a text with unsafe characters escaped.

    A newline becomes ``\n``, a right-to-left override ``\u202e``; all else is unchanged.
    """
    return _UNSAFE.sub(lambda match: _escape(match[0]), str(value))


def _escape(character: str) -> str:
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def size(n_bytes: int) -> str:
    """Format a number of bytes: ``4.2 MB``."""
    value, units = float(n_bytes), ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:,.0f} {units[0]}" if units[0] == "bytes" else f"{value:,.1f} {units[0]}"


def width(text: str) -> int:
    """Return the columns of a text in a terminal: two for wide characters, none for combining."""
    return len(text) if text.isascii() else sum(map(_n_columns, text))


def _n_columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, limit: int) -> str:
    """Cut a text, with an ellipsis, to a number of columns."""
    if width(text) <= limit:
        return text
    kept, used = [], 0
    for character in text:
        used += _n_columns(character)
        if used > limit - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[int] = (),
    limit: int = 40,
) -> str:
    """Return rows of texts as aligned columns.

    Parameters
    ----------
    head
        The names of the columns.
    rows
        The entries; unsafe characters are escaped.
    right
        The numbers of the columns that are flush right.
    limit
        The greatest width of a column.
    """
    cells = [[shorten(plain(cell), limit) for cell in row] for row in [head, *rows]]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    flush = set(right)

    def line(row: list[str]) -> str:
        parts = []
        for at, cell in enumerate(row):
            space = " " * (widths[at] - width(cell))
            parts.append(space + cell if at in flush else cell + space)
        return "  ".join(parts).rstrip()

    return "\n".join(map(line, cells))


def ruled(text: str) -> list[str]:
    """Return the lines of a table with a rule below its head."""
    head, *rows = text.splitlines()
    return [head, "─" * max(map(width, (head, *rows))), *rows]


def figure(value: float) -> str:
    """Return the value of a metric with four decimals, or a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.4f}"


def decimals(values: Iterable[float]) -> int:
    """Return the decimals to show numbers with: ``0.0123``, ``0.981``, ``1.000``, ``123.4``."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return 3
    power = math.floor(math.log10(largest))
    return min(8, max(0, 3 - power if power >= 0 else 2 - power))


def more(hidden: int, what: str) -> str:
    """Return the last line of a shortened list: ``… and 1,234 more users``; or an empty text."""
    if hidden <= 0:
        return ""
    return f"… and {hidden:,} more {what}" + ("s" if hidden > 1 else "")
