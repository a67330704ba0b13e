"""Delimited text as a relation of lines: the separator, the header, quotes.

Every line of the file is one row of the relation, blank and bad ones too, so that a row's
place is its line number. Lines are split by their separator and nothing else: no reader's
guess can shift, pad or drop a field.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from penchant.data.io.options import ReaderOptions
from penchant.data.io.sql import sql_text
from penchant.data.io.utf8 import Plain, plain_text
from penchant.errors import BadLinesError, DataError, EmptyDataError, SettingsError

SEPARATOR_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe", " ": "space"}
_BY_SUFFIX = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|"}
_CANDIDATES = ("\t", "::", "|", ";", ",")
_LOOKED_AT = 200


@dataclass(frozen=True)
class TextFile:
    """A delimited file, ready for DuckDB.

    Attributes
    ----------
    plain
        The file of lines.
    sep
        What separates its fields: the file's own separator, or a mark where quotes were solved.
    first
        The fields of the first line that is not blank.
    first_line
        Its number, from 1.
    usual_width
        How many fields most of the first lines have.
    marks
        (bad line, line feed in a field, carriage return in a field), or None without quotes.
    spare
        A character that is nowhere in the file.
    how
        For the notes: ``"tab-separated"``.
    shown
        The SQL of a line as it was written, for messages.
    sample
        The fields of the next lines that are not blank.
    """

    plain: Plain
    sep: str
    first: tuple[str, ...]
    first_line: int
    usual_width: int
    marks: tuple[str, str, str] | None
    spare: str
    how: tuple[str, ...]
    shown: str = "line"
    sample: tuple[tuple[str, ...], ...] = ()

    @property
    def ends_in_separator(self) -> bool:
        """Whether most lines below the first end in a separator that the first line lacks."""
        extra = sum(1 for line in self.sample if len(line) == len(self.first) + 1 and not line[-1])
        return 2 * extra > len(self.sample)


def open_text(path: Path, scratch: Path, options: ReaderOptions) -> TextFile:
    """Look through a delimited file and find out how it is written.

    Raises
    ------
    DataError
        If it can't be told, or the file is not text; see ``plain_text``.
    EmptyDataError
        If there is no line in it.
    """
    asked = '"' if options.quote == "auto" else options.quote
    plain = plain_text(path, scratch, encoding=options.encoding, quote=asked)
    if len(plain.marks) < 5:
        raise DataError(f"{path.name} is full of control characters: it is not a text table")
    head = _head(plain.path)
    if not any(line for line in head):
        raise EmptyDataError(f"{path.name} is empty")
    sep = options.sep or _separator(path, head)
    quote = asked if options.quote != "auto" or sep in (",", ";") else None
    if quote and len(sep) != 1:
        raise SettingsError(f"quotes need a separator of one character, got {sep!r}: quote=None")
    is_quoted = bool(quote) and plain.holds_quote
    if not is_quoted:
        plain = plain.with_equal_line_ends(scratch)
    how = (f"{SEPARATOR_NAMES.get(sep, sep)}-separated", *plain.remarks)
    if not quote or not is_quoted:
        return TextFile(
            plain, sep, *_first(head, sep), None, plain.marks[0], how, sample=_sample(head, sep)
        )
    return _unquoted(path.name, plain, sep, quote, scratch / f"{plain.path.name}.unquoted", how)


# --- how a file is written --------------------------------------------------------------


def _head(path: Path) -> list[str]:
    """The first lines, without their ends; the first line that is not blank is among them."""
    lines: list[str] = []
    seen = False
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            lines.append(line.rstrip("\n"))
            seen = seen or bool(lines[-1])
            if seen and len(lines) >= _LOOKED_AT:
                break
    return lines


def _first(head: list[str], sep: str) -> tuple[tuple[str, ...], int, int]:
    """The fields of the first line that is not blank, its number, and the usual width."""
    number = next(n for n, line in enumerate(head) if line)
    widths = Counter(line.count(sep) + 1 for line in head if line)
    return tuple(head[number].split(sep)), number + 1, widths.most_common(1)[0][0]


def _sample(head: list[str], sep: str) -> tuple[tuple[str, ...], ...]:
    """The fields of the lines below the first that is not blank."""
    return tuple(tuple(line.split(sep)) for line in [line for line in head if line][1:])


def _separator(path: Path, head: list[str]) -> str:
    """By the file's suffix where its first line agrees, else what splits the lines alike."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".zst", ".zstd")]
    usual = _BY_SUFFIX.get(suffixes[-1] if suffixes else "")
    first = next(line for line in head if line)
    if usual and usual in first:
        return usual
    found = _sniffed([line for line in head if line])
    if found is None:
        raise DataError(
            f"can't tell what separates the columns of {path.name}, which begins with "
            f"{first[:80]!r}: give sep="
        )
    return found


def _sniffed(lines: list[str]) -> str | None:
    best, best_share = None, 0.5
    for sep in _CANDIDATES:
        bare = [re.sub('"[^"]*"', "", line) for line in lines] if sep in ",;" else lines
        count, alike = Counter(line.count(sep) for line in bare).most_common(1)[0]
        if count and alike / len(lines) > best_share:
            best, best_share = sep, alike / len(lines)
    return best


# --- quotes -----------------------------------------------------------------------------


def _unquoted(
    name: str, plain: Plain, sep: str, quote: str, copy: Path, how: tuple[str, ...]
) -> TextFile:
    """The file with its quotes solved: a copy with a mark as separator, line for line."""
    spare, mark, bad, feed, back = tuple(plain.marks)[:5]
    with (
        plain.path.open(encoding="utf-8-sig", newline="") as source,
        copy.open("w", encoding="utf-8", newline="\n") as target,
    ):
        lines = _Lines(source)
        reader = csv.reader(lines, delimiter=sep, quotechar=quote, doublequote=True, strict=True)
        while (line := lines.next_record()) is not None:
            plainly = _plainly_split(line.rstrip("\r\n"), sep, quote, mark)
            if plainly is not None:
                target.write(plainly + "\n")
                continue
            lines.give_back(0)
            try:
                record = mark.join(next(reader)).replace("\n", feed).replace("\r", back)
            except csv.Error:
                # only this line is bad: what a quote without end swallowed is read again
                record = bad + lines.taken[0].rstrip("\r\n")
                lines.give_back(1)
            # blank lines in place of those that a field spans keep line numbers right
            target.write(record + "\n" * len(lines.taken))
    head = _head(copy)
    first, first_line, usual_width = _first(head, mark)
    if first[0].startswith(bad):
        raise BadLinesError(
            f"line {first_line} of {name}, its first, opens a quote ({quote}) that is not closed: "
            f"{first[0][1:81]!r}. If {quote} is no quote there, give quote=None"
        )
    names = tuple(field.replace(feed, "\n").replace(back, "\r") for field in first)
    solved = Plain(copy, plain.lines, plain.marks, True, plain.remarks)
    marks, shown = (bad, feed, back), f"replace(line, {sql_text(mark)}, {sql_text(sep)})"
    return TextFile(
        solved, mark, names, first_line, usual_width, marks, spare, how, shown, _sample(head, mark)
    )


def _plainly_split(line: str, sep: str, quote: str, mark: str) -> str | None:
    """A line with no quotes, or with just one around each field; None where it takes a parser."""
    if quote not in line:
        return line.replace(sep, mark)
    if len(line) > 1 and line[0] == quote == line[-1]:
        fields = line[1:-1].replace(quote + sep + quote, mark)
        return None if quote in fields else fields
    return None


class _Lines(Iterator[str]):
    """Lines that can be given back; ``taken`` holds those of the present record."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._fresh = lines
        self._returned: deque[str] = deque()
        self.taken: list[str] = []

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._fresh)
        self.taken.append(line)
        return line

    def next_record(self) -> str | None:
        """Begin a record: its first line, or None at the end."""
        self.taken = []
        return next(self, None)

    def give_back(self, keep: int) -> None:
        """Give back the lines of the present record but the first ``keep``."""
        self._returned.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]
