"""Long histories: read once, kept, and not worked on by the event loop."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from tests.conftest import random_interactions
from tests.serving.conftest import small_data

from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.models.als.model import ALS
from penchant.serving.histories import HistoryCache, TooLongError, merge_events
from penchant.serving.learned import Learned
from penchant.serving.people import People, Profile
from penchant.serving.process.ipc import SharedState
from penchant.serving.service import Service
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'histories.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def large() -> Service:
    """A model with 3,000 items."""
    data = random_interactions(20, 3_000, density=0.3, seed=1)
    users, items = IdMap.range(20, "user"), IdMap.range(3_000, "item")
    return Service(
        {"likes": ALS(factors=4, iterations=1).fit(Interactions(data.csr, users, items))}
    )


def expected(store, service: Service, person) -> dict:
    """The history by the definition: all events, in order, merged with the model's data."""
    changes: dict = {}
    for entry in store.events():
        event = entry.event
        if event.person == person:
            changes.pop(event.item, None)
            changes[event.item] = event.value if event.kind == "like" else 0.0
    history = service.history(person) if service.has_user(person) else {}
    return merge_events(history, service.likes.items, changes)


@pytest.mark.parametrize("person", [3, -5], ids=["user", "visitor"])
def test_kept_histories_are_the_same_as_read_ones(store, large, person) -> None:
    people = People(store, SharedState())
    for step in range(6):
        store.add([Event(person, (step * 311 + n) % 3000, value=1 + step) for n in range(500)])
        store.add([Event(person, (step * 97 + n) % 3000, "unlike") for n in range(100)])
        people.refresh(large)
        for _ in range(2):
            likes = people.likes(large, person)
            assert list(likes.items()) == list(expected(store, large, person).items())
            assert people.resolve(large, person).history == likes
    assert people._histories._size > 0


def test_a_second_request_reads_only_new_events(store, large, monkeypatch) -> None:
    people = People(store, SharedState())
    store.add([Event(-5, n) for n in range(1000)])
    first = people.likes(large, -5)
    read = []
    original = store.changes
    monkeypatch.setattr(
        store, "changes", lambda *a, **k: read.append(original(*a, **k)) or read[-1]
    )
    assert people.likes(large, -5) is first
    store.add([Event(-5, 2000)])
    assert list(people.likes(large, -5)) == [*range(1000), 2000]
    assert [len(changes.values) for changes in read] == [0, 1]


def test_another_model_merges_again(store) -> None:
    first, second = (
        Service({"likes": ALS(factors=2, iterations=1).fit(data)})
        for data in (random_interactions(5, 900, seed=1), random_interactions(5, 500, seed=1))
    )
    store.add([Event("p", f"i{n:04d}") for n in range(900)])
    people = People(store, SharedState())
    assert [len(people.likes(service, "p")) for service in (first, second, first)] == [
        900,
        500,
        900,
    ]


def test_what_was_learned_is_not_merged_again(store, large) -> None:
    store.add([Event(3, n) for n in range(600)])
    service = Service(large.models, learned=Learned(store.last()))
    people = People(store, SharedState())
    assert people.resolve(service, 3) == Profile(3, None)
    store.add([Event(3, 2_999, value=9.0)])
    people.refresh(service)
    history = people.resolve(service, 3).history
    assert history == {**service.history(3), 2_999: 9.0}


def test_the_cache_has_a_capacity(store, large) -> None:
    cache = HistoryCache(capacity=5_000)
    for person in range(-30, -1):
        store.add([Event(person, n) for n in range(400)])
        assert len(cache.merged(store, large, person, None).values) == 400
        assert cache._size <= 5_000
    assert 1 <= len(cache._entries) <= 6
    with pytest.raises(TooLongError):
        cache.merged(store, large, -30, None, limit=399)
    assert len(cache.merged(store, large, -30, None, limit=400).values) == 400
    cache.clear()
    assert cache._size == 0


def test_short_histories_are_not_kept(store) -> None:
    service = Service({"likes": ALS(factors=4, iterations=1).fit(small_data())})
    store.add([Event("p", "i0001")])
    people = People(store, SharedState())
    assert people.likes(service, "p") == {"i0001": 1.0}
    assert not people._histories._entries


def test_long_histories_are_merged_in_a_thread(store, large, monkeypatch) -> None:
    store.add([Event(-5, n) for n in range(2_500)])
    store.add([Event(-6, n) for n in range(20)])
    threads: list[bool] = []
    original = HistoryCache.merged

    def noted(self, *arguments, **options):
        threads.append(threading.current_thread() is threading.main_thread())
        return original(self, *arguments, **options)

    monkeypatch.setattr(HistoryCache, "merged", noted)
    people = People(store, SharedState())
    assert len(asyncio.run(people.profile(large, -6)).history or ()) == 20
    assert threads == [True]
    assert len(asyncio.run(people.profile(large, -5)).history or ()) == 2_500
    assert threads == [True, True, False]
    assert len(asyncio.run(people.profile(large, -5)).history or ()) == 2_500
    assert threads[3:] == [True]  # kept


def test_60_000_events_of_a_visitor_take_no_time_to_read(store, large) -> None:
    for begin in range(0, 60_000, 1_000):
        store.add([Event(-5, (begin + n) % 3_000) for n in range(1_000)])
    people = People(store, SharedState())
    asyncio.run(people.profile(large, -5))
    began = time.perf_counter()
    for _ in range(50):
        people.likes(large, -5)
    assert (time.perf_counter() - began) / 50 < 0.02


def test_changes_by_other_processes_are_noticed(store, large) -> None:
    people = People(store, SharedState())
    assert people.resolve(large, 3) == Profile(3, None)
    with open_store(str(store._url.render_as_string())) as other:
        other.add([Event(3, 7, value=50.0)])
        other.forget(4)
    people.refresh(large)  # a server does so every second
    history = people.resolve(large, 3).history
    assert history is not None
    assert history[7] == 50.0
    assert not people.has_user(large, 4)
