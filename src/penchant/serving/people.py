"""Current likes of people: the model's training data merged with later events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from penchant.data.id_spelling import canonical
from penchant.data.ids import Id, IdMap
from penchant.errors import UnknownIdError
from penchant.serving.histories import HistoryCache, Merged, TooLongError, has_histories
from penchant.serving.learned import NOTHING
from penchant.serving.process.ipc import SharedState
from penchant.serving.service import Service
from penchant.serving.store.base import Event, Store
from penchant.serving.store.tombstones import Receipt, Tombstones, text_user_number

_AT_ONCE = 500  # items of a person that are read on the event loop

__all__ = ["model_user_id"]


class Profile(NamedTuple):
    """Either a user of the model or a history, as :meth:`Service.recommend` takes them.

    ``seen_by`` is the user whose seen items the model keeps beside the history, or None.
    """

    user: Id | None
    history: Mapping[Id, float] | Mapping[Id, tuple[float, int]] | None
    seen_by: Id | None = None


class People:
    """People by id: of the model, of the store, or of both.

    Most users of a model have no events since it was fitted, and are answered without a database
    query: the set of people with newer events is cached, and refreshed when any process of this
    server has stored or deleted events, and once a second for the changes of others. Queries of a
    store beyond a network are made in a thread, so that requests that need none of them are
    answered while the database does not answer.

    People who were deleted after the model was fitted are not users of it: they are unknown, or
    have the history of their events since.

    Of a model that was saved without its interactions the histories are those of the store, all
    events included.

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
        self._last_event, self._stamp, self._learned = -1, -1, NOTHING
        self._begin = 0  # the event after which those of ``_active`` are
        self._tombstones = Tombstones("")
        self._refreshing = threading.Lock()
        self._histories = HistoryCache()

    async def add(self, events: Sequence[Event]) -> list[bool]:
        """Store events, for all later requests to any process; see :meth:`Store.add`."""
        try:
            return await asyncio.wrap_future(self._store.submit(events))
        finally:
            self._shared.touch()

    def forget(self, person: Id) -> Receipt:
        """Delete a person, for all later requests to any process; see :meth:`Store.forget`."""
        try:
            return self._store.forget(person)
        finally:
            self._shared.touch()

    def has_user(self, service: Service, user: Id) -> bool:
        """Return whether the model of likes has a user who was not deleted since."""
        if not service.has_user(user):
            return False
        self._refresh_if_due(service)
        return not self._tombstones.hides(user, service.learned.deletion)

    async def profile(self, service: Service, person: Id) -> Profile:
        """Return the same as :meth:`resolve`; what takes long is read in a thread."""
        if self._store.is_remote and self._needs_store(service, person):
            return await run_in_threadpool(self.resolve, service, person)
        try:
            return self._profile(service, person, limit=_AT_ONCE)
        except TooLongError:
            return await run_in_threadpool(self.resolve, service, person)

    def resolve(self, service: Service, person: Id) -> Profile:
        """Return a person's profile: the user of the model, or the history if events changed it.

        Raises
        ------
        UnknownIdError
            If neither the model nor the store has the person.
        """
        return self._profile(service, person)

    def likes(self, service: Service, person: Id) -> Mapping[Id, float]:
        """Return a person's current likes among the model's items, item → value.

        Those of the training data come first, then later ones in order; unknown people have none.
        """
        user = self._user(service, person)
        merged = self._merged(service, person, user)
        if merged is not None:
            return merged.values
        return {} if user is None else service.history(user)

    def refresh(self, service: Service) -> None:
        """Look up who has new events and who was deleted.

        Raises
        ------
        StoreError
            If the store is not available.
        """
        with self._refreshing:
            self._refresh(service)

    def _refresh(self, service: Service) -> None:
        stamp = self._shared.stamp()  # read first: later events trigger another refresh
        begin = _first_event(service)
        if begin < self._begin or self._last_event < 0:
            self._last_event = begin
        try:
            if self._store.last_deletion() != self._tombstones.last:
                self._tombstones = self._store.tombstones()
                self._histories.clear()
            last = self._store.last()
            if last > self._last_event:
                self._active |= self._store.people(self._last_event)
                self._last_event = last
        finally:  # without a store most requests are answered by what is known
            self._stamp, self._learned, self._begin = stamp, service.learned, begin

    def _refresh_if_due(self, service: Service) -> None:
        if self._is_due(service):
            with self._refreshing:
                if self._is_due(service):  # another thread may have done it
                    self._refresh(service)

    def _is_due(self, service: Service) -> bool:
        is_same = service.learned == self._learned and _first_event(service) == self._begin
        return self._stamp != self._shared.stamp() or not is_same

    def _needs_store(self, service: Service, person: Id) -> bool:
        """Return whether a person's profile takes a query of the store."""
        if self._is_due(service) or canonical(person) in self._active:
            return True
        user = model_user_id(person, service.likes.users)
        is_hidden = self._tombstones.hides(user, service.learned.deletion)
        return is_hidden or not service.has_user(user)

    def _profile(self, service: Service, person: Id, limit: int | None = None) -> Profile:
        user = self._user(service, person)
        merged = self._merged(service, person, user, limit)
        if merged is not None:
            return Profile(None, merged.history, None if has_histories(service) else user)
        if user is None:  # the message reveals no ids of other people
            raise UnknownIdError(f"unknown person {person!r}: without events")
        return Profile(user, None)

    def _user(self, service: Service, person: Id) -> Id | None:
        """Return the user that a person is in the model; None if it lacks or must not use it."""
        user = model_user_id(person, service.likes.users)
        return user if self.has_user(service, user) else None

    def _merged(
        self, service: Service, person: Id, user: Id | None, limit: int | None = None
    ) -> Merged | None:
        """Return a history that includes events which the model was not fitted on.

        Returns None without such events. Of people whom the model lacks all events count.
        """
        person = canonical(person)  # as the store has it
        if user is None:
            self._refresh_if_due(service)
        elif person not in self._active:
            return None
        return self._histories.merged(self._store, service, person, user, limit)


def _first_event(service: Service) -> int:
    """Return the number of the last event that does not count beside the model's histories."""
    return service.learned.event if has_histories(service) else 0


def model_user_id(person: Id, users: IdMap) -> Id:
    """Return the id that a model uses for a person of the store, whose id may be of another type.

    5 and "5" are one person: 5 where a model's users are integers, "5" where they are texts.
    Where a model's users are integers, a text (a visitor's, say) becomes a negative one: −1 less
    the first 63 bits of the SHA-256 of its UTF-8. So it stays the same from update to update, and
    does not collide with others. Where they are texts, an integer is written out.
    """
    person = canonical(person)
    if isinstance(person, int):
        return person if users.are_integers else str(person)
    if not users.are_integers:
        return person
    return text_user_number(person)
