"""Files of any bytes: reading refuses them with an error of penchant's tree or counts every row.

Usage: python -m tests.fuzz.reading [--cases N] [--seed S] [--first CASE]

Each case writes a file (a well-formed table in some encoding, with some separator, quote and line
end; a table with altered bytes; odd bytes; JSON lines; Parquet), perhaps compressed, and reads it
with options drawn at random. The counts of the report must add up to its rows, and for well-formed
tables the rows and pairs must be those that were written.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.fuzz_command import run_command

import penchant
from penchant.errors import PenchantError

SEPARATORS = (",", ";", "\t", "|", "::", " ", "~~", "ab")
LINE_ENDS = ("\n", "\r\n", "\n\n")
ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
HEADERS = (
    ("user", "item"), ("user_id", "artistID"), ("userId", "itemId", "rating"), ("why", "x"),
    ("user", "item", "value", "timestamp"), ("item", "user", "plays"), ("user", "USER", "item"),
    ("user", "user", "item"), ("", "item"), ("_row", "user", "item"), ("select", "from", "where"),
)  # fmt: skip
CELLS = (
    "a", "b", "c", "1", "2", "-1", "0", "007", "1e5", "3.5", "NA", "nan", "inf", "null", "x y",
    " x", "", "17850.0", "9007199254740993", "1e400", "2025-11-03", "03/11/2025", "1700000000",
    "é", "it's", "=1+1", "#", "\\", "\\N", "'", "a" * 300,
)  # fmt: skip
UNSAFE_CELLS = (
    '"', 'a"b', '""', "\r", "\n", "\0", ",", "\t", "\ufeff", "𝄞", "\ud800", "\x1a", "::",
)  # fmt: skip
FRAGMENTS = (
    b'"', b'""', b"'", b",", b";", b"\t", b"|", b"::", b"\n", b"\r", b"\r\n", b"\n\n", b"\0",
    b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xc3\xa9", b"\xed\xa0\x80",
    b"\x1f\x8b", b"(\xb5/\xfd", b"PAR1", b"{", b"}", b"[]", b"user", b"item", b"rating",
    b'{"user":1,"item":2}', b"1", b"-", b"1e999", b"0", b"a", b"b", b" ", b"\\", b"x" * 5000,
)  # fmt: skip
ODD_JSON = (
    None, True, 0, 1, -1, 2**53 + 1, 2**63, 2**70, 1.5, 17850.0, 1e308, float("nan"), "", "a", "b",
    "007", [], [1], {}, {"a": 1}, "2025-11-03", "\ud800",
)  # fmt: skip
SUFFIXES = (".csv", ".tsv", ".psv", ".txt", ".dat", ".jsonl", ".parquet", "", ".CSV", ".csv.gz")


@dataclass
class Source:
    """The bytes of a file, options to read it, and what is in it, if that is certain."""

    raw: bytes
    suffix: str
    options: dict[str, Any]
    rows: int | None = None
    pairs: int | None = None


def draw(rng: np.random.Generator, values: Any) -> Any:
    return values[rng.integers(len(values))]


# --- files ------------------------------------------------------------------------------


def well_formed(rng: np.random.Generator) -> Source:
    """Make a table of two columns, whose rows and pairs are counted beside the reader."""
    separator, line_end, encoding = (
        draw(rng, SEPARATORS),
        draw(rng, LINE_ENDS),
        draw(rng, ENCODINGS),
    )
    quoted = separator in ",;" and rng.random() < 0.5
    cells = [cell for cell in CELLS if separator not in cell]
    if quoted:
        cells += ['a"b', '""', "x\ny", "x,y", "x;y"]
    rows = [(draw(rng, cells), draw(rng, cells)) for _ in range(rng.integers(1, 12))]

    def text(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if quoted else cell

    lines = [separator.join(text(cell) for cell in row) for row in [("user", "item"), *rows]]
    raw = (line_end.join(lines) + line_end * int(rng.integers(2))).encode(encoding)
    options = {"user": "user", "item": "item", "sep": separator, "header": True, "format": "text"}
    options |= {"quote": '"' if quoted else None, "encoding": encoding}
    pairs = len({row for row in rows if row[0] and row[1]})
    return Source(raw, ".txt", options, len(rows), pairs)


def table(rng: np.random.Generator) -> Source:
    """Make a table with odd cells and rows of other widths, then alter bytes of it."""
    separator, line_end, encoding = (
        draw(rng, SEPARATORS),
        draw(rng, LINE_ENDS),
        draw(rng, ENCODINGS),
    )
    header = draw(rng, HEADERS)
    rows = [header] if rng.random() < 0.7 else []
    for _ in range(rng.integers(12)):
        width = len(header) if rng.random() < 0.8 else rng.integers(6)
        cells = UNSAFE_CELLS if rng.random() < 0.03 else CELLS
        rows.append(tuple(draw(rng, cells) for _ in range(width)))
    text = "".join(separator.join(row) + line_end for row in rows)
    raw = bytearray(text.encode(encoding, "replace"))
    for _ in range(int(draw(rng, (0, 0, 0, 1, 2, 3)))):
        place = int(rng.integers(len(raw) + 1))
        raw[place : place + int(rng.integers(3))] = draw(rng, FRAGMENTS)
    options = random_options(rng)
    if rng.random() < 0.7:
        options |= {"sep": separator, "encoding": encoding, "on_bad_lines": "skip"}
    if rng.random() < 0.7:
        options |= dict(zip(("user", "item", "value", "timestamp"), header, strict=False))
    return Source(bytes(raw), draw(rng, SUFFIXES), options)


def odd_bytes(rng: np.random.Generator) -> Source:
    """Make a file of fragments that mean something to some format."""
    raw = b"".join(draw(rng, FRAGMENTS) for _ in range(rng.integers(40)))
    return Source(raw, draw(rng, SUFFIXES), random_options(rng))


def json_lines(rng: np.random.Generator) -> Source:
    """Make JSON lines with odd values, some of them cut off."""
    lines = []
    ids = draw(rng, (("a", "b", "007"), (1, 2, 2**53 + 1, 17850), ODD_JSON))  # mixed: refused
    for _ in range(rng.integers(1, 10)):
        names = ("user", "item", "value")[: draw(rng, (1, 2, 2, 3, 3))]
        line = json.dumps({name: draw(rng, ODD_JSON if name == "value" else ids) for name in names})
        lines.append(line[: rng.integers(len(line) + 1)] if rng.random() < 0.1 else line)
    options = random_options(rng) | {"user": "user", "item": "item"}
    if rng.random() < 0.7:
        options["on_bad_lines"] = "skip"
    return Source("\n".join(lines).encode(), ".jsonl", options)


def parquet(rng: np.random.Generator) -> Source:
    """Make a Parquet file with columns of some type, and alter some bytes of it."""
    columns: dict[str, Any] = {}
    n = int(rng.integers(8))
    for name in ("user", "item", "value", "timestamp")[: rng.integers(1, 5)]:
        numbers = rng.integers(-3, 5, size=n)
        kind = draw(rng, (0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5))
        if kind == 0:
            columns[name] = pa.array([draw(rng, CELLS) for _ in range(n)])
        elif kind == 1:
            columns[name] = pa.array([None if v < 0 else float(v) / 2 for v in numbers.tolist()])
        elif kind == 2:
            columns[name] = pa.array([[int(v)] for v in numbers], pa.list_(pa.int64()))
        elif kind == 3:
            columns[name] = pa.array(numbers.astype(np.uint64))
        elif kind == 4:
            columns[name] = pa.array(numbers * 10**9, pa.timestamp("ns"))
        else:
            columns[name] = pa.array([bytes([int(v) % 256]) for v in numbers], pa.binary())
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    raw = bytearray(target.getvalue())
    if rng.random() < 0.3:
        for place in rng.integers(len(raw), size=rng.integers(1, 4)).tolist():
            raw[place] = int(rng.integers(256))
    options = random_options(rng)
    if rng.random() < 0.7:
        options |= {name: name for name in columns} | {"format": "parquet"}
    return Source(bytes(raw), ".parquet", options)


def random_options(rng: np.random.Generator) -> dict[str, Any]:
    """Draw some options, which need not fit the file."""
    choices: dict[str, tuple[Any, ...]] = {
        "user": ("user", "item", 0, 1, -1, 9, "nothing"),
        "item": ("item", "user", 1, 0, "why"),
        "value": ("rating", "value", 2, 0),
        "timestamp": ("timestamp", 3, 2),
        "sep": (*SEPARATORS, "\n", '"', "é", "\0", "too long", ""),
        "quote": ('"', "'", None, "auto", ",", "", "ab"),
        "encoding": (*ENCODINGS, "no-such", "utf-7", "idna", "base64", "ascii", "shift-jis"),
        "header": (True, False),
        "format": ("text", "jsonl", "parquet", "other"),
        "decimal": (",", ".", "", None),
        "time_format": ("%d/%m/%Y", "%", "%Q", "", "%Y-%m-%d"),
        "duplicates": ("binary", "sum", "max", "mean", "last", "error", "some"),
        "on_bad_lines": ("skip", "skip", "error"),
    }
    share = float(draw(rng, (0, 0, 0.05, 0.2, 0.4)))
    return {name: draw(rng, odd) for name, odd in choices.items() if rng.random() < share}


def compressed(source: Source, rng: np.random.Generator) -> None:
    """Pack the bytes by gzip, some of them cut off."""
    source.raw, source.suffix = gzip.compress(source.raw, 1), source.suffix + ".gz"
    if rng.random() < 0.3:
        source.raw = source.raw[: rng.integers(len(source.raw))]
        source.rows = source.pairs = None


# --- cases ------------------------------------------------------------------------------


def check(source: Source, path: Path) -> None:
    """Read a file; what was read must be what the report says, and what was written."""
    data = penchant.read_interactions(path, **source.options)
    report = data.report
    assert report is not None
    assert report.unaccounted == 0, report
    counts = [value for value in vars(report).values() if isinstance(value, int)]
    assert min(counts) >= 0, report
    assert report.interactions == data.csr.nnz > 0, report
    assert np.isfinite(data.csr.values).all()
    assert all(ids[ids.code(name)] == name for ids in (data.users, data.items) for name in ids)
    assert report.notes()
    if source.rows is not None:
        assert report.rows == source.rows, report
        assert report.interactions == source.pairs, report


def run(cases: range, seed: int) -> Counter[str]:
    """Run cases; print the traceback of each failure; return what became of them."""
    kinds = (well_formed, table, table, odd_bytes, json_lines, parquet)
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            rng = np.random.default_rng([seed, case])
            kind = kinds[rng.integers(len(kinds))]
            source = kind(rng)
            if rng.random() < 0.1:
                compressed(source, rng)
            print(f"case {case} {kind.__name__} {source.options}", file=sys.stderr, flush=True)
            path = Path(scratch) / f"file{source.suffix}"
            path.write_bytes(source.raw)
            try:
                check(source, path)
                outcomes["read"] += 1
            except PenchantError as error:
                refused_in_error = source.pairs and source.rows
                outcomes["FAILED" if refused_in_error or not str(error) else "refused"] += 1
                if refused_in_error:
                    print(f"--- case {case} {source}: {error!r}")
            except Exception:
                outcomes["FAILED"] += 1
                print(f"--- case {case} {kind.__name__} {source}")
                traceback.print_exc(file=sys.stdout)
            path.unlink()
    return outcomes


def main() -> int:
    """Run from the command line; the status is 1 after a failure."""
    warnings.simplefilter("ignore")
    return run_command(__doc__, run)


if __name__ == "__main__":
    sys.exit(main())
