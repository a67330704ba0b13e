"""What a person likes by now: what the model was fitted on, and what they did since."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tacit.data.ids import Id
from tacit.serving.service import Service

if TYPE_CHECKING:
    from tacit.serving.store import Store


class Person(NamedTuple):
    """Whom to answer, as :meth:`Service.recommend` takes them: a user, or else a history."""

    user: Id | None
    history: dict[Id, float] | None


def somebody(service: Service, store: Store, person: Id) -> Person:
    """A person by id: of the model, or somebody whose events are stored.

    Raises
    ------
    UnknownIdError
        If neither knows them; the message names close matches.
    """
    since = store.history(person)
    if not since:
        service.likes.users.code(person)
        return Person(person, None)
    return Person(None, likes(service, store, person))


def likes(service: Service, store: Store, person: Id) -> dict[Id, float]:
    """What somebody likes, item → value; of items the model knows. Nothing where unknown."""
    known = service.history(person) if service.knows(person) else {}
    since = store.history(person)
    items = service.likes.items
    return {**known, **{one: value for one, value in since.items() if one in items}}
