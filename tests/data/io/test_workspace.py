"""The workspace: DuckDB is opened only where it is needed, with the caller's memory limit."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from tests.data.io.logfiles import triples, write

import penchant
from penchant.data.io.workspace import workspace
from penchant.errors import DataError, SettingsError


def test_plain_logs_need_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("DuckDB was opened")

    monkeypatch.setattr(duckdb, "connect", refused)
    path = write(tmp_path, "userID\titem\tn\nu\ta\t2\nv\tb\t0\n\nu\ta\t1\n")
    read = penchant.read_interactions(path, 0, 1, 2)
    assert triples(read) == {("u", "a"): 3}
    assert read.report is not None
    assert (read.report.blank, read.report.zeros, read.report.merged) == (1, 1, 1)
    with pytest.raises(AssertionError, match="was opened"):
        penchant.read_interactions(write(tmp_path, "u\ta\n\tb\n"))


@pytest.mark.parametrize("limit", ["512MB", "1GB", "1.5 GiB", "300 mib", "64MiB"])
def test_the_memory_limit_is_that_of_duckdb(limit: str) -> None:
    with workspace(limit) as work:
        (text,) = work.con.execute("SELECT current_setting('memory_limit')").fetchone()
        number, unit = re.fullmatch(r"([\d.]+) (\w+)", text).groups()
        size = float(number) * {"MiB": 2**20, "GiB": 2**30}[unit]
        assert work.memory_bytes() == pytest.approx(size, rel=0.05)


def test_limits_that_duckdb_can_not_read() -> None:
    for limit in ("lots", "12 apples", ""):
        with pytest.raises(SettingsError, match="memory_limit"), workspace(limit) as work:
            work.memory_bytes()


@pytest.mark.parametrize("in_memory", [False, True])
def test_failures_are_errors_of_data(in_memory: bool) -> None:
    def query(sql: str) -> None:
        with workspace("64MB") as work:
            work.in_memory = in_memory
            work.con.execute(sql)

    with pytest.raises(DataError, match="can't be read"):
        query("SELECT * FROM missing")
    with workspace("64MB") as work:
        work.in_memory = in_memory
        folder = work.scratch
        work.con.execute("CREATE TABLE t AS SELECT 1")
    assert not folder.exists()
