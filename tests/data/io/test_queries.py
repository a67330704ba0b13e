"""Queries of SQLite and PostgreSQL as logs: ids stay what they are, memory stays small."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

import penchant
from penchant.data.io import queries
from penchant.data.io.queries import to_file
from penchant.errors import DataError, SettingsError

ROWS = [
    ("ann", 5, 2.5, "2024-01-02 03:04:05"),
    ("ann", 7, 1.0, "2024-01-02 03:04:06"),
    ("bo", 5, -1.0, "2024-01-03 00:00:00"),
    ("007", 12, 3.0, None),
    ("Sigur 'Rós' 100% :x", 5, 1.0, None),
]
SCHEMA = "CREATE TABLE plays (who TEXT, what BIGINT, n DOUBLE PRECISION, at TIMESTAMP)"


def sqlite_file(path: Path, rows: list[Any], schema: str = SCHEMA) -> str:
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute(schema)
        con.executemany(f"INSERT INTO plays VALUES ({', '.join('?' * len(rows[0]))})", rows)
        con.commit()
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path) -> str:
    """A database with the table ``plays``."""
    if request.param == "sqlite":
        return sqlite_file(tmp_path / "shop.db", ROWS)
    url = request.getfixturevalue("postgres_server").url()
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as con:
        con.execute(sa.text(SCHEMA))
        for row in ROWS:
            con.exec_driver_sql("INSERT INTO plays VALUES (%s, %s, %s, %s)", row)
    engine.dispose()
    return url


def test_a_query_is_read_as_any_log(address) -> None:
    read = penchant.read_interactions(address, "who", "what", "n", query="SELECT * FROM plays")
    assert list(read.users) == sorted({row[0] for row in ROWS})
    assert list(read.items) == [5, 7, 12]
    assert read.history("ann") == {5: 2.5, 7: 1.0}
    assert read.history("bo") == {5: -1.0}


def test_columns_are_found_by_their_names_and_times_are_read(address) -> None:
    query = "SELECT what AS item, who AS user_id, at FROM plays WHERE at IS NOT NULL"
    read = penchant.read_interactions(address, timestamp="at", query=query)
    assert (read.n_users, read.n_items, read.nnz) == (2, 2, 3)
    assert sorted(read.timestamps) == [1704164645, 1704164646, 1704240000]


def test_special_characters_are_plain_text(address) -> None:
    query = "SELECT who, what FROM plays WHERE who LIKE 'Sigur ''R%% 100% :x' AND '%s' = '%s'"
    assert penchant.read_interactions(address, query=query).n_users == 1


def test_pages_join(address, monkeypatch) -> None:
    monkeypatch.setattr(queries, "_AT_ONCE", 2)
    told: list[int] = []
    with duckdb.connect() as con:
        pulled = queries.pull(con, address, "SELECT who, what FROM plays", on_rows=told.append)
        relation = pulled.named()
        assert con.execute(f"SELECT count(*), sum(what) FROM {relation}").fetchall() == [(5, 34)]
    assert told == [2, 4, 5]


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl.gz"])
def test_a_query_becomes_a_file(address, tmp_path, name) -> None:
    path = tmp_path / name
    assert to_file(address, "SELECT who, what, n FROM plays", path) == 5
    read = penchant.read_interactions(path, "who", "what", "n")
    assert read.n_users == 4
    assert set(map(str, read.items)) == {"5", "7", "12"}
    assert sum(len(read.history(user)) for user in read.users) == 5
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("query", ["DELETE FROM plays", "DROP TABLE plays", "SELECT * FROM none"])
def test_a_query_can_only_read(address, tmp_path, query) -> None:
    with pytest.raises(DataError, match=r"the database|no SELECT"):
        to_file(address, query, tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()
    assert to_file(address, "SELECT * FROM plays", tmp_path / "a.parquet") == 5


def test_a_failing_query_keeps_the_password(tmp_path) -> None:
    with pytest.raises(DataError, match="refused") as caught:
        to_file("postgres://me:hunter2@127.0.0.1:1/shop", "SELECT 1", tmp_path / "a.csv")
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_values_of_different_kinds(tmp_path) -> None:
    schema = "CREATE TABLE plays (a, b, c, d)"
    rows = [(1, 1, None, "x"), (2.5, "1", None, None), (3, 2, None, "7")]
    address = sqlite_file(tmp_path / "odd.db", rows, schema)
    with duckdb.connect() as con:
        relation = queries.pull(con, address, "SELECT a, c, d FROM plays").named()
        kinds = con.execute(f"SELECT typeof(a), typeof(c), typeof(d) FROM {relation}").fetchone()
        assert kinds == ("DOUBLE", "VARCHAR", "VARCHAR")
    with pytest.raises(DataError, match=r"column 'b' .* mixes BIGINT and VARCHAR .*CAST"):
        penchant.read_interactions(address, "a", "b", query="SELECT * FROM plays")
    with pytest.raises(DataError, match=r"column 'blob' .* holds bytes values"):
        penchant.read_interactions(address, query="SELECT 1 AS u, x'00' AS blob FROM plays")
    with pytest.raises(DataError, match=r"two columns called 'a'"):
        penchant.read_interactions(address, query="SELECT a, a FROM plays")


@pytest.mark.parametrize(
    ("source", "query", "error", "message"),
    [
        ("sqlite:///none.db", "SELECT 1", DataError, r"no file 'none\.db'"),
        ("sqlite://", "SELECT 1", SettingsError, "is a file"),
        ("sqlite:///none.db", None, SettingsError, "needs a query"),
        ("plays.csv", "SELECT 1", SettingsError, "goes with the address of a database"),
    ],
)
def test_addresses_and_queries_go_together(source, query, error, message) -> None:
    with pytest.raises(error, match=message):
        penchant.read_interactions(source, query=query)


def test_a_target_is_checked_before_reading(tmp_path) -> None:
    with pytest.raises(SettingsError, match=r"ends in \.parquet"):
        to_file("sqlite:///none.db", "SELECT 1", tmp_path / "a.xls")
    with pytest.raises(DataError, match="no folder"):
        to_file("sqlite:///none.db", "SELECT 1", tmp_path / "none" / "a.csv")


MANY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
INSERT INTO plays SELECT printf('%0200d', i % 5000), i, 1.0, NULL FROM n
"""
PEAK = """
import resource, sys
from pathlib import Path
from penchant.data.io import queries
queries.to_file(sys.argv[1], "SELECT who, what FROM plays LIMIT 1000", Path(sys.argv[2]))
queries._MEMORY_LIMIT = "40MB"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
queries.to_file(sys.argv[1], "SELECT who, what FROM plays", Path(sys.argv[2]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_does_not_grow_with_the_rows(tmp_path) -> None:
    address = sqlite_file(tmp_path / "big.db", ROWS)
    with contextlib.closing(sqlite3.connect(tmp_path / "big.db", isolation_level=None)) as con:
        con.execute(MANY)
    # held as rows of Python, 400,000 of them would take 150 MB and more
    words = [sys.executable, "-c", PEAK, address, str(tmp_path / "big.parquet")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100
    with duckdb.connect() as con:
        counted = con.execute(f"SELECT count(*) FROM '{tmp_path / 'big.parquet'}'").fetchall()
    assert counted == [(400_005,)]


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH 'other.db' AS other", "attach database 'other.db' as other", "INSTALL httpfs",
        "COPY (SELECT 1) TO 'other.db'", "PRAGMA journal_mode = DELETE", "VACUUM INTO 'other.db'",
        "CREATE TABLE t (a)", "-- SELECT\nDELETE FROM plays", "/* SELECT */ DROP TABLE plays", "",
        "EXPLAIN SELECT 1", "SELECT load_extension('x')",
        "WITH a AS (SELECT 1) INSERT INTO plays SELECT 'a', 1, 1, NULL FROM a",
        "SELECT 1; ATTACH 'other.db' AS other",
    ],
)  # fmt: skip
def test_a_query_can_do_nothing_but_read(statement, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    address = sqlite_file(tmp_path / "shop.db", ROWS)
    with pytest.raises(DataError):
        penchant.read_interactions(address, query=statement)
    with pytest.raises(DataError):
        to_file(address, statement, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]
    assert (
        penchant.read_interactions(
            address, "who", "what", query="-- all\n/* x */ SELECT * FROM plays"
        ).nnz
        == 5
    )


def test_what_is_wrong_with_a_column_matters_only_if_it_is_read(tmp_path) -> None:
    rows = [("ann", 5, b"x", 1), ("bo", 6, b"y", "text")]
    address = sqlite_file(tmp_path / "s.db", rows, "CREATE TABLE plays (who, what, blob, mixed)")
    query = "SELECT * FROM plays"
    assert list(penchant.read_interactions(address, "who", "what", query=query).items) == [5, 6]
    with pytest.raises(DataError, match="'blob' of the query holds bytes values"):
        penchant.read_interactions(address, "who", "blob", query=query)
    with pytest.raises(DataError, match="'mixed' of the query mixes BIGINT and VARCHAR values"):
        penchant.read_interactions(address, "who", "mixed", query=query)
    with pytest.raises(DataError, match="bytes values"):
        to_file(address, query, tmp_path / "out.csv")
