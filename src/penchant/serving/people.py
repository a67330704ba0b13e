"""What people like by now: what the model was fitted on, and what they did since."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from penchant.data.ids import Id, IdMap
from penchant.errors import UnknownIdError
from penchant.serving.process.ipc import Shared
from penchant.serving.service import Service
from penchant.serving.store.base import Event, Store


class Person(NamedTuple):
    """Whom to answer, as :meth:`Service.recommend` takes them: a user, or else a history."""

    user: Id | None
    history: dict[Id, float] | None


class People:
    """People by id: of the model, of the store, or of both.

    Most people of a model did nothing since it was fitted, and are answered without the database:
    who did something is remembered, and looked up anew when any process has stored events.

    Parameters
    ----------
    store
        Where events are.
    shared
        Where the processes tell each other that they stored some.
    """

    def __init__(self, store: Store, shared: Shared) -> None:
        self._store, self._shared = store, shared
        self._active: set[Id] = set()
        self._upto, self._stamp, self._learned = -1, -1, 0

    async def add(self, events: Sequence[Event]) -> list[bool]:
        """Store events; see :meth:`Store.add`. What is asked afterwards, anywhere, knows them."""
        try:
            return await asyncio.wrap_future(self._store.submit(events))
        finally:
            self._shared.touch()

    def resolve(self, service: Service, person: Id) -> Person:
        """A person, known to the model or only by events.

        Raises
        ------
        UnknownIdError
            If neither knows them.
        """
        user = user_of(person, service.likes.users)
        changes = self._changes(service, person, user)
        if changes:
            return Person(None, self._by_now(service, user, changes))
        if not service.knows(user):  # nothing of other people's ids is told
            raise UnknownIdError(f"unknown person {person!r}: without events")
        return Person(user, None)

    def likes(self, service: Service, person: Id) -> dict[Id, float]:
        """What somebody likes by now, of the model's items, item → value; unknown people nothing.

        What the model knows comes first; then what they did since, the last of it last.
        """
        user = user_of(person, service.likes.users)
        return self._by_now(service, user, self._changes(service, person, user))

    def refresh(self, service: Service) -> None:
        """Look who did something; other servers on the same database are not heard of otherwise."""
        self._stamp = self._shared.stamp()  # before looking: what is stored meanwhile counts again
        if service.learned < self._learned or self._upto < 0:
            self._upto = service.learned
        self._learned = service.learned
        last = self._store.last()
        if last > self._upto:
            self._active |= self._store.people(self._upto)
            self._upto = last

    @staticmethod
    def _by_now(service: Service, user: Id, changes: Mapping[Id, float]) -> dict[Id, float]:
        known = service.history(user) if service.knows(user) else {}
        return merge_events(known, service.likes.items, changes)

    def _changes(self, service: Service, person: Id, user: Id) -> dict[Id, float]:
        """What somebody did that the model has not learned from; whom it does not know, all."""
        if not service.knows(user):
            return self._store.changes(person)
        if self._stamp != self._shared.stamp() or service.learned != self._learned:
            self.refresh(service)
        return self._store.changes(person, service.learned) if person in self._active else {}


def user_of(person: Id, users: IdMap) -> Id:
    """What a model calls a person of the store, who may have an id of another type.

    Where a model's users are integers, a text (a visitor's, say) becomes a negative one: −1 less
    the first 63 bits of the SHA-256 of its UTF-8. So it stays the same from update to update, and
    meets nobody else. Where they are texts, an integer is written out.
    """
    if isinstance(person, int):
        return person if users.are_integers else str(person)
    if not users.are_integers:
        return person
    digest = hashlib.sha256(person.encode("utf-8", "surrogatepass")).digest()
    return -1 - (int.from_bytes(digest[:8]) >> 1)


def merge_events(
    known: Mapping[Id, float], items: IdMap, changes: Mapping[Id, float]
) -> dict[Id, float]:
    """What somebody likes after some changes (item → value, 0: taken back), of known items.

    A like leaves a stronger one as it is: whoever played something five times and then clicks a
    heart does not like it less.
    """
    found = dict(known)
    for item, value in changes.items():
        before = found.pop(item, 0.0)
        if value and item in items:
            found[item] = max(before, value) if value > 0 else value
    return found
