"""Plain text read natively is what DuckDB reads, whatever is odd in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import penchant
from penchant import _kernels
from penchant.data.interactions import Interactions
from penchant.errors import DataError, PenchantError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


def outcome(path: Path, **options: Any) -> Any:
    """All that a caller can see of a read: the data and its report, or the error."""
    try:
        read = penchant.read_interactions(path, **options)
    except PenchantError as error:
        return type(error).__name__, str(error)
    parts = [read.csr.indptr, read.csr.indices, read.csr.values, read.timestamps]
    arrays = [None if part is None else (part.dtype.name, part.tolist()) for part in parts]
    return list(read.users), list(read.items), arrays, read.notes, read.report


def both(path: Path, chunk: int = 1 << 16, **options: Any) -> tuple[Any, Any]:
    """The outcome of reading natively, in chunks of some bytes, and by DuckDB."""
    used = []
    read = _kernels.LogReader.read

    def in_chunks(self: _kernels.LogReader, *args: Any) -> bool:
        used.append(read(self, *args, chunk=chunk))
        return used[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_kernels.LogReader, "read", in_chunks)
        native = outcome(path, **options)
        assert used
        assert all(used)
        patch.setattr(penchant.data.io.pipeline, "read_plain", lambda *_: None)
        return native, outcome(path, **options)


ids = st.sampled_from(["a", "b", "é", "a longer one than eight bytes", "zz", "\U0001f600", ""])
numbers = st.one_of(
    st.sampled_from(["1", "2", "-1", "0", "", "nan", "x", " 3", "3 ", "+4", "inf", "-0", "1e-60"]),
    st.text("0123456789.-+e", max_size=5),
)
times = st.sampled_from(["5", "7", "-3", "+9", "", "2001-02-03", "8.0", "soon", "9" * 19, "1.5"])
record = st.one_of(
    st.tuples(ids, ids, numbers, times), st.tuples(ids, ids, numbers, times), st.lists(ids)
)


# a pair of reads takes some 100 ms: few examples, of many lines each
@settings(max_examples=15)
@given(
    st.lists(record, max_size=40),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["\t", "::"]),
    st.sampled_from([None, "binary", "sum", "max", "mean", "last", "error"]),
    st.sampled_from([("value", "timestamp"), ("value",), ("timestamp",), ()]),
    st.sampled_from(["skip", "error"]),
    st.booleans(),
    st.integers(1, 200),
)
@example([("a", "b", "1", "5"), ("a", "b", "1", "x")], "\n", "\t", None, (), "skip", True, 1)
def test_it_is_what_duckdb_reads(
    folder: Path,
    records: list[Any],
    end: str,
    sep: str,
    policy: str | None,
    roles: tuple[str, ...],
    on_bad_lines: str,
    closed: bool,
    chunk: int,
) -> None:
    rows = [("user", "item", "value", "time"), ("a", "b", "1", "5"), *records]
    path = folder / "log.txt"
    path.write_bytes((end.join(sep.join(row) for row in rows) + end * closed).encode())
    columns = {role: at for at, role in ((2, "value"), (3, "timestamp")) if role in roles}
    native, by_duckdb = both(
        path, chunk, user=0, item=1, sep=sep, header=True, duplicates=policy,
        on_bad_lines=on_bad_lines, **columns,
    )  # fmt: skip
    assert native == by_duckdb


@given(st.lists(st.text("0123456789.-+eE _", max_size=9), min_size=1, max_size=60))
@settings(max_examples=15)
@example(
    ["1.", ".5", ".", "-.5", "5e-324", "1e-400", "123456789012345678", "0.1000000000000000055"]
)
@example(["3.4028235e38", "3.4028236e38", "16777217", "00012", "1e+3", "1E3", "--1", "1e", "-"])
def test_numbers_are_what_duckdb_takes_them_for(folder: Path, texts: list[str]) -> None:
    path = folder / "numbers.tsv"
    path.write_text("x\tx\t1\n" + "".join(f"u\ti{n:03}\t{t}\n" for n, t in enumerate(texts)))
    native, by_duckdb = both(path, user=0, item=1, value=2, header=False, on_bad_lines="skip")
    assert native == by_duckdb


def test_several_files_are_one_log(folder: Path) -> None:
    for n, text in enumerate(("u\ta\t1\n\nbad\nu\tb\t 2\n", "u\ta\t3\nworse\n", "v\ta\tnan\n")):
        (folder / f"part{n}.tsv").write_text(text)
    for choice in ("skip", "error"):
        native, by_duckdb = both(
            folder / "part*.tsv", 3, user=0, item=1, value=2, duplicates="last", header=False,
            on_bad_lines=choice,
        )  # fmt: skip
        assert native == by_duckdb
    assert "part1.tsv, line 2" in native[1]


def test_values_beyond_float32_are_summed_in_double(folder: Path) -> None:
    path = folder / "exact.tsv"
    path.write_text("u\ta\t16777217\nu\ta\t-16777216\nu\tb\t0.1\nu\tb\t0.2\n")
    read = penchant.read_interactions(path, 0, 1, 2)
    assert read.history("u") == {"a": 1.0, "b": float(np.float32(0.1 + 0.2))}


def log_of(folder: Path, n: int, seed: int = 0) -> Path:
    """Many rows in no order, with pairs that repeat."""
    rng = np.random.default_rng(seed)
    users, items, values = rng.integers(0, 300, n), rng.integers(0, 90, n), rng.integers(1, 9, n)
    path = folder / f"many{n}.tsv"
    path.write_text(
        "".join(f"u{u}\ti{i}\t{v}\n" for u, i, v in zip(users, items, values, strict=True))
    )
    return path


def same(one: Interactions, two: Interactions) -> bool:
    parts = ("indptr", "indices", "values")
    return (one.users, one.items, one.notes) == (two.users, two.items, two.notes) and all(
        np.array_equal(getattr(one.csr, part), getattr(two.csr, part)) for part in parts
    )


def test_threads_and_chunks_change_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = log_of(folder, 20_000)
    native, by_duckdb = both(path, 1000, user=0, item=1, value=2)
    assert native == by_duckdb
    one = penchant.read_interactions(path, 0, 1, 2, duplicates="last")
    for threads in (1, 3, 8):
        monkeypatch.setenv("PENCHANT_THREADS", str(threads))
        assert same(one, penchant.read_interactions(path, 0, 1, 2, duplicates="last"))


def reads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What each native read says from now on: whether it was done."""
    said: list[bool] = []
    read = _kernels.LogReader.read

    def told(self: _kernels.LogReader, *args: Any) -> bool:
        said.append(read(self, *args))
        return said[-1]

    monkeypatch.setattr(_kernels.LogReader, "read", told)
    return said


def test_duckdb_reads_logs_beyond_the_memory_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "long-ids.tsv"
    path.write_text("".join(f"{'u' * 999}{n}\ti\n" for n in range(20_000)))
    said = reads(monkeypatch)
    assert len(penchant.read_interactions(path, 0, 1)) == 20_000
    assert said == [True]
    small = penchant.read_interactions(log_of(folder, 20_000), 0, 1, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(penchant.data.io.logs, "_memory_limit", lambda _: 200_000)
        assert len(penchant.read_interactions(path, 0, 1)) == 20_000
        assert same(small, penchant.read_interactions(log_of(folder, 20_000), 0, 1, 2))
    assert said == [True, True, False, False]


def test_duckdb_reads_mostly_irregular_logs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "dates.tsv"
    path.write_text("".join(f"u{n}{'x' * 400}\ti\t2001-02-03\n" for n in range(22_000)))
    said = reads(monkeypatch)
    read = penchant.read_interactions(path, 0, 1, timestamp=2)
    assert said == [False]
    assert read.timestamps is not None
    assert set(read.timestamps.tolist()) == {981158400}


def test_a_file_that_grows_while_it_is_read_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "growing.tsv"
    path.write_text("u\ta\nv\tb\n")
    read = _kernels.LogReader.read

    def late(self: _kernels.LogReader, *args: Any) -> bool:
        with path.open("a") as file:
            file.write("w\tc\n")
        return read(self, *args)

    monkeypatch.setattr(_kernels.LogReader, "read", late)
    with pytest.raises(DataError, match="changed while it was read"):
        penchant.read_interactions(path, 0, 1)


# --- the look at every byte -------------------------------------------------------------

pieces = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"\t", b"\x1f", b"\x01", b"\0", b'"']),
        st.just(b"x" * 300),
        st.text(max_size=3).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.binary(max_size=2),
    )
)  # fmt: skip


def first_fault(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return -1


@settings(max_examples=200)
@given(pieces, st.integers(1, 300))
@example([b"a\xe9"], 1)
@example(["é€\U0001f600".encode()], 1)
@example([b"\xed\xa0\x80"], 2)
@example([b"\xf4\x90\x80\x80"], 1)
@example([b"\xc0\xaf"], 1)
def test_a_scan_agrees_with_python(folder: Path, parts: list[bytes], chunk: int) -> None:
    data = b"".join(parts)
    path = folder / "bytes"
    path.write_bytes(data)
    found = _kernels.scan(path, 0, quote='"', longest=1 << 20, chunk=chunk)
    assert found.lf == data.count(b"\n")
    assert found.cr == data.count(b"\r")
    assert found.crlf == data.count(b"\r\n")
    assert found.holds_quote == (b'"' in data)
    assert found.nul == data.find(b"\0")
    assert found.ends_open == (data != b"" and data[-1:] not in (b"\n", b"\r"))
    others = {c for c in data if c < 32 and c not in b"\t\r\n"}
    assert {c for c in range(32) if found.controls >> c & 1} - set(b"\t\r\n") == others
    assert found.bad == first_fault(data)


@pytest.mark.parametrize("chunk", [100, 1000, 1 << 20])
def test_a_line_without_end_is_found(folder: Path, chunk: int) -> None:
    path = folder / "endless"
    path.write_bytes(b"a\n" * 100 + b"x" * 9000 + b"\n")
    assert _kernels.scan(path, 0, quote=None, longest=5000, chunk=chunk).endless > 4000
    assert _kernels.scan(path, 0, quote=None, longest=9200, chunk=chunk).endless == -1
