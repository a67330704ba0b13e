"""Deleted people: keyed digests of their ids, which outlive the ids themselves.

A model that was fitted before a deletion still holds the person. The store therefore keeps a
tombstone for each deletion, and everything that uses a model compares its users with the tombstones
that the model did not honor. A tombstone holds no id: it holds BLAKE2b digests under the key of
the store (RFC 7693, keyed mode).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from penchant.data.ids import Id


@dataclass(frozen=True)
class Receipt:
    """What a deletion removed.

    Attributes
    ----------
    number
        The number of the deletion in its store: 1, 2, …
    person
        The digest of the person's id under the key of the store.
    at
        The time in seconds since 1970 (UTC).
    events
        The number of deleted events.
    erased
        Whether the deleted bytes are overwritten in all files of the database. False if another
        process kept the database busy: the next deletion, or closing the store, erases them.
    """

    number: int
    person: str
    at: float
    events: int
    erased: bool = True


class Tombstones:
    """The deletions of a store, by the digest of the deleted id.

    Parameters
    ----------
    key
        The key of the store.
    numbers
        Digest → number of the person's last deletion.

    Attributes
    ----------
    store
        A name of the store that does not disclose its key; model files are marked with it.
    last
        The number of the last deletion; 0 if there is none.
    """

    def __init__(self, key: str, numbers: Mapping[str, int] | None = None) -> None:
        self._key, self._numbers = key, dict(numbers or {})
        self.store = digest("", key)
        self.last = max(self._numbers.values(), default=0)

    def __len__(self) -> int:
        return len(self._numbers)

    def hides(self, user: Id, honored: int) -> bool:
        """Return whether a user of a model was deleted after the deletions that it honored.

        Parameters
        ----------
        user
            An id as the model or the store has it: 5 and "5" are the same person.
        honored
            The number of the last deletion that the model honored.
        """
        if self.last <= honored:
            return False
        return self._numbers.get(digest(user, self._key), 0) > honored

    def hidden(self, users: Iterable[Id], honored: int) -> list[Id]:
        """Return the users that :meth:`hides` holds for."""
        if self.last <= honored:
            return []
        return [user for user in users if self.hides(user, honored)]


def digest(person: Id, key: str) -> str:
    """Return the digest of an id: 32 hexadecimal digits, the same for 5 and "5"."""
    text = str(person).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, key=key.encode()[:64], digest_size=16).hexdigest()


def text_user_number(text: str) -> int:
    """Return the id of a text in models whose users are integers.

    It is −1 less the first 63 bits of the SHA-256 of the UTF-8: the same from update to update.
    """
    code = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return -1 - (int.from_bytes(code[:8]) >> 1)
