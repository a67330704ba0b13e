"""Properties of databases: invalid files, locks, full disks, passwords."""

from __future__ import annotations

import contextlib
import sqlite3
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa

from penchant.data.io import database
from penchant.errors import SettingsError, StoreError
from penchant.serving.store.base import Event, Override, Store
from penchant.serving.store.opening import open_store

VERSION_1 = Path(__file__).parents[2] / "artifacts" / "store-1.sql"


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "store.db"


def opened(path: Path) -> Store:
    return open_store(f"sqlite:///{path}")


@contextlib.contextmanager
def connected(path: Path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as con:
        yield con


@pytest.fixture
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.1)


def test_stores_of_version_1_stay_readable(path) -> None:
    with connected(path) as con:
        con.executescript(VERSION_1.read_text(encoding="utf-8"))
    with opened(path) as store:
        assert store.history("ann") == {5: -2.0}
        assert store.history(7) == {"Sigur Rós": 1.0}
        assert next(store.events()).event == Event("ann", 5, at=1.5, key="k")
        assert [entry.path for entry in store.activations()] == ["new.penchant", "old.penchant"]
        assert store.overrides() == {
            5: Override("Blue Note", "https://example.org", "blue.png", ("jazz", "a|b"), True),
        }
        assert store.add([Event("ann", 6, key="k"), Event("ann", 6)]) == [False, True]
        assert store.last() == 6
        assert store.changes("ann", 1).values == {5: -2.0, "gone": 0.0, 6: 1.0}
    with connected(path) as con:
        assert con.execute("SELECT version FROM penchant_store").fetchall() == [(4,)]
        names = {name for (name,) in con.execute("SELECT name FROM sqlite_master")}
    assert "penchant_events" in names
    assert "penchant_folded" not in names


def test_commits_wait_for_the_disk(path) -> None:
    with opened(path) as store, store._engine.connect() as con:  # type: ignore[attr-defined]
        assert con.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert con.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_deleted_events_are_overwritten_in_the_file(path) -> None:
    with opened(path) as store:
        store.add([Event("ann-the-secret-one", 1), Event("bo", 1)])
        store.forget("ann-the-secret-one")
    assert b"bo" in path.read_bytes()
    assert b"ann-the-secret-one" not in path.read_bytes()


def test_the_index_finds_keys_and_histories(path) -> None:
    statements = []
    with opened(path) as store:

        @sa.event.listens_for(store._engine, "before_cursor_execute")  # type: ignore[attr-defined]
        def note(con, cursor, statement, parameters, *_) -> None:
            statements.append((statement, parameters))

        store.add([Event(f"p{n}", n, key=str(n)) for n in range(3)])
        store.history("p1")
    tables = ("penchant_events", "penchant_current")
    queries = [
        entry
        for entry in statements
        if entry[0].startswith("SELECT") and any(name in entry[0] for name in tables)
    ]
    assert len(queries) == 5
    with connected(path) as con:
        for statement, parameters in queries:
            plan = con.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            assert "SEARCH penchant_" in str(plan), statement
            assert "SCAN" not in str(plan), statement


def test_a_temporary_store_is_deleted() -> None:
    store = open_store("sqlite://")
    place = Path(store._url.database)  # type: ignore[attr-defined]
    store.add([Event("ann", 1)])
    with open_store("sqlite:///:memory:") as other:
        assert other.history("ann") == {}
    assert place.exists()
    store.close()
    assert not place.parent.exists()


def test_an_empty_file_becomes_a_store(path) -> None:
    path.touch()
    with opened(path) as store:
        assert store.last() == 0


def test_other_files_are_left_unchanged(path) -> None:
    path.write_bytes(b"user,item\n" * 500)
    with pytest.raises(StoreError, match=r"store\.db: .*is not a SQLite database"):
        opened(path)
    assert path.read_bytes() == b"user,item\n" * 500


def test_other_databases_are_left_unchanged(path) -> None:
    with connected(path) as con:
        con.execute("CREATE TABLE shop (n INTEGER)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program, with the tables shop"):
        opened(path)
    assert path.read_bytes() == before


def test_a_damaged_file_raises_an_error(path) -> None:
    with opened(path) as store:
        store.add([Event("ann", n) for n in range(2000)])
    whole = bytearray(path.read_bytes())
    whole[4096:] = b"\xff" * (len(whole) - 4096)
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="is damaged: restore a backup"), opened(path) as store:
        store.history("ann")


def test_a_missing_folder(tmp_path) -> None:
    with pytest.raises(StoreError, match=r"none/store\.db: .*can't be opened: does its folder"):
        opened(tmp_path / "none" / "store.db")


def test_a_read_only_file(path) -> None:
    opened(path).close()
    read_only = open_store(f"sqlite:///file:{path}?mode=ro&uri=true")
    with read_only, pytest.raises(StoreError, match="can't be written: check the permissions"):
        read_only.add([Event("ann", 1)])


def test_a_full_disk_loses_nothing_and_recovers(path) -> None:
    with opened(path) as store:
        store.add([Event("ann", 1)])
        full = [True]

        @sa.event.listens_for(store._engine, "begin")  # type: ignore[attr-defined]
        def limit(con: sa.Connection) -> None:
            pages = con.exec_driver_sql("PRAGMA page_count").scalar() if full[0] else 10**6
            con.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(StoreError, match="the disk is full"):
            store.add([Event("bo", n) for n in range(5000)])
        assert (store.history("ann"), store.history("bo")) == ({1: 1.0}, {})
        full[0] = False
        store.add([Event("bo", 1)])
        assert store.history("bo") == {1: 1.0}


@pytest.mark.usefixtures("impatient")
def test_a_long_lock_raises_an_error_and_reading_continues(path) -> None:
    with opened(path) as store, connected(path) as other:
        store.add([Event("ann", 1)])
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"another process has kept it locked"):
            store.add([Event("ann", 2)])
        assert store.history("ann") == {1: 1.0}
        other.execute("ROLLBACK")
        assert store.add([Event("ann", 2)]) == [True]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:1/shop",
        "postgres://127.0.0.1:1/shop?user=me&password=hunter2",
    ],
)
def test_error_messages_contain_no_password(url) -> None:
    with pytest.raises(
        StoreError, match=r"postgresql://.*127\.0\.0\.1:1/shop: .*refused"
    ) as caught:
        open_store(url)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["hunter2", "mysql://me:hunter2@host/shop", "sqlite:hunter2"])
def test_error_messages_do_not_repeat_invalid_urls(url) -> None:
    with pytest.raises(SettingsError, match=r"give sqlite:///file\.db or postgresql://") as caught:
        open_store(url)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_the_store_reconnects_to_a_restarted_postgresql(postgres_server) -> None:
    with open_store(postgres_server.url()) as store:
        store.add([Event("ann", 1)])
        with store._engine.connect() as con:  # type: ignore[attr-defined]
            others = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'penchant'"
            )
            con.execute(sa.text(f"{others} AND pid <> pg_backend_pid()"))
        assert store.add([Event("ann", 2)]) == [True]
        assert store.history("ann") == {1: 1.0, 2: 1.0}
