"""Open delimited text as a relation of lines: find its separator, header and quotes.

Every line of the file is one row of the relation, including blank and bad lines, so that a row's
position is its line number. Lines are only split at their separator, so that no field can be
shifted, padded or dropped.
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
        The separator of its fields: the file's own, or a control character if quotes were removed.
    first
        The fields of the first line that is not blank.
    first_line
        Its number, from 1.
    usual_width
        The number of fields of most of the first lines.
    marks
        (bad line, line feed in a field, carriage return in a field), or None without quotes.
    spare
        A character that does not occur in the file.
    remarks
        For the notes, such as ``"tab-separated"``.
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
    remarks: tuple[str, ...]
    shown: str = "line"
    sample: tuple[tuple[str, ...], ...] = ()

    @property
    def ends_in_separator(self) -> bool:
        """Whether most lines below the first end in a separator that the first line lacks."""
        extra = sum(1 for line in self.sample if len(line) == len(self.first) + 1 and not line[-1])
        return 2 * extra > len(self.sample)


def open_text(path: Path, scratch: Path, options: ReaderOptions) -> TextFile:
    """Scan a delimited file and find its separator, quotes and first line.

    Raises
    ------
    DataError
        If the separator can't be told, or the file is not text; see ``plain_text``.
    EmptyDataError
        If it has no lines.
    """
    quote_to_find = '"' if options.quote == "auto" else options.quote
    plain = plain_text(
        path,
        scratch,
        encoding=options.encoding,
        quote=quote_to_find,
        max_expansion=options.max_expansion,
    )
    if len(plain.marks) < 5:
        raise DataError(f"{path.name} is full of control characters: it is not a text table")
    head = _head(plain.path)
    if not any(line for line in head):
        raise EmptyDataError(f"{path.name} is empty")
    sep = options.sep or _separator(path, head)
    quote = quote_to_find if options.quote != "auto" or sep in (",", ";") else None
    if quote and len(sep) != 1:
        raise SettingsError(f"quotes need a separator of one character, got {sep!r}: quote=None")
    is_quoted = bool(quote) and plain.holds_quote
    if not is_quoted:
        plain = plain.with_uniform_line_ends(scratch)
    remarks = (f"{SEPARATOR_NAMES.get(sep, sep)}-separated", *plain.remarks)
    sample = _sample(head, sep)
    if not quote or not is_quoted:
        return TextFile(
            plain, sep, *_first(head, sep), None, plain.marks[0], remarks, sample=sample
        )
    return _unquoted(path.name, plain, sep, quote, scratch / f"{plain.path.name}.unquoted", remarks)


# --- the separator and the first line ---------------------------------------------------


def _head(path: Path) -> list[str]:
    """Return the first lines without line ends, up to one that is not blank or further."""
    lines: list[str] = []
    has_text = False
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            lines.append(line.rstrip("\n"))
            has_text = has_text or bool(lines[-1])
            if has_text and len(lines) >= _LOOKED_AT:
                break
    return lines


def _first(head: list[str], sep: str) -> tuple[tuple[str, ...], int, int]:
    """Return the fields of the first line that is not blank, its number, and the usual width."""
    number = next(n for n, line in enumerate(head) if line)
    widths = Counter(line.count(sep) + 1 for line in head if line)
    return tuple(head[number].split(sep)), number + 1, widths.most_common(1)[0][0]


def _sample(head: list[str], sep: str) -> tuple[tuple[str, ...], ...]:
    """Return the fields of the lines below the first that is not blank."""
    return tuple(tuple(line.split(sep)) for line in [line for line in head if line][1:])


def _separator(path: Path, head: list[str]) -> str:
    """Return the suffix's separator if it is in the first line, else the most consistent one."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".zst", ".zstd")]
    by_suffix = _BY_SUFFIX.get(suffixes[-1] if suffixes else "")
    first = next(line for line in head if line)
    if by_suffix and by_suffix in first:
        return by_suffix
    sniffed = _sniffed([line for line in head if line])
    if sniffed is None:
        raise DataError(
            f"can't tell what separates the columns of {path.name}, which begins with "
            f"{first[:80]!r}: give sep="
        )
    return sniffed


def _sniffed(lines: list[str]) -> str | None:
    """Return the separator that occurs equally often in most lines; None if there is none."""
    best, best_share = None, 0.5
    for sep in _CANDIDATES:
        bare = [re.sub('"[^"]*"', "", line) for line in lines] if sep in ",;" else lines
        count, agreeing = Counter(line.count(sep) for line in bare).most_common(1)[0]
        if count and agreeing / len(lines) > best_share:
            best, best_share = sep, agreeing / len(lines)
    return best


# --- quotes -----------------------------------------------------------------------------


def _unquoted(
    name: str, plain: Plain, sep: str, quote: str, copy: Path, remarks: tuple[str, ...]
) -> TextFile:
    """Remove the quotes: return a copy, line for line, with a control character as separator."""
    spare, mark, bad, feed, back = tuple(plain.marks)[:5]
    with (
        plain.path.open(encoding="utf-8-sig", newline="") as source,
        copy.open("w", encoding="utf-8", newline="\n") as target,
    ):
        lines = _Lines(source)
        reader = csv.reader(lines, delimiter=sep, quotechar=quote, doublequote=True, strict=True)
        while (line := lines.next_record()) is not None:
            fields = _split_simple(line.rstrip("\r\n"), sep, quote, mark)
            if fields is not None:
                target.write(fields + "\n")
                continue
            lines.unread(0)
            try:
                record = mark.join(next(reader)).replace("\n", feed).replace("\r", back)
            except csv.Error:
                # only this line is bad: the lines after an unclosed quote are read again
                record = bad + lines.taken[0].rstrip("\r\n")
                lines.unread(1)
            # a field with line ends becomes blank lines, so that line numbers stay right
            target.write(record + "\n" * len(lines.taken))
    head = _head(copy)
    first, first_line, usual_width = _first(head, mark)
    if first[0].startswith(bad):
        raise BadLinesError(
            f"line {first_line} of {name}, its first, opens a quote ({quote}) that is not closed: "
            f"{first[0][1:81]!r}. If {quote} is not a quote there, give quote=None"
        )
    names = tuple(field.replace(feed, "\n").replace(back, "\r") for field in first)
    unquoted = Plain(copy, plain.lines, plain.marks, True, plain.remarks)
    marks, shown = (bad, feed, back), f"replace(line, {sql_text(mark)}, {sql_text(sep)})"
    sample = _sample(head, mark)
    return TextFile(
        unquoted, mark, names, first_line, usual_width, marks, spare, remarks, shown, sample
    )


def _split_simple(line: str, sep: str, quote: str, mark: str) -> str | None:
    """Split a line without quotes or with all fields quoted; None if it needs a parser."""
    if quote not in line:
        return line.replace(sep, mark)
    if len(line) > 1 and line[0] == quote == line[-1]:
        fields = line[1:-1].replace(quote + sep + quote, mark)
        return None if quote in fields else fields
    return None


class _Lines(Iterator[str]):
    """Lines that can be unread; ``taken`` holds those of the current record."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._source = lines
        self._returned: deque[str] = deque()
        self.taken: list[str] = []

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._source)
        self.taken.append(line)
        return line

    def next_record(self) -> str | None:
        """Begin a record; return its first line, or None at the end."""
        self.taken = []
        return next(self, None)

    def unread(self, keep: int) -> None:
        """Unread the lines of the current record except the first ``keep``."""
        self._returned.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]
