"""What became of every row of a source, in numbers that add up."""

from __future__ import annotations

from dataclasses import dataclass

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
    """What became of every row of a source.

    ``rows`` is the sum of all other numbers but ``blank``: see :meth:`unaccounted`.

    Attributes
    ----------
    source
        What was read, and how.
    rows
        Rows read: neither the header nor blank lines.
    blank
        Blank lines, which hold no row.
    bad
        Rows that could not be understood and were skipped.
    nameless
        Rows without a user or an item.
    valueless
        Rows with both, but without a value or (where they are read) a timestamp.
    zeros
        Rows whose value is 0, or so small that it is 0 as a float32.
    merged
        Rows beyond the first of a (user, item) pair.
    cancelled
        Pairs whose values came to 0 together, such as a like and a dislike.
    interactions
        Pairs that are left.
    policy
        What was done with rows of the same pair.
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
        """Rows that nothing here accounts for: always 0."""
        return self.rows - (
            self.bad
            + self.nameless
            + self.valueless
            + self.zeros
            + self.merged
            + self.cancelled
            + self.interactions
        )

    def notes(self) -> tuple[str, ...]:
        """The report as lines of text; what did not happen is left out."""
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
