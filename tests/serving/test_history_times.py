"""Times of events: models with a half-life use them, and updates keep them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.conftest import random_interactions

from penchant import EASE, Interactions
from penchant.serving.people import People
from penchant.serving.process.ipc import SharedState
from penchant.serving.service import Service
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store
from penchant.serving.update import gather, updated

DAY = 86_400
START = 1_700_000_000


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'times.db'}") as opened:
        yield opened


def timed(scale: float = 1.0) -> Interactions:
    """Interactions of a hundred days, in seconds or in another unit."""
    data = random_interactions(40, 25, seed=3)
    days = np.random.default_rng(0).integers(0, 100, data.nnz)
    times = ((START + days * DAY) * scale).astype(np.int64)
    return dataclasses.replace(data, timestamps=times)


def profile(store, data: Interactions, person: str) -> tuple[Service, dict]:
    service = Service({"likes": EASE(half_life=10.0 * DAY, regularization=200.0).fit(data)})
    people = People(store, SharedState())
    people.refresh(service)
    history = people.resolve(service, person).history
    assert people.likes(service, person) == {item: value for item, (value, _) in history.items()}
    return service, history


def test_a_history_keeps_its_times_and_events_have_theirs(store) -> None:
    data, now = timed(), START + 100 * DAY
    store.add([Event("u0001", "i0003", at=now + 0.5), Event("u0001", "i0004", at=START + DAY)])
    service, history = profile(store, data, "u0001")
    assert (history["i0003"][1], history["i0004"][1]) == (now, START + DAY)
    own = data.csr.take_rows(np.array([data.users.code("u0001")]))
    for code, time in zip(own.indices, own.times, strict=True):
        item = data.items[int(code)]
        if item not in ("i0003", "i0004"):
            assert history[item][1] == time
    direct = service.likes.recommend(history=history, k=5)
    untimed = service.likes.recommend(history={i: v for i, (v, _) in history.items()}, k=5)
    assert [item.item.id for item in service.recommend(history=history, k=5)] == list(direct.ids)
    assert list(direct.scores) != list(untimed.scores)


def test_old_events_of_a_visitor_weigh_less(store) -> None:
    store.add([Event("visitor", "i0001", at=START + 99 * DAY), Event("visitor", "i0002", at=START)])
    service, history = profile(store, timed(), "visitor")
    assert [time for _, time in history.values()] == [START + 99 * DAY, START]
    values = {item: value for item, (value, _) in history.items()}
    aged, even = (
        {
            reason.item.id: reason.score
            for reason in service.explain(None, told, item="i0005").reasons
        }
        for told in (history, values)
    )
    newest = int(timed().timestamps.max())
    for item, time in (("i0001", START + 99 * DAY), ("i0002", START)):
        factor = 2.0 ** -((newest - time) / (10 * DAY))
        assert aged[item] == pytest.approx(even[item] * factor, rel=1e-4)


def test_events_count_as_new_where_timestamps_are_no_seconds(store) -> None:
    data = timed(1e-5)
    store.add([Event("u0001", "i0003"), Event("visitor", "i0004")])
    for person, item in (("u0001", "i0003"), ("visitor", "i0004")):
        _, history = profile(store, data, person)
        assert history[item][1] == data.timestamps.max()


def test_without_timestamps_histories_have_values_only(store) -> None:
    service = Service({"likes": EASE().fit(random_interactions(40, 25, seed=3))})
    store.add([Event("u0001", "i0003", value=2.0)])
    people = People(store, SharedState())
    people.refresh(service)
    assert people.resolve(service, "u0001").history["i0003"] == 2.0


def test_an_update_keeps_and_adds_times(store) -> None:
    data, now = timed(), START + 200 * DAY
    store.add([Event("u0001", "i0003", at=now), Event("new", "i0004", at=now - DAY)])
    store.add([Event("new", "another", at=now)])
    merged, counts = gather(data, store)
    assert (counts.new_users, counts.new_items, merged.n_users) == (1, 1, 41)
    assert merged.timestamps.shape == (merged.nnz,)
    assert merged.timestamps.max() == now
    row = merged.csr.take_rows(np.array([merged.users.code("new")]))
    assert dict(zip(row.indices.tolist(), row.times.tolist(), strict=True)) == {
        merged.items.code("i0004"): now - DAY,
        merged.items.code("another"): now,
    }
    before = data.csr.take_rows(np.array([7]))
    after = merged.csr.take_rows(np.array([7]))
    np.testing.assert_array_equal(before.times, after.times)
    model = EASE(half_life=10.0 * DAY).fit(data)
    assert updated(model, merged).interactions is merged
