"""Updates of a model with events: new users, new items, removed likes."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.serving.conftest import small_data

from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.models.als.hybrid import HybridALS
from penchant.models.als.model import ALS
from penchant.models.neighbors import ItemNeighbors
from penchant.serving.learned import Learned
from penchant.serving.people import People, model_user_id
from penchant.serving.process.ipc import SharedState
from penchant.serving.service import Service
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store
from penchant.serving.update import gather, updated


@pytest.fixture
def opened(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'events.db'}") as store:
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
    made, update = gather(data, opened)
    assert (update.people, update.new_users, update.new_items, update.left_out) == (2, 1, 1, 0)
    assert update.learned == opened.last()
    assert made.history("new person") == {"new item": 1.0, liked: 1.0}
    after = made.history(person)
    assert liked not in after
    assert after[fresh] == 2.0
    for other in data.users:
        if other != person:
            assert made.history(other) == data.history(other)
    assert list(made.users)[:-1] == list(data.users)
    assert made.catalog is data.catalog


def test_including_events_twice_changes_nothing(opened):
    data = small_data()
    opened.add([Event(data.users[0], item) for item in data.items[:5].tolist()])
    once, _ = gather(data, opened)
    twice, update = gather(once, opened)
    assert np.array_equal(once.csr.values, twice.csr.values)
    assert np.array_equal(once.csr.indices, twice.csr.indices)
    assert (update.new_users, update.new_items) == (0, 0)
    later, update = gather(once, opened, update.learned)
    assert update.people == 0
    assert np.array_equal(once.csr.values, later.csr.values)


def test_a_like_keeps_a_stronger_value(opened):
    data = small_data()
    person = data.users[0]
    item, value = max(data.history(person).items(), key=lambda pair: pair[1])
    assert value > 1
    opened.add([Event(person, item)])
    assert gather(data, opened)[0].history(person)[item] == value


def test_integers_become_texts_where_ids_are_texts(opened):
    opened.add([Event(5, "i0000"), Event("someone", 7), Event("someone", "i0001")])
    made, update = gather(small_data(), opened)
    assert (update.new_users, update.new_items, update.left_out) == (2, 1, 0)
    assert made.history("someone") == {"7": 1.0, "i0001": 1.0}
    assert made.history("5") == {"i0000": 1.0}


def test_texts_among_integer_items_are_left_out(opened):
    opened.add([Event("4", "3"), Event("4", "i0000"), Event("4", "17.0")])
    made, update = gather(numbered(), opened)
    assert (update.new_users, update.new_items, update.left_out) == (0, 0, 1)
    assert made.history(4)[3] >= 1
    assert made.history(4)[17] >= 1


@pytest.mark.parametrize("spell", [int, str])
def test_a_like_in_any_spelling_replaces_that_of_the_model(spell, opened):
    data = numbered()
    person = next(user for user in data.users if data.history(user))
    item = next(iter(data.history(person)))
    opened.add([Event(spell(person), spell(item), "unlike")])
    for log in (data, as_texts(data)):
        made, update = gather(log, opened)
        assert (update.people, update.new_users, update.new_items) == (1, 0, 0)
        assert item not in made.history(person)
        assert len(made.history(person)) == len(data.history(person)) - 1


def as_texts(data: Interactions) -> Interactions:
    """The same log with ids that are texts."""
    users, items = (IdMap([str(own) for own in ids], ids.kind) for ids in (data.users, data.items))
    return Interactions(data.csr, users, items)


def numbered(n_users: int = 30, n_items: int = 20) -> Interactions:
    """People and items with integer ids."""
    data = random_interactions(n_users, n_items, seed=2)
    return Interactions(data.csr, IdMap.range(n_users, "user"), IdMap.range(n_items, "item"))


def test_text_ids_become_integers_where_users_are_integers(opened):
    data = numbered()
    opened.add([Event("visitor-1", 3), Event(4, 19), Event(99, 5)])
    made, update = gather(data, opened)
    visitor = model_user_id("visitor-1", data.users)
    assert visitor == -4_604_680_356_072_230_622  # the same in all versions
    assert (update.people, update.new_users, update.left_out) == (3, 2, 0)
    assert made.history(visitor) == {3: 1.0}
    assert made.history(99) == {5: 1.0}
    opened.add([Event("visitor-1", 3, "unlike"), Event("visitor-1", 8)])
    again, update = gather(made, opened, update.learned)
    assert update.new_users == 0
    assert again.history(visitor) == {8: 1.0}


def test_a_visitor_keeps_the_shelf_after_an_update(opened):
    old = ALS(factors=4, iterations=3).fit(numbered())
    events = [Event("visitor-1", item) for item in (3, 5, 7)]
    opened.add(events)
    people = People(opened, SharedState())
    before = people.likes(Service({"likes": old}), "visitor-1")
    assert list(before) == [3, 5, 7]
    data, update = gather(old.interactions, opened)
    service = Service({"likes": updated(old, data)}, learned=Learned(update.learned))
    assert people.likes(service, "visitor-1") == before
    assert people.resolve(service, "visitor-1").user == model_user_id("visitor-1", data.users)
    opened.add([Event("visitor-1", 3, "unlike")])
    people.refresh(service)
    assert list(people.likes(service, "visitor-1")) == [5, 7]


def test_people_missing_from_an_update_keep_their_events(opened):
    """A model's last event may be later than the events of people it lacks."""
    opened.add([Event("visitor-1", 3), Event("visitor-1", 5)])
    service = Service({"likes": ALS(factors=4).fit(numbered())}, learned=Learned(opened.last()))
    assert list(People(opened, SharedState()).likes(service, "visitor-1")) == [3, 5]
    opened.add([Event("visitor-1", 6)])
    made, _ = gather(numbered(), opened, service.learned.event)
    assert list(made.history(model_user_id("visitor-1", made.users))) == [3, 5, 6]


@pytest.mark.parametrize("refit", [False, True])
def test_an_updated_model_has_new_users_and_items(opened, refit):
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


def test_models_without_partial_fit_are_refitted(opened):
    old = ItemNeighbors().fit(small_data())
    opened.add([Event("new person", "i0001")])
    new = updated(old, gather(old.interactions, opened)[0])
    assert "new person" in new.users


# --- deleted people ---------------------------------------------------------------------


def test_deleted_people_are_dropped_once(opened):
    data = small_data()
    first, second = data.users[3], data.users[8]
    opened.add([Event(first, "i0001"), Event("other", "i0002")])
    opened.forget(first)
    made, counts = gather(data, opened)
    assert (counts.forgotten, counts.deletion, made.n_users) == (1, 1, 60)  # and "other" is new
    assert first not in made.users
    for user in data.users:
        if user != first:
            assert made.history(user) == data.history(user)
    opened.forget(second)
    again, counts = gather(made, opened, counts.learned, deletion=counts.deletion)
    assert (counts.forgotten, counts.deletion) == (1, 2)
    assert second not in again.users


def test_a_deleted_person_may_come_back(opened):
    data = small_data()
    person = data.users[3]
    opened.forget(person)
    opened.add([Event(person, "i0007")])
    made, counts = gather(data, opened)
    assert (counts.forgotten, counts.new_users) == (1, 1)
    assert made.history(person) == {"i0007": 1.0}
    kept, counts = gather(made, opened, counts.learned, deletion=counts.deletion)
    assert counts.forgotten == 0
    assert kept.history(person) == {"i0007": 1.0}
    older, _ = gather(data, opened)  # a backup of the model: the old likes are not restored
    assert older.history(person) == {"i0007": 1.0}


@pytest.mark.parametrize("person", [4, "4", "visitor-1"])
def test_deletions_are_honored_where_users_are_integers(opened, person):
    opened.add([Event("visitor-1", 3)])
    data, counts = gather(numbered(), opened)
    user = model_user_id(int(person) if person == "4" else person, data.users)
    assert user in data.users
    opened.forget(person)
    left, counts = gather(data, opened, counts.learned, deletion=counts.deletion)
    assert counts.forgotten == 1
    assert user not in left.users
    service = Service({"likes": ALS(factors=4).fit(data)}, learned=Learned(opened.last()))
    assert not People(opened, SharedState()).has_user(service, user)


@pytest.mark.parametrize("refit", [False, True])
def test_features_of_deleted_people_are_dropped(opened, refit):
    data = numbered()
    features = Features.of({user: ["tall"] for user in (4, 5, 99)}, kind="user")
    old = HybridALS(factors=4, iterations=2).fit(data.with_user_features(features))
    for person in (4, 99):  # 99 has features only
        opened.forget(person)
    made, counts = gather(old.interactions, opened)
    new = updated(old, made, refit=refit)
    assert counts.forgotten == 1
    assert new.interactions.user_features is not None
    assert list(new.interactions.user_features.ids) == [5]
    assert 4 not in new.users
