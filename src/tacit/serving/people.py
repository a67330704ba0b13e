"""What people like by now: what the model was fitted on, and what they did since."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tacit.data.ids import Id, IdMap
from tacit.errors import UnknownIdError
from tacit.serving.service import Service
from tacit.serving.shared import Shared
from tacit.serving.store import Event, Store


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

    def somebody(self, service: Service, person: Id) -> Person:
        """A person, known to the model or only by events.

        Raises
        ------
        UnknownIdError
            If neither knows them.
        """
        changes = self._changes(service, person)
        if changes:
            known = service.history(person) if service.knows(person) else {}
            return Person(None, overlaid(known, service.likes.items, changes))
        if not service.knows(person):  # nothing of other people's ids is told
            raise UnknownIdError(f"unknown person {person!r}: without events")
        return Person(person, None)

    def likes(self, service: Service, person: Id) -> dict[Id, float]:
        """What somebody likes by now, of the model's items, item → value; unknown people nothing.

        What the model knows comes first; then what they did since, the last of it last.
        """
        known = service.history(person) if service.knows(person) else {}
        return overlaid(known, service.likes.items, self._changes(service, person))

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

    def _changes(self, service: Service, person: Id) -> dict[Id, float]:
        """What somebody did that the model has not learned from."""
        if self._stamp != self._shared.stamp() or service.learned != self._learned:
            self.refresh(service)
        return self._store.changes(person, service.learned) if person in self._active else {}


def overlaid(
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
