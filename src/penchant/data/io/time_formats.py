"""The formats that dates such as 03/11/2025 may be written in."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DATE = re.compile(
    r"\s*(\d{1,4})([/.-])(\d{1,2})\2(\d{4}|\d{1,2})"
    r"(?:([T ])(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?( ?[AaPp][Mm])?\s*"
)


def suggest(cells: Iterable[str]) -> tuple[str, ...]:
    """Return the formats of strptime that fit all of some texts, the likeliest first.

    They are empty if the texts are no dates, and two where days and months can't be told apart.
    """
    fitting: list[set[str]] = []
    ordered: list[str] = []
    for cell in cells:
        formats = list(_formats(cell))
        ordered += [fmt for fmt in formats if fmt not in ordered]
        fitting.append(set(formats))
    if not fitting:
        return ()
    common = set.intersection(*fitting)
    return tuple(fmt for fmt in ordered if fmt in common)


def _formats(cell: str) -> Iterable[str]:
    match = _DATE.fullmatch(cell)
    if match is None:
        return
    first, sep, second, third, gap, hour, _, seconds, fraction, half = match.groups()
    clock = ""
    if hour:
        clock = gap + ("%I" if half else "%H") + ":%M" + (":%S" if seconds else "")
        clock += ".%f" if fraction else ""
        clock += half.replace(half.strip(), "%p") if half else ""
    if len(first) == 4:
        orders = [(("%Y", first), ("%m", second), ("%d", third))]
    else:
        year = "%Y" if len(third) == 4 else "%y"
        orders = [
            (("%d", first), ("%m", second), (year, third)),
            (("%m", first), ("%d", second), (year, third)),
        ]
    for order in orders:
        parts = dict(order)
        if 1 <= int(parts["%m"]) <= 12 and 1 <= int(parts["%d"]) <= 31:
            yield sep.join(code for code, _ in order) + clock
