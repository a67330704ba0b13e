"""The store interface, in SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penchant.errors import DataError, PenchantError, SettingsError, StoreError
from penchant.serving.store import migrations
from penchant.serving.store.base import MAX_ID_BYTES, Activation, Event, Override, Store
from penchant.serving.store.opening import open_store

HOSTILE = [
    "'; DROP TABLE penchant_events; --",
    '"quoted"',
    "%s :name ?",
    "Sigur Rós 🎧",
    "\n\t",
    "05",
]


def test_events_are_returned_unchanged_in_order(store) -> None:
    given = [
        Event("ann", 5, at=1.5),
        Event("ann", "05", "unlike", at=2.0, key="a"),
        Event(7, "blue note", value=-2.5, at=3.0),
    ]
    assert store.add(given[:2]) == [True, True]
    assert store.add(given[2:]) == [True]
    stored = list(store.events())
    assert [entry.event for entry in stored] == given
    assert [type(entry.event.item) for entry in stored] == [int, str, str]
    numbers = [entry.number for entry in stored]
    assert numbers == sorted(set(numbers))
    assert store.last() == numbers[-1]


def test_reading_continues_after_a_number(store) -> None:
    store.add([Event("ann", n) for n in range(25)])
    first = list(store.events(limit=10))
    rest = list(store.events(after=first[-1].number))
    assert [entry.event.item for entry in first + rest] == list(range(25))
    assert list(store.events(after=store.last())) == []
    assert list(store.events(limit=0)) == []


def test_long_logs_are_read_in_chunks(store, monkeypatch) -> None:
    monkeypatch.setattr("penchant.serving.store.database._PAGE", 7)
    store.add([Event("ann", n) for n in range(30)])
    assert [entry.event.item for entry in store.events()] == list(range(30))
    assert len(list(store.events(limit=16))) == 16


def test_a_time_is_filled_in(store) -> None:
    before = time.time()
    store.add([Event("ann", 1)])
    [stored] = store.events()
    assert before <= stored.event.at <= time.time()


def test_a_key_counts_once_for_a_person(store) -> None:
    assert store.add([Event("ann", 1, key="k"), Event("ann", 2, key="k")]) == [True, False]
    assert store.add([Event("ann", 3, key="k"), Event("bo", 1, key="k")]) == [False, True]
    assert store.add([Event("ann", 4), Event("ann", 4)]) == [True, True]
    assert store.history("ann") == {1: 1.0, 4: 1.0}


def test_many_keys_at_once(store) -> None:
    events = [Event(f"p{n % 7}", n, key=str(n)) for n in range(2500)]
    assert all(store.add(events))
    assert not any(store.add(events))
    assert store.add([*events, Event("new", 1, key="0")]) == [False] * 2500 + [True]


def test_a_history_contains_the_remaining_likes(store) -> None:
    store.add([Event("ann", item, value=3.0) for item in ("a", "b", 5, "05")])
    store.add([Event("ann", item, "unlike") for item in ("a", "z")])
    store.add([Event("ann", "b", value=-1.0)])
    assert list(store.history("ann").items()) == [(5, 3.0), ("05", 3.0), ("b", -1.0)]
    store.add([Event("ann", 5)])
    assert list(store.history("ann")) == ["05", "b", 5]
    assert store.history("unknown") == {}
    assert store.history(5) == {}


def test_a_text_that_spells_an_integer_is_the_integer(store) -> None:
    assert store.add([Event(7, "5", key="k"), Event("7", 5, key="k")]) == [True, False]
    store.add([Event("7", 5, value=2.0), Event(7, "6"), Event("7", 6, "unlike")])
    store.add([Event("-7", 1), Event("07", "1.0"), Event("7.0", str(2**63))])
    assert store.history(7) == store.history("7") == {5: 2.0}
    assert store.changes("7", 1).values == {5: 2.0, 6: 0.0}
    assert store.people() == {7, -7, "07", "7.0"}
    assert store.history("07") == {"1.0": 1.0}
    assert store.history("7.0") == {str(2**63): 1.0}
    assert next(store.events()).event.person == 7


def test_an_override_is_of_an_item_in_any_spelling(store) -> None:
    store.set_override("5", Override("Blue"))
    store.set_override(5, Override("Note"))
    assert store.overrides() == {5: Override("Note")}
    store.set_override("5", None)
    assert store.overrides() == {}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.sampled_from([1, "01", 2, "x"]), st.sampled_from([0.0, 1.0, -1.0, 2.5])),
        max_size=12,
    ),
    cut=st.integers(0, 12),
)
def test_the_last_event_of_an_item_wins(store, changes, cut) -> None:
    store.forget("ann")
    events = [Event("ann", i, "like", v) if v else Event("ann", i, "unlike") for i, v in changes]
    store.add(events[:cut])
    store.add(events[cut:])
    assert store.history("ann") == {item: v for item, v in dict(changes).items() if v}


def test_a_batch_is_stored_whole_or_not_at_all(store) -> None:
    broken = Event("ann", 3)
    object.__setattr__(broken, "value", None)  # the constructor rejects such an event
    with pytest.raises(StoreError):
        store.add([Event("ann", 1), Event("ann", 2), broken])
    assert store.last() == 0
    assert store.add([Event("ann", 1)]) == [True]


def test_an_empty_batch(store) -> None:
    assert store.add([]) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_stored_as_text(store, text) -> None:
    store.add([Event(text, text, key=text)])
    store.set_override(text, Override(name=text, link=text, picture=text, tags=(text,)))
    store.activate(text)
    assert store.history(text) == {text: 1.0}
    assert store.overrides()[text].tags == (text,)
    assert store.active().path == text
    assert store.forget(text).events == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"person": ""}, "person is 0 bytes long"),
        ({"item": "x" * (MAX_ID_BYTES + 1)}, "item is 1,00. bytes long"),
        ({"item": "a\0b"}, "NUL"),
        ({"item": "\ud800"}, "not valid Unicode"),
        ({"item": 2**63}, "64 bits"),
        ({"item": True}, "text or an integer, got True"),
        ({"item": 1.5}, "text or an integer, got 1.5"),
        ({"value": float("nan")}, "value must be a finite number"),
        ({"value": 0}, "must not have the value 0"),
        ({"at": float("inf")}, "at must be a finite number"),
        ({"key": ""}, "key is 0 bytes"),
    ],
)
def test_invalid_events_are_rejected(fields, message) -> None:
    with pytest.raises(DataError, match=message):
        Event(**{"person": "ann", "item": 1, **fields})


def test_a_kind_is_a_like_or_an_unlike() -> None:
    with pytest.raises(SettingsError, match="'like', 'unlike'; got 'hate'"):
        Event("ann", 1, "hate")  # type: ignore[arg-type]


def test_the_longest_ids_and_keys_fit(store) -> None:
    longest = "\x01" * 166  # each is six bytes of JSON
    event = Event(longest, "ü" * 499, key="k" * MAX_ID_BYTES)
    assert store.add([event, event]) == [True, False]
    assert store.history(longest) == {"ü" * 499: 1.0}


def test_models_are_activated_and_reactivated(store) -> None:
    assert store.active() is None
    store.activate("one.penchant")
    store.activate("two.penchant", learned=12)
    newest, older = store.activations()
    assert (newest.path, newest.learned, older.path) == ("two.penchant", 12, "one.penchant")
    assert store.active() == newest
    store.activate(older.path, learned=older.learned)
    assert store.active().path == "one.penchant"
    assert isinstance(newest, Activation)
    assert len(store.activations(2)) == 2


@pytest.mark.parametrize("wrong", [0.5, "x", -1, 2**70])
def test_a_limit_that_is_no_number_of_rows_is_refused(store, wrong) -> None:
    """With a limit of 0.5 the events never ended."""
    store.add([Event("ann", 1)])
    with pytest.raises(SettingsError, match="limit must be"):
        list(store.events(limit=wrong))
    with pytest.raises(SettingsError, match="limit must be"):
        store.changes("ann", limit=wrong)


def test_wrong_arguments_are_errors_of_penchants_tree(store) -> None:
    for call, arguments in (
        (store.add, [5]), (store.add, [[5]]), (store.set_override, ["a", 5]),
        (store.activations, ["x"]), (store.people, ["x"]), (store.events, ["x"]),
        (open_store, [5]), (store.add, [np.array(["a"])]), (store.add, [np.ones((2, 2))]),
        (Override, [None, None, None, print]), (Override, [None, None, None, np.ones((2, 2))]),
    ):  # fmt: skip
        with pytest.raises(PenchantError):
            list(call(*arguments))


def test_overrides_replace_each_other(store) -> None:
    first = Override(name="Blue", tags=("jazz", "a|b"), hidden=True)
    store.set_override(5, first)
    store.set_override("05", Override(tags=()))
    assert store.overrides() == {5: first, "05": Override(tags=())}
    store.set_override(5, Override(link="https://example.org"))
    store.set_override("05", None)
    store.set_override("never", None)
    assert store.overrides() == {5: Override(link="https://example.org")}


@pytest.mark.parametrize(
    "fields", [{"name": 5}, {"tags": "jazz"}, {"tags": ("",)}, {"link": "a\0"}]
)
def test_overrides_are_texts(fields) -> None:
    with pytest.raises(DataError):
        Override(**fields)


def test_forgetting_deletes_all_events(store) -> None:
    store.add([Event("ann", 1, key="k"), Event("bo", 1), Event("ann", 2)])
    newest = store.last()
    assert store.forget("ann").events == 2
    assert store.history("ann") == {}
    assert [entry.event.person for entry in store.events()] == ["bo"]
    assert store.forget("ann").events == 0
    store.add([Event("cy", 1)])
    assert store.last() > newest  # numbers are never used again


def test_data_persists_after_reopening(url) -> None:
    with open_store(url) as store:
        store.add([Event("ann", 1)])
        store.activate("m.penchant")
    with open_store(url) as store:
        assert store.history("ann") == {1: 1.0}
        assert store.active().path == "m.penchant"


def test_several_stores_share_a_database(url) -> None:
    with open_store(url) as entry, open_store(url) as other:
        entry.add([Event("ann", 1, key="k")])
        assert other.add([Event("ann", 2, key="k")]) == [False]
        assert other.history("ann") == {1: 1.0}


def test_threads_of_several_stores_store_every_event_once(url) -> None:
    stored: list[bool] = []
    with open_store(url) as entry, open_store(url) as other:

        def client(store: Store, person: str) -> None:
            for n in range(15):
                stored.extend(store.add([Event(person, n, key=str(n)), Event(person, -n - 1)]))

        # two clients send the same events: those with a key are stored once
        threads = [
            threading.Thread(target=client, args=(store, f"p{n}"))
            for store in (entry, other)
            for n in range(3)
        ]
        for thread in threads:
            thread.start()
        seen = _follow(entry, threads)
        assert stored.count(False) == 3 * 15
        everything = list(entry.events())
    assert len(everything) == 3 * (15 + 30)
    assert seen == [entry.number for entry in everything]


def _follow(store: Store, writers: list[threading.Thread]) -> list[int]:
    """Return event numbers, read after the last one while other threads write."""
    seen: list[int] = []
    finished = False
    while not finished:
        finished = not any(writer.is_alive() for writer in writers)
        seen += [entry.number for entry in store.events(after=seen[-1] if seen else 0)]
    return seen


def test_submitted_events_can_be_awaited(store) -> None:
    async def several() -> list[list[bool]]:
        futures = [store.submit([Event("ann", n, key=str(n % 5))]) for n in range(10)]
        return await asyncio.gather(*map(asyncio.wrap_future, futures))

    assert asyncio.run(several()) == [[True]] * 5 + [[False]] * 5


def test_a_closed_store_raises_an_error(store) -> None:
    store.add([Event("ann", 1)])
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.add([Event("ann", 2)])


def test_check_passes_for_an_available_store(store) -> None:
    store.check()


def test_later_versions_are_rejected(url, monkeypatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(
            migrations,
            "MIGRATIONS",
            [*migrations.MIGRATIONS, ["CREATE TABLE penchant_x (n INTEGER)"]],
        )
        open_store(url).close()
    with pytest.raises(StoreError, match=r"a later penchant .* version 5, and this .* up to 4"):
        open_store(url)


def test_migrations_run_in_order_and_keep_data(url, monkeypatch) -> None:
    with open_store(url) as store:
        store.add([Event("ann", 1)])
    steps = [
        ["ALTER TABLE penchant_events ADD COLUMN place TEXT"],
        ["UPDATE penchant_events SET place = 'home'"],
    ]
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, *steps])
    for _ in range(2):  # the second time there is nothing to do
        with open_store(url) as store:
            assert store.history("ann") == {1: 1.0}


def test_two_spellings_of_an_older_store_become_one(url) -> None:
    with open_store(url) as store:
        store.add([Event(7, 5, key="k"), Event(7, 6, key="m")])
        store.set_override(5, Override("Blue"))
        older = [
            "INSERT INTO penchant_events (person, item, kind, value, at, key) VALUES "
            "('\"7\"', '\"5\"', 'unlike', 1, 1, 'k'), ('\"7\"', '\"8\"', 'like', 2, 1, NULL)",
            "INSERT INTO penchant_overrides (item, name, hidden) VALUES ('\"5\"', 'Note', 0)",
            "UPDATE penchant_store SET version = 3",
        ]
        with store._engine.begin() as con:  # type: ignore[attr-defined]
            for statement in older:
                con.execute(sa.text(statement))
    with open_store(url) as store:
        assert store.history("7") == {5: 1.0, 6: 1.0, 8: 2.0}
        assert store.people() == {7}
        assert store.overrides() == {5: Override("Blue")}


def test_a_failed_migration_is_rolled_back(url, monkeypatch) -> None:
    with open_store(url) as store:
        store.add([Event("ann", 1)])
    with monkeypatch.context() as later:
        steps = [["CREATE TABLE penchant_x (n INTEGER)", "not SQL at all"]]
        later.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, *steps])
        with pytest.raises(StoreError, match="syntax"):
            open_store(url)
    with open_store(url) as store:
        assert store.history("ann") == {1: 1.0}
