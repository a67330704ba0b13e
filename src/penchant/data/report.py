"""Counts of what happened to every row of a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from penchant.errors import EmptyDataError

MERGED_AS = {
    "binary": "taken once",
    "sum": "summed",
    "max": "merged, the largest value kept",
    "last": "merged, the last value kept",
    "mean": "averaged",
    "error": "merged",
}


@dataclass(frozen=True)
class ReadReport:
    """Counts of what happened to every row of a source.

    ``rows`` is the sum of all other counts except ``blank``: see :meth:`unaccounted`.

    Attributes
    ----------
    source
        The source, its format and its columns.
    rows
        Rows read, without the header and blank lines.
    blank
        Blank lines.
    bad
        Rows that could not be parsed and were skipped.
    nameless
        Rows without a user or an item.
    valueless
        Rows with both, but without a value or (if timestamps are read) a timestamp.
    zeros
        Rows whose value is 0 as a float32.
    merged
        Rows of a (user, item) pair after its first.
    cancelled
        Pairs whose values were merged to 0, such as a like and a dislike.
    interactions
        Pairs that remain.
    policy
        The policy for rows of the same pair.
    bad_lines
        The first few bad rows: where, why and their text.
    columns
        What was assumed about columns, and which are not used, as lines of text.
    """

    source: str
    rows: int
    interactions: int
    blank: int = 0
    bad: int = 0
    nameless: int = 0
    valueless: int = 0
    zeros: int = 0
    merged: int = 0
    cancelled: int = 0
    policy: str = "sum"
    bad_lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def unaccounted(self) -> int:
        """The number of rows in no other count; always 0."""
        return self.rows - (
            self.bad
            + self.nameless
            + self.valueless
            + self.zeros
            + self.merged
            + self.cancelled
            + self.interactions
        )

    def check_left(self) -> Self:
        """Return the report itself if interactions are left.

        Raises
        ------
        EmptyDataError
            If no interactions are left.
        """
        if self.interactions == 0:
            raise EmptyDataError("no interactions are left: " + "; ".join(self.notes()))
        return self

    def notes(self) -> tuple[str, ...]:
        """Return the report as lines of text, without counts of 0."""
        lines = [f"read {_count(self.rows, 'row')} of {self.source}", *self.columns]
        if self.bad:
            shown = "; ".join(self.bad_lines)
            lines.append(f"{_count(self.bad, 'bad line')} skipped ({shown})")
        if self.nameless:
            lines.append(f"{_count(self.nameless, 'row')} without a user or an item dropped")
        if self.valueless:
            lines.append(f"{_count(self.valueless, 'row')} with a missing value dropped")
        if self.zeros:
            lines.append(f"{_count(self.zeros, 'zero count')} dropped")
        if self.merged:
            lines.append(f"{_count(self.merged, 'duplicate row')} {MERGED_AS[self.policy]}")
        if self.cancelled:
            lines.append(f"{_count(self.cancelled, 'pair')} that came to 0 dropped")
        return tuple(lines)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
