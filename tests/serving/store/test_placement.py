"""A database whose file is deleted or replaced while it is open, and the rights of new files."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from penchant.errors import StoreError
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store, remove_log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_a_deleted_database_takes_no_events_and_says_so(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:
        store.add([Event("ann", 1)])
        hidden = path.rename(path.with_name("elsewhere.db"))
        for act in (lambda: store.add([Event("ann", 2)]), store.check, lambda: store.forget("bo")):
            with pytest.raises(StoreError, match=r"store\.db was deleted while it was in use"):
                act()
        hidden.rename(path)
        assert store.add([Event("ann", 3)]) == [True]
        store.check()
        assert store.history("ann") == {1: 1.0, 3: 1.0}


def test_a_replaced_database_is_noticed(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:
        store.add([Event("ann", 1)])
        shutil.copy(path, path.with_name("copy.db"))
        path.with_name("copy.db").replace(path)
        with pytest.raises(StoreError, match="replaced by another file"):
            store.add([Event("ann", 2)])
        with pytest.raises(StoreError, match="replaced by another file"):
            store.check()


def test_a_deleted_log_of_writes_is_noticed(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:
        store.add([Event("ann", 1)])
        path.with_name("store.db-wal").unlink()
        with pytest.raises(StoreError, match=r"store\.db-wal was deleted"):
            store.add([Event("ann", 2)])


def test_a_deletion_during_the_commit_is_noticed(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:

        @sa.event.listens_for(store._engine, "commit")  # type: ignore[attr-defined]
        def unlink(_: sa.Connection) -> None:
            path.unlink(missing_ok=True)

        with pytest.raises(StoreError, match="was deleted"):
            store.add([Event("ann", 1)])


def test_another_store_under_the_same_address_is_noticed(store) -> None:
    with store._engine.begin() as con:
        con.execute(sa.text("UPDATE penchant_store SET identity = 'another'"))
    with pytest.raises(StoreError, match="was replaced by another one"):
        store.add([Event("ann", 1)])
    with pytest.raises(StoreError, match="was replaced by another one"):
        store.check()


def test_a_copy_of_the_file_alone_has_its_tables(path: Path) -> None:
    with open_store(f"sqlite:///{path}"):
        copy = shutil.copy(path, path.with_name("copy.db"))
    con = sqlite3.connect(copy)
    assert con.execute("SELECT version FROM penchant_store").fetchone() == (4,)
    con.close()


def test_a_closed_store_leaves_no_log_of_writes(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    store.add([Event("ann", n) for n in range(100)])
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_a_new_database_is_its_owners_alone(path: Path) -> None:
    old = os.umask(0o022)
    try:
        with open_store(f"sqlite:///{path}") as store:
            store.add([Event("ann", 1)])
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(old)
    assert modes.keys() == {"store.db", "store.db-wal", "store.db-shm"}
    assert set(modes.values()) == {0o600}


def test_an_existing_database_keeps_its_rights(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    path.chmod(0o660)
    open_store(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o777 == 0o660


def test_a_log_that_no_process_removed_is_moved_into_the_database(path: Path) -> None:
    left = path.with_name("left.db")
    with open_store(f"sqlite:///{path}") as store:
        store.add([Event("ann", 1)])
        shutil.copy(path, left)  # as if all processes had ended without closing it
        shutil.copy(path.with_name("store.db-wal"), path.with_name("left.db-wal"))
    remove_log(f"sqlite:///{left}")
    assert sorted(file.name for file in path.parent.iterdir()) == ["left.db", "store.db"]
    with contextlib.closing(sqlite3.connect(left)) as con:
        assert con.execute("SELECT count(*) FROM penchant_events").fetchone() == (1,)


def test_the_log_of_a_database_in_use_stays(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:
        store.add([Event("ann", 1)])
        remove_log(f"sqlite:///{path}")
        store.add([Event("ann", 2)])
        assert store.history("ann") == {1: 1.0, 2: 1.0}


@pytest.mark.parametrize("name", ["missing.db", ""])
def test_there_is_no_log_of_a_database_that_is_not_a_file(tmp_path: Path, name: str) -> None:
    remove_log(f"sqlite:///{tmp_path / name}" if name else "sqlite://")
    assert list(tmp_path.iterdir()) == []
