"""Where the ids of an :class:`penchant.data.ids.IdMap` are: an array, or buffers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Id = str | int
Finder = Callable[[Any], "int | None"]


class IdStore(ABC):
    """Different ids in the order of their codes; immutable.

    Attributes
    ----------
    are_integers
        Whether the ids are integers rather than texts.
    """

    are_integers: bool

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of ids."""

    @property
    @abstractmethod
    def array(self) -> npt.NDArray[Any]:
        """All ids, int64 or object (of str)."""

    @abstractmethod
    def take(self, codes: Any) -> Any:
        """Return the id of a code; for an array of codes, a mask or a slice, an array of ids."""

    @abstractmethod
    def subset(self, codes: npt.NDArray[Any]) -> IdStore | None:
        """Return the ids of some codes, None if a code comes twice."""

    @property
    @abstractmethod
    def find(self) -> Finder:
        """The function from an id, exactly as it is stored, to its code or None."""

    @abstractmethod
    def find_many(self, ids: Any) -> npt.NDArray[np.int32] | None:
        """Return the codes of ids as they are stored, −1 for unknown ones.

        None means that they are to be looked up one by one: it is as fast, or they are of other
        types.

        Parameters
        ----------
        ids
            A list, an array, texts in a buffer, or another store.
        """

    def equals(self, other: IdStore) -> bool:
        """Return whether both hold the same ids in the same order."""
        pairs = zip(self, other, strict=True)
        return len(self) == len(other) and all(mine == theirs for mine, theirs in pairs)

    @abstractmethod
    def near(self, text: str) -> list[str]:
        """Return ids as texts, among which those similar to a text may be."""

    @abstractmethod
    def __iter__(self) -> Iterator[Id]:
        """Yield the ids."""


class ArrayIds(IdStore):
    """Ids in an array, in memory or mapped.

    Parameters
    ----------
    ids
        int64, or object holding only str.
    """

    def __init__(self, ids: npt.NDArray[Any]) -> None:
        self._ids = ids
        self.are_integers = bool(ids.dtype.kind == "i")

    def __len__(self) -> int:
        return len(self._ids)

    def __getstate__(self) -> dict[str, Any]:
        """Return the ids; what look-ups made is made again."""
        return {"_ids": self._ids, "are_integers": self.are_integers}

    @property
    def array(self) -> npt.NDArray[Any]:
        """See :class:`IdStore`."""
        return self._ids

    def take(self, codes: Any) -> Any:
        """See :class:`IdStore`."""
        value = self._ids[codes]
        return value.item() if isinstance(value, np.integer) else value


class MemoryIds(ArrayIds):
    """Ids in an array, with a hash table that is made at the first look-up.

    Parameters
    ----------
    ids
        int64, or object holding only str; becomes read-only.
    """

    def __init__(self, ids: npt.NDArray[Any]) -> None:
        ids.setflags(write=False)
        super().__init__(ids)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._ids.setflags(write=False)

    def subset(self, codes: npt.NDArray[Any]) -> IdStore | None:
        """See :class:`IdStore`."""
        part = MemoryIds(self._ids[codes if len(codes) else codes.astype(np.int64)])
        return part if part.first_repeated is None else None

    @cached_property
    def find(self) -> Finder:
        """See :class:`IdStore`."""
        n = len(self._ids)
        if self._is_range:
            return lambda number: number if 0 <= number < n else None
        return self._code_of.get

    @cached_property
    def _is_range(self) -> bool:
        ids = self._ids
        return self.are_integers and bool(np.array_equal(ids, np.arange(len(ids))))

    @cached_property
    def _code_of(self) -> dict[Id, int]:
        return dict(zip(self._ids.tolist(), range(len(self._ids)), strict=True))

    @property
    def first_repeated(self) -> Id | None:
        """The first id that comes again, or None."""
        if self._is_range or len(self._code_of) == len(self._ids):
            return None
        seen: set[Id] = set()
        return next(i for i in self if i in seen or seen.add(i))  # type: ignore[func-returns-value]

    def find_many(self, ids: Any) -> npt.NDArray[np.int32] | None:
        """See :class:`IdStore`."""
        return None

    def equals(self, other: IdStore) -> bool:
        """See :class:`IdStore`."""
        if isinstance(other, MemoryIds):
            return bool(np.array_equal(self._ids, other._ids))
        return super().equals(other)

    def near(self, text: str) -> list[str]:
        """See :class:`IdStore`."""
        return [str(i) for i in self._ids.tolist()]

    def __iter__(self) -> Iterator[Id]:
        return iter(self._ids.tolist())
