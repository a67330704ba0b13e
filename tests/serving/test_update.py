"""Events become part of a model: users, items, and what was taken back."""

from __future__ import annotations

import numpy as np
import pytest
from tests.serving.conftest import small_data

from tacit.models.als import ALS
from tacit.models.neighbours import ItemNeighbours
from tacit.serving.store import Event, Store
from tacit.serving.update import gather, updated


@pytest.fixture
def opened(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'events.db'}") as store:
        yield store


def test_events_change_rows_and_nothing_else(opened):
    data = small_data()
    person = data.users[4]
    liked = next(iter(data.history(person)))
    fresh = next(item for item in data.items if item not in data.history(person))
    opened.add(
        [
            Event(person, liked, "unlike"),
            Event(person, fresh, value=2.0),
            Event("new person", "new item"),
            Event("new person", liked),
        ]
    )
    made, told = gather(data, opened)
    assert (told.people, told.new_users, told.new_items, told.left_out) == (2, 1, 1, 0)
    assert told.learned == opened.last()
    assert made.history("new person") == {"new item": 1.0, liked: 1.0}
    after = made.history(person)
    assert liked not in after
    assert after[fresh] == 2.0
    for other in data.users:
        if other != person:
            assert made.history(other) == data.history(other)
    assert list(made.users)[:-1] == list(data.users)
    assert made.catalogue is data.catalogue


def test_to_take_events_in_twice_does_no_harm(opened):
    data = small_data()
    opened.add([Event(data.users[0], item) for item in data.items[:5].tolist()])
    once, _ = gather(data, opened)
    twice, told = gather(once, opened)
    assert np.array_equal(once.csr.values, twice.csr.values)
    assert np.array_equal(once.csr.indices, twice.csr.indices)
    assert (told.new_users, told.new_items) == (0, 0)
    later, told = gather(once, opened, told.learned)
    assert told.people == 0
    assert np.array_equal(once.csr.values, later.csr.values)


def test_a_heart_does_not_weaken_what_was_played_often(opened):
    data = small_data()
    person = data.users[0]
    item, value = max(data.history(person).items(), key=lambda pair: pair[1])
    assert value > 1
    opened.add([Event(person, item)])
    assert gather(data, opened)[0].history(person)[item] == value


def test_ids_of_another_type_are_left_out(opened):
    opened.add([Event(5, "i0000"), Event("someone", 7), Event("someone", "i0001")])
    made, told = gather(small_data(), opened)
    assert told.left_out == 1
    assert made.history("someone") == {"i0001": 1.0}
    assert 7 not in made.items


@pytest.mark.parametrize("refit", [False, True])
def test_a_model_knows_the_new_ones(opened, refit):
    old = ALS(factors=8, iterations=5).fit(small_data())
    opened.add([Event("new person", item) for item in ("i0001", "i0002", "new item")])
    opened.add([Event(user, "new item") for user in small_data().users[:20].tolist()])
    data, _ = gather(old.interactions, opened)
    new = updated(old, data, refit=refit)
    assert "new person" in new.users
    assert "new item" not in new.recommend("new person", 5).ids
    assert len(new.recommend("new person", 5)) == 5
    assert np.linalg.norm(new.item_factors[new.items.code("new item")]) > 0
    assert new.settings == old.settings


def test_what_can_not_be_trained_on_is_fitted_anew(opened):
    old = ItemNeighbours().fit(small_data())
    opened.add([Event("new person", "i0001")])
    new = updated(old, gather(old.interactions, opened)[0])
    assert "new person" in new.users
