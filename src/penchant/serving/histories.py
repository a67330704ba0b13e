"""Histories of people with many events, kept so that a request reads only what is new."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions
from penchant.models.base import Model
from penchant.serving.service import Service
from penchant.serving.store.base import Store

_CAPACITY = 200_000  # items of all kept histories: some 30 MB
_MIN_KEPT = 200  # shorter histories are read at each request, in a fraction of a millisecond

_SECONDS = range(10**8, 10**11)
"""Newest timestamps that are seconds since 1970: from 1973 on, and no milliseconds."""


class TooLongError(Exception):
    """A history is longer than the limit of the call."""


class Merged(NamedTuple):
    """A history that includes events.

    Attributes
    ----------
    values
        Item → value.
    history
        The same as models take it: with the times of the interactions where the model has those of
        its own, so that a setting ``half_life`` applies.
    """

    values: Mapping[Id, float]
    history: Mapping[Id, float] | Mapping[Id, tuple[float, int]]


@dataclass(frozen=True)
class _Entry:
    """A person's changes up to an event, and the history that they led to with a model."""

    changes: Mapping[Id, float]
    times: Mapping[Id, float]
    last: int
    merged: Merged
    model: weakref.ref[Model]


class HistoryCache:
    """Merge histories of a model with events of a store; the long ones are kept.

    Parameters
    ----------
    capacity
        The number of items of all kept histories together.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity, self._size = capacity, 0
        self._entries: OrderedDict[tuple[Id, int], _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Drop all histories."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def merged(
        self, store: Store, service: Service, person: Id, user: Id | None, limit: int | None = None
    ) -> Merged | None:
        """Return a person's history including the events that the model did not learn.

        Parameters
        ----------
        store, service
            The events and the model.
        person
            The person's id in the store.
        user
            The id in the model; None: the model's data of the person does not count. It does not
            either if the model was saved without its interactions: all events count then.
        limit
            How many items may be read and merged; None: any number.

        Returns
        -------
        The history, which must not be changed; None if there are no such events.

        Raises
        ------
        TooLongError
            If the limit is exceeded.
        """
        user = user if has_histories(service) else None
        key = person, 0 if user is None else service.learned.event
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:  # the last to be dropped
                self._entries[key] = entry
        new = store.changes(
            person, key[1] if entry is None else entry.last, None if limit is None else limit + 1
        )
        if entry is not None and not new.values and entry.model() is service.likes:
            return entry.merged
        changes = dict(entry.changes) if entry is not None else {}
        times = {**entry.times, **new.times} if entry is not None else new.times
        n_items = len(changes) + len(new.values) + _history_length(service, user)
        if limit is not None and n_items > limit:
            raise TooLongError
        for item, value in new.values.items():
            changes.pop(item, None)
            changes[item] = value
        if not changes:
            return None
        merged = _merged(service, user, changes, times)
        if n_items >= _MIN_KEPT:
            self._keep(key, _Entry(changes, times, new.last, merged, weakref.ref(service.likes)))
        return merged

    def _keep(self, key: tuple[Id, int], entry: _Entry) -> None:
        with self._lock:
            if key in self._entries:
                self._size -= _size(self._entries.pop(key))
            self._entries[key] = entry
            self._size += _size(entry)
            while self._size > self._capacity:
                self._size -= _size(self._entries.popitem(last=False)[1])


def has_histories(service: Service) -> bool:
    """Whether the model of likes has its interactions; otherwise all events of the store count."""
    return service.likes.kept_interactions == "all"


def merge_events(
    history: Mapping[Id, float], items: IdMap, changes: Mapping[Id, float]
) -> dict[Id, float]:
    """Return a history after some changes (item → value, 0: removed); unknown items are left out.

    Items of the result are spelled as the model has them, whatever they are in the changes.
    A like keeps a stronger value of the history: a click on a heart does not weaken five plays.
    """
    merged = dict(history)
    for item, value in changes.items():
        code = items.get(item)
        if code is None:
            continue
        own: Id = items[code]
        before = merged.pop(own, 0.0)
        if value:
            merged[own] = max(before, value) if value > 0 else value
    return merged


def merge_timed(
    data: Interactions,
    user: Id | None,
    items: IdMap,
    changes: Mapping[Id, float],
    times: Mapping[Id, float],
    *,
    newest: int,
) -> dict[Id, tuple[float, int]]:
    """Return a user's history after some changes, item → (value, time); see :func:`merge_events`.

    Parameters
    ----------
    data, user
        The interactions, with timestamps, and the user; no user: there is no history.
    items
        The items of the result, those of the data among them.
    changes, times
        Item → value, and item → time in seconds since 1970.
    newest
        The newest timestamp of the data that the model was fitted on.

    Returns
    -------
    dict
        Items that were changed have the time of their event. If the timestamps of the data are not
        seconds since 1970, that is the newest timestamp: events count as new.
    """
    history: Mapping[Id, float] = {}
    own: dict[Id, int] = {}
    if data.timestamps is not None and user is not None:
        history = data.history(user)
        begin, end = data.csr.indptr[data.users.code(user) :][:2].tolist()
        codes = data.csr.indices[begin:end].tolist()
        own = dict(
            zip((data.items[c] for c in codes), data.timestamps[begin:end].tolist(), strict=True)
        )
    for item, at in times.items():
        code = items.get(item)
        if code is not None:
            own[items[code]] = int(at) if newest in _SECONDS else newest
    return {
        item: (value, own[item]) for item, value in merge_events(history, items, changes).items()
    }


def _merged(
    service: Service, user: Id | None, changes: Mapping[Id, float], times: Mapping[Id, float]
) -> Merged:
    model = service.likes
    if model.newest is None:
        history = {} if user is None else service.history(user)
        values = merge_events(history, model.items, changes)
        return Merged(values, values)
    timed = merge_timed(model._trained_on, user, model.items, changes, times, newest=model.newest)
    return Merged({item: value for item, (value, _) in timed.items()}, timed)


def _history_length(service: Service, user: Id | None) -> int:
    if user is None:
        return 0
    indptr = service.likes.interactions.csr.indptr
    code = service.likes.users.code(user)
    return int(indptr[code + 1] - indptr[code])


def _size(entry: _Entry) -> int:
    return len(entry.changes) + len(entry.merged.values)
