"""Plain text: safe to print, aligned in columns whatever the script."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

# What would move the cursor, turn the direction of what follows, or can't be encoded at all:
# control characters, line and paragraph separators, bidi embeddings and isolates, surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain(value: object) -> str:
    r"""Text from outside as it may be shown: what could act on the page or terminal as an escape.

    A newline becomes ``\n``, a right-to-left override ``\u202e``; all else stays as it is.
    """
    return _UNSAFE.sub(lambda found: _escape(found[0]), str(value))


def _escape(character: str) -> str:
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def width(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, limit: int) -> str:
    """A text cut, with an ellipsis, to a number of columns."""
    if width(text) <= limit:
        return text
    kept, used = [], 0
    for character in text:
        used += _cells(character)
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
    """Rows of texts as aligned columns.

    Parameters
    ----------
    head
        The names of the columns.
    rows
        Their entries; texts from outside are made safe here.
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


def decimals(values: Iterable[float]) -> int:
    """How many decimals to show some numbers with: ``0.0123``, ``0.981``, ``1.000``, ``123.4``."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return 3
    power = math.floor(math.log10(largest))
    return min(8, max(0, 3 - power if power >= 0 else 2 - power))


def more(hidden: int, what: str) -> str:
    """The line that ends what was cut: ``… and 1,234 more users``; empty if nothing was."""
    if hidden <= 0:
        return ""
    return f"… and {hidden:,} more {what}" + ("s" if hidden > 1 else "")
