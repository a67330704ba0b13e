"""Events folded into a model: the feedback that a server gathered becomes what it learns from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.csr import Csr
from penchant.data.histories import histories_to_csr
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions
from penchant.models.base import Model
from penchant.models.iterative import Iterative
from penchant.serving.people import merge_events, user_of
from penchant.serving.store.base import Store, id_text


@dataclass(frozen=True)
class Update:
    """What an update took in.

    Attributes
    ----------
    people
        Whose likes changed.
    new_users, new_items
        How many the model had not known.
    left_out
        Items whose ids are of another type than the model's, and so can't be among its own.
    learned
        The number of the last event that was looked at.
    """

    people: int
    new_users: int
    new_items: int
    left_out: int
    learned: int


def gather(data: Interactions, store: Store, learned: int = 0) -> tuple[Interactions, Update]:
    """Interactions with what people did since.

    Parameters
    ----------
    data
        What the model was fitted on. New people and items are put behind those that are there;
        people are called as :func:`penchant.serving.people.user_of` says.
    store
        Where the events are.
    learned
        The number of the last event that is in ``data`` already. To take events in twice does no
        harm: they say what is liked, not how much more.
    """
    last = store.last()
    changes = _changes(data, store, learned)
    users = _longer(data.users, changes)
    liked = {item for one in changes.values() for item, value in one.items() if value}
    fitting = {item for item in liked if _fits(item, data.items)}
    items = _longer(data.items, fitting)
    rows = {
        user: merge_events(data.history(user) if user in data.users else {}, items, change)
        for user, change in changes.items()
    }
    made = dataclasses.replace(
        data,
        csr=_with_rows(data.csr, users, items, rows),
        users=users,
        items=items,
        timestamps=None,
    )
    left_out = len(liked) - len(fitting)
    told = Update(len(rows), len(users) - data.n_users, len(items) - data.n_items, left_out, last)
    return made, told


def updated(model: Model, data: Interactions, *, refit: bool = False, iterations: int = 1) -> Model:
    """A model that has learned from these interactions.

    Parameters
    ----------
    model
        The model as it is; it may be trained on, and is not to be used any more.
    data
        What to learn from.
    refit
        Begin anew. Models that can't be trained on are fitted anew in any case.
    iterations
        Epochs of training on.
    """
    checks.whole("iterations", iterations, 1)
    if refit or not isinstance(model, Iterative):
        return model.with_settings().fit(data)
    return model.partial_fit(data, iterations)


def _changes(data: Interactions, store: Store, learned: int) -> dict[Id, dict[Id, float]]:
    """What people did since, by what the model calls them; of new ones, all they ever did."""
    found: dict[Id, dict[Id, float]] = {}
    for person in sorted(store.people(learned), key=id_text):
        user = user_of(person, data.users)
        after = learned if user in data.users else 0
        found.setdefault(user, {}).update(store.changes(person, after))
    return found


def _fits(one: Id, ids: IdMap) -> bool:
    return not len(ids) or isinstance(one, int) == ids.are_integers


def _longer(ids: IdMap, more: Iterable[Id]) -> IdMap:
    """The ids, and behind them those that were not there."""
    new = sorted({one for one in more if one not in ids})
    return IdMap([*ids, *new], ids.kind) if new else ids


def _with_rows(csr: Csr, users: IdMap, items: IdMap, rows: Mapping[Id, Mapping[Id, float]]) -> Csr:
    """The matrix with other rows for some people, and empty ones where nothing is known."""
    others = histories_to_csr(rows.values(), items)
    n = csr.n_rows
    stacked = Csr(
        np.concatenate([csr.indptr, csr.indptr[-1] + others.indptr[1:]]),
        np.concatenate([csr.indices, others.indices]),
        np.concatenate([csr.values, others.values]),
        len(items),
    )
    place: npt.NDArray[np.int64] = np.arange(len(users))
    place[users.codes(rows)] = n + np.arange(len(rows))
    return stacked.take_rows(place)
