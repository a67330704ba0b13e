"""Update a model with the events that a server stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.csr import Csr
from penchant.data.histories import History, histories_to_csr
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions
from penchant.models.base import Model
from penchant.models.iterative import Iterative
from penchant.serving.histories import merge_events, merge_timed
from penchant.serving.people import model_user_id
from penchant.serving.store.base import Store, id_text
from penchant.serving.store.tombstones import Tombstones


@dataclass(frozen=True)
class Update:
    """Counts of an update.

    Attributes
    ----------
    people
        People whose likes changed.
    new_users, new_items
        Users and items that the model did not have.
    left_out
        Items left out: texts, where the items of the model are integers.
    learned
        The number of the last event included.
    forgotten
        Users dropped because they were deleted from the store.
    deletion
        The number of the last deletion included.
    """

    people: int
    new_users: int
    new_items: int
    left_out: int
    learned: int
    forgotten: int = 0
    deletion: int = 0


def gather(
    data: Interactions, store: Store, learned: int = 0, *, deletion: int = 0
) -> tuple[Interactions, Update]:
    """Merge the events of a store into interactions.

    Parameters
    ----------
    data
        The data that the model was fitted on. New users and items are appended; user ids are
        those of :func:`penchant.serving.people.model_user_id`.
    store
        The events.
    learned
        The number of the last event that ``data`` already includes. Including events twice is
        harmless: they set values, and do not add to them.
    deletion
        The number of the last deletion that ``data`` already includes. People who were deleted
        later are dropped; what they did after their deletion counts.
    """
    tombstones = store.tombstones()  # read first: a deletion from here on is not included
    last = store.last()
    n_users = data.n_users
    data = _without(data, tombstones, deletion)
    n_forgotten = n_users - data.n_users
    changes, times = _changes(data, store, learned)
    users = _extended(data.users, changes)
    liked = {item for change in changes.values() for item, value in change.items() if value}
    fitting = {own for item in liked if (own := _in_type_of(data.items, item)) is not None}
    items = _extended(data.items, fitting)
    csr = _with_rows(data.csr, users, items, _merged_rows(data, items, changes, times))
    merged = dataclasses.replace(data, csr=csr, users=users, items=items, timestamps=csr.times)
    n_new_users, n_new_items = len(users) - data.n_users, len(items) - data.n_items
    left_out = sum(_in_type_of(data.items, item) is None for item in liked)
    return merged, Update(
        len(changes), n_new_users, n_new_items, left_out, last, n_forgotten, tombstones.last
    )


def updated(model: Model, data: Interactions, *, refit: bool = False, iterations: int = 1) -> Model:
    """Return a model trained on updated interactions.

    Parameters
    ----------
    model
        The current model; it may be changed in place, so use only the result.
    data
        The interactions.
    refit
        Fit from the start. Models without ``partial_fit`` always are.
    iterations
        Epochs of further training.
    """
    checks.check_int("iterations", iterations, 1)
    if refit or not isinstance(model, Iterative):
        return model.with_settings().fit(data)
    return model.partial_fit(data, iterations)


def _without(data: Interactions, tombstones: Tombstones, deletion: int) -> Interactions:
    """Drop the users, and their features, that were deleted after a deletion."""
    gone = tombstones.hidden(data.users, deletion)
    if gone:
        kept = np.ones(data.n_users, dtype=np.bool_)
        kept[data.users.codes(gone)] = False
        data = data.take_users(kept)
    features = data.user_features
    if features is not None and (described := tombstones.hidden(features.ids, deletion)):
        rows = np.delete(np.arange(len(features.ids)), features.ids.codes(described))
        left = dataclasses.replace(
            features, ids=features.ids.subset(rows), weights=features.weights.take_rows(rows)
        )
        data = dataclasses.replace(data, user_features=left)
    return data


Numbers = dict[Id, dict[Id, float]]
"""User → item → a number."""


def _changes(data: Interactions, store: Store, learned: int) -> tuple[Numbers, Numbers]:
    """Return changes and their times by the model's user ids.

    Those are of new users all events, of others the new ones.
    """
    values: Numbers = {}
    times: Numbers = {}
    for person in sorted(store.people(learned), key=id_text):
        user = model_user_id(person, data.users)
        after = learned if user in data.users else 0
        changes = store.changes(person, after)
        values.setdefault(user, {}).update(changes.values)
        times.setdefault(user, {}).update(changes.times)
    return values, times


def _merged_rows(
    data: Interactions, items: IdMap, changes: Numbers, times: Numbers
) -> dict[Id, History]:
    """Return the new history of each user with changes, with times if the data has some."""
    rows: dict[Id, History] = {}
    newest = data.newest
    for user, change in changes.items():
        is_old = user in data.users
        if newest is None:
            rows[user] = merge_events(data.history(user) if is_old else {}, items, change)
        else:
            old = user if is_old else None
            rows[user] = merge_timed(data, old, items, change, times[user], newest=newest)
    return rows


def _in_type_of(ids: IdMap, item: Id) -> Id | None:
    """Return an item of the store as an id of a model's type; None for a text among integers."""
    own = ids.parse(str(item))
    return None if ids.are_integers and isinstance(own, str) else own


def _extended(ids: IdMap, more: Iterable[Id]) -> IdMap:
    """Append the ids that are missing, sorted."""
    new = sorted({item for item in more if item not in ids})
    return IdMap([*ids, *new], ids.kind) if new else ids


def _with_rows(csr: Csr, users: IdMap, items: IdMap, rows: Mapping[Id, History]) -> Csr:
    """Replace or append the rows of some users."""
    replacements = histories_to_csr(rows.values(), items)
    n, times = csr.n_rows, None
    if csr.times is not None:
        new = replacements.times
        times = np.concatenate([csr.times, np.empty(0, np.int64) if new is None else new])
    stacked = Csr(
        np.concatenate([csr.indptr, csr.indptr[-1] + replacements.indptr[1:]]),
        np.concatenate([csr.indices, replacements.indices]),
        np.concatenate([csr.values, replacements.values]),
        len(items),
        times,
    )
    source: npt.NDArray[np.int64] = np.arange(len(users))
    source[users.codes(rows)] = n + np.arange(len(rows))
    return stacked.take_rows(source)
