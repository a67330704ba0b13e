"""Deleted people: nothing of them is left in a database, and tombstones outlive them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from penchant.errors import DataError
from penchant.serving.store.base import Event, Override
from penchant.serving.store.opening import open_store
from penchant.serving.store.tombstones import Tombstones, digest, text_user_number

SECRET = "ann-the-secret-person"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def occurrences(folder: Path, text: str) -> dict[str, int]:
    """Return how often a text is in the bytes of each file of a folder."""
    counts = {
        file.name: file.read_bytes().count(text.encode())
        for file in folder.rglob("*")
        if file.is_file()
    }
    return {name: count for name, count in counts.items() if count}


def test_no_file_of_an_open_database_contains_a_deleted_person(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:
        for begin in range(0, 3000, 100):  # pages split, and the log holds many copies of them
            events = [Event(SECRET, n, key=f"{SECRET}-{n}") for n in range(begin, begin + 50)]
            store.add(events + [Event(f"p{n}", n) for n in range(begin, begin + 50)])
        assert occurrences(path.parent, SECRET)
        receipt = store.forget(SECRET)
        assert (receipt.number, receipt.events, receipt.erased) == (1, 1500, True)
        assert occurrences(path.parent, SECRET) == {}
        assert len(list(store.events())) == 1500
    assert occurrences(path.parent, SECRET) == {}


def test_all_spellings_of_an_id_are_deleted_together(store) -> None:
    store.add([Event(5, 1), Event("5", 1), Event("05", 1), Event(-5, 1)])
    assert store.forget("5").events == 2
    assert store.people() == {"05", -5}
    assert store.forget(-5).events == 1


def test_the_number_that_stands_for_a_text_deletes_the_text(store) -> None:
    store.add([Event("visitor-1", 1), Event("visitor-2", 1)])
    assert store.forget(text_user_number("visitor-1")).events == 1
    assert store.people() == {"visitor-2"}


def test_current_values_are_deleted_too(store) -> None:
    store.add([Event("ann", 1), Event("bo", 2)])
    store.forget("ann")
    assert store.changes("ann").values == {}
    assert store.history("bo") == {2: 1.0}
    store.add([Event("ann", 3)])
    assert store.history("ann") == {3: 1.0}


def test_tombstones_are_kept_by_the_store_and_hold_no_id(url) -> None:
    with open_store(url) as store:
        assert len(store.tombstones()) == store.last_deletion() == 0
        first, second = store.forget("ann"), store.forget("visitor-1")
        assert store.last_deletion() == second.number == 2
        assert "ann" not in first.person
    with open_store(url) as store:
        deleted = store.tombstones()
        assert deleted.hides("ann", 0)
        assert not deleted.hides("ann", first.number)
        assert deleted.hides("visitor-1", first.number)
        assert deleted.hides(text_user_number("visitor-1"), first.number)
        assert not deleted.hides("bo", 0)
        assert deleted.hidden(["ann", "bo", "visitor-1"], 1) == ["visitor-1"]


def test_stores_have_keys_of_their_own(tmp_path: Path) -> None:
    digests = set()
    for name in ("a", "b"):
        with open_store(f"sqlite:///{tmp_path / name}.db") as store:
            digests |= {store.forget("ann").person, store.tombstones().store}
    assert len(digests) == 4


def test_what_is_no_id_can_not_be_deleted(store) -> None:
    for person in ("", 1.5, "a\0b"):
        with pytest.raises(DataError):
            store.forget(person)


def test_a_reader_that_stays_delays_the_erasure_until_the_store_is_closed(
    path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("penchant.data.io.database.PATIENCE", 0.1)
    reader = sqlite3.connect(path, isolation_level=None)
    with open_store(f"sqlite:///{path}") as store:
        store.add([Event(SECRET, 1)])
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM penchant_events").fetchone() == (1,)
        assert not store.forget(SECRET).erased
        reader.execute("COMMIT")
    assert occurrences(path.parent, SECRET) == {}
    reader.close()


def test_a_store_of_version_2_is_migrated(path: Path) -> None:
    script = Path(__file__).parents[2] / "artifacts" / "store-2.sql"
    con = sqlite3.connect(path)
    con.executescript(script.read_text(encoding="utf-8"))
    con.close()
    with open_store(f"sqlite:///{path}") as store:
        assert store.changes("ann").values == {"gone": 0.0, 5: 3.0}
        assert store.history(7) == {"Sigur Rós": 1.0}
        store.check()
        assert store.forget("ann").events == 5


def test_a_store_of_version_3_is_migrated(path: Path) -> None:
    """Two spellings of a person, of an item and of an override become one."""
    script = Path(__file__).parents[2] / "artifacts" / "store-3.sql"
    con = sqlite3.connect(path)
    con.executescript(script.read_text(encoding="utf-8"))
    con.close()
    with open_store(f"sqlite:///{path}") as store:
        assert store.changes("ann").values == {5: 3.0}
        # event 4 has the key of event 3 of the same person, and no longer counts
        assert store.changes("7").values == {"Sigur Rós": 1.0, "05": 1.0, "5.0": 1.0}
        assert [stored.number for stored in store.events()] == [1, 2, 3, 5, 6, 7]
        assert store.people() == {"ann", 7}
        assert store.overrides() == {5: Override("Blue Note"), 8: Override("Eight")}
        assert store.add([Event("7", 1, key="m")]) == [False]
        assert (store.last(), store.last_deletion()) == (7, 1)
        assert store.tombstones().hides("gone", 0)


def test_changes_come_a_page_at_a_time(store) -> None:
    store.add([Event("ann", n) for n in range(5)] + [Event("ann", 0, "unlike")])
    first = store.changes("ann", limit=3)
    assert first.values == {1: 1.0, 2: 1.0, 3: 1.0}
    rest = store.changes("ann", first.last)
    assert rest.values == {4: 1.0, 0: 0.0}
    assert rest.last == store.last()
    none = store.changes("ann", rest.last)
    assert (none.values, none.times, none.last) == ({}, {}, rest.last)


def test_a_read_of_one_person_does_not_pass_over_old_events(path: Path) -> None:
    """60,000 likes of three items are three rows to read, not 60,000."""
    with open_store(f"sqlite:///{path}") as store:
        for _ in range(6):
            store.add([Event("ann", n % 3) for n in range(1000)])
        with store._engine.connect() as con:  # type: ignore[attr-defined]
            count = con.execute(sa.text("SELECT count(*) FROM penchant_current")).scalar()
        assert count == 3
        assert len(store.changes("ann").values) == 3


def test_digests() -> None:
    assert digest(5, "key") == digest("5", "key") != digest("5", "other")
    assert not Tombstones("key").hides(5, 0)
