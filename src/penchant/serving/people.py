"""Current likes of people: the model's training data merged with later events."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from penchant.data.ids import Id, IdMap
from penchant.errors import UnknownIdError
from penchant.serving.process.ipc import SharedState
from penchant.serving.service import Service
from penchant.serving.store.base import Event, Store

__all__ = ["model_user_id"]


class Profile(NamedTuple):
    """Either a user of the model or a history, as :meth:`Service.recommend` takes them."""

    user: Id | None
    history: dict[Id, float] | None


class People:
    """People by id: of the model, of the store, or of both.

    Most users of a model have no events since it was fitted, and are answered without a database
    query: the set of people with newer events is cached, and refreshed when any process has stored
    events.

    Parameters
    ----------
    store
        The events.
    shared
        Notifies the processes of stored events.
    """

    def __init__(self, store: Store, shared: SharedState) -> None:
        self._store, self._shared = store, shared
        self._active: set[Id] = set()  # people with events that the model was not fitted on
        self._last_event, self._stamp, self._learned = -1, -1, 0

    async def add(self, events: Sequence[Event]) -> list[bool]:
        """Store events, for all later requests to any process; see :meth:`Store.add`."""
        try:
            return await asyncio.wrap_future(self._store.submit(events))
        finally:
            self._shared.touch()

    def resolve(self, service: Service, person: Id) -> Profile:
        """Return a person's profile: the user of the model, or the history if events changed it.

        Raises
        ------
        UnknownIdError
            If neither the model nor the store has the person.
        """
        user = model_user_id(person, service.likes.users)
        changes = self._changes(service, person, user)
        if changes:
            return Profile(None, self._merged(service, user, changes))
        if not service.has_user(user):  # the message reveals no ids of other people
            raise UnknownIdError(f"unknown person {person!r}: without events")
        return Profile(user, None)

    def likes(self, service: Service, person: Id) -> dict[Id, float]:
        """Return a person's current likes among the model's items, item → value.

        Those of the training data come first, then later ones in order; unknown people have none.
        """
        user = model_user_id(person, service.likes.users)
        return self._merged(service, user, self._changes(service, person, user))

    def refresh(self, service: Service) -> None:
        """Look up who has new events; events from other servers on the database count as well."""
        self._stamp = self._shared.stamp()  # read first: later events trigger another refresh
        if service.learned < self._learned or self._last_event < 0:
            self._last_event = service.learned
        self._learned = service.learned
        last = self._store.last()
        if last > self._last_event:
            self._active |= self._store.people(self._last_event)
            self._last_event = last

    @staticmethod
    def _merged(service: Service, user: Id, changes: Mapping[Id, float]) -> dict[Id, float]:
        history = service.history(user) if service.has_user(user) else {}
        return merge_events(history, service.likes.items, changes)

    def _changes(self, service: Service, person: Id, user: Id) -> dict[Id, float]:
        """Return the changes that the model was not fitted on; of people it lacks, all."""
        if not service.has_user(user):
            return self._store.changes(person)
        if self._stamp != self._shared.stamp() or service.learned != self._learned:
            self.refresh(service)
        return self._store.changes(person, service.learned) if person in self._active else {}


def model_user_id(person: Id, users: IdMap) -> Id:
    """Return the id that a model uses for a person of the store, whose id may be of another type.

    Where a model's users are integers, a text (a visitor's, say) becomes a negative one: −1 less
    the first 63 bits of the SHA-256 of its UTF-8. So it stays the same from update to update, and
    does not collide with others. Where they are texts, an integer is written out.
    """
    if isinstance(person, int):
        return person if users.are_integers else str(person)
    if not users.are_integers:
        return person
    digest = hashlib.sha256(person.encode("utf-8", "surrogatepass")).digest()
    return -1 - (int.from_bytes(digest[:8]) >> 1)


def merge_events(
    history: Mapping[Id, float], items: IdMap, changes: Mapping[Id, float]
) -> dict[Id, float]:
    """Return a history after some changes (item → value, 0: removed); unknown items are left out.

    A like keeps a stronger value of the history: a click on a heart does not weaken five plays.
    """
    merged = dict(history)
    for item, value in changes.items():
        before = merged.pop(item, 0.0)
        if value and item in items:
            merged[item] = max(before, value) if value > 0 else value
    return merged
