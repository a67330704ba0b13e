"""Outside ids and inside codes: the one place where they meet.

Outside, people and things are called by strings or integers; inside, by the codes 0…n−1
that number the rows and columns of every matrix.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant.errors import DataError, UnknownIdError

Id = str | int
Codes = npt.NDArray[np.int32]

_POOL = 20_000


class IdMap(Sequence[Id]):
    """Ids in the order of their codes; immutable.

    Parameters
    ----------
    ids
        All strings or all integers (any NumPy integer type), each once.
    kind
        What they name, for messages: ``"user"`` or ``"item"``.

    Raises
    ------
    DataError
        If ids are of mixed or other types, or one comes twice.
    """

    __slots__ = ("__dict__", "_ids", "kind")

    @checked
    def __init__(self, ids: Iterable[Id] | npt.NDArray[Any], kind: str = "item") -> None:
        self.kind = kind
        self._ids = ids_array(ids, kind)
        self._ids.setflags(write=False)
        if not self._is_range and len(self._code_of) != len(self._ids):
            seen: set[Id] = set()
            twice = next(i for i in self if i in seen or seen.add(i))  # type: ignore[func-returns-value]
            raise DataError(f"{kind} id {twice!r} comes more than once; ids must be unique")

    @classmethod
    def range(cls, n: int, kind: str = "item") -> IdMap:
        """The ids 0…n−1: what rows and columns are called when nothing else is known."""
        return cls(np.arange(n, dtype=np.int64), kind)

    @classmethod
    def trusted(cls, ids: npt.NDArray[Any], kind: str = "item") -> IdMap:
        """Ids that are known to be right, taken as they are: opening a model must not wait.

        Parameters
        ----------
        ids
            int64, or object holding only str; each once.
        kind
            What they name.
        """
        made = cls.__new__(cls)
        made.kind, made._ids = kind, ids
        ids.setflags(write=False)
        return made

    @property
    def array(self) -> npt.NDArray[Any]:
        """The ids as an array, int64 or object (of str), in the order of their codes."""
        return self._ids

    @property
    def are_integers(self) -> bool:
        """Whether the ids are integers rather than strings."""
        return bool(self._ids.dtype.kind == "i")

    @cached_property
    def _is_range(self) -> bool:
        ids = self._ids
        return self.are_integers and bool(np.array_equal(ids, np.arange(len(ids))))

    @cached_property
    def _code_of(self) -> dict[Id, int]:
        return dict(zip(self._ids.tolist(), range(len(self._ids)), strict=True))

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, code: Any) -> Any:
        """The id of a code; for an array of codes or a slice, an array of ids."""
        found = self._ids[code]
        return found.item() if isinstance(found, np.integer) else found

    def __iter__(self) -> Iterator[Id]:
        return iter(self._ids.tolist())

    def __contains__(self, one: object) -> bool:
        return self.get(one) is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdMap):
            return NotImplemented
        return self is other or bool(
            self.are_integers == other.are_integers and np.array_equal(self._ids, other._ids)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, deep or through pickle, is as immutable; lookups are made anew."""
        return IdMap.trusted, (self._ids, self.kind)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self._ids[:3].tolist())) + (", …" if len(self) > 3 else "")
        return f"IdMap({len(self):,} {self.kind}s: {shown})"

    def get(self, one: object) -> int | None:
        """The code of an id, or None if it was never seen."""
        if isinstance(one, np.integer):
            one = int(one)
        # only these two: True == 1 == 1.0 would be found under the id 1
        if not isinstance(one, str | int) or isinstance(one, bool):
            return None
        if self._is_range:
            return one if isinstance(one, int) and 0 <= one < len(self) else None
        return self._code_of.get(one)

    def code(self, one: object) -> int:
        """The code of an id.

        Raises
        ------
        UnknownIdError
            If it was never seen; the message names close matches.
        """
        found = self.get(one)
        if found is None:
            raise UnknownIdError(self._unknown(one))
        return found

    @checked
    def codes(self, many: Iterable[object]) -> Codes:
        """The codes of many ids, int32.

        Raises
        ------
        UnknownIdError
            If one was never seen.
        """
        if hasattr(many, "tocsr"):
            raise DataError(f"ids are a list, got {type(many).__name__}")
        wanted = list(many.tolist() if isinstance(many, np.ndarray) else many)
        found = [self.get(one) for one in wanted]
        if None in found:
            raise UnknownIdError(self._unknown(wanted[found.index(None)]))
        return np.array(found, dtype=np.int32)

    @checked
    def parse(self, text: str) -> Id:
        """What a text typed by a person (on a command line, in an address) means as an id."""
        is_number = text.isascii() and text.removeprefix("-").isdecimal()
        return int(text) if self.are_integers and is_number and len(text) < 20 else text

    @checked
    def subset(self, codes: npt.NDArray[Any]) -> IdMap:
        """The ids of some codes (int or bool array), in that order."""
        codes = np.asarray(codes)
        is_wrong_mask = codes.dtype == np.bool_ and len(codes) != len(self)
        if codes.ndim != 1 or is_wrong_mask or (len(codes) and codes.dtype.kind not in "biu"):
            raise DataError(
                f"codes are a list of integers or a mask, got {codes.dtype} of {codes.shape}"
            )
        return IdMap(self._ids[codes if len(codes) else codes.astype(np.int64)], self.kind)

    @checked
    def written_like(self, others: IdMap) -> IdMap:
        """These ids with integers as text, or the other way, where the others are so.

        Ids that are not all integers written out are other ids than integers, and stay.
        """
        if self.are_integers == others.are_integers:
            return self
        renamed = [others.parse(str(one)) for one in self]
        if others.are_integers and any(
            isinstance(new, str) or str(new) != one for new, one in zip(renamed, self, strict=True)
        ):
            return self
        return IdMap(renamed, self.kind)

    def _unknown(self, one: object) -> str:
        if not isinstance(one, str | int | float | bytes | np.generic | None):
            return f"a {type(one).__name__} is no {self.kind} id: ids are strings or integers"
        message = f"unknown {self.kind} {one!r}"
        if not len(self):
            return f"{message}: there are no {self.kind}s"
        if isinstance(one, str) and self.are_integers:
            number = self.parse(one.strip())
            if isinstance(number, int) and number in self:
                return f"{message}: ids are integers here, did you mean {number}?"
            return f"{message}: {self.kind} ids are integers here, such as {self[0]!r}"
        if isinstance(one, int | np.integer) and not self.are_integers and str(one) in self:
            return f"{message}: ids are strings here, did you mean {str(one)!r}?"
        close = _close_matches(str(one), [str(i) for i in self._ids.tolist()])
        if close:
            return f"{message}; close matches: {', '.join(map(repr, close))}"
        return f"{message}: not among the {len(self):,} {self.kind}s"


def _close_matches(text: str, pool: list[str]) -> list[str]:
    """Up to three like it: letter case and outer spaces aside first, then by difflib.

    difflib is slow over very many texts, and a miss should answer at once all the same: it sees
    those that begin alike, then others, up to a limit.
    """
    plain = text.strip().casefold()
    same = [one for one in pool if one.strip().casefold() == plain]
    if same:
        return same[:3]
    alike = [one for one in pool if one[:2].casefold() == plain[:2]][:_POOL]
    tried = list(dict.fromkeys([*alike, *pool[: _POOL - len(alike)]]))
    return difflib.get_close_matches(text, tried, n=3)


def is_list(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether a value is a collection of things: not a text, and not SciPy's matrices.

    What SciPy does with the rows of a damaged matrix is not checked, so that they are not taken.
    """
    return (
        isinstance(value, Iterable)
        and not isinstance(value, str | bytes)
        and not hasattr(value, "tocsr")
    )


def ids_array(ids: Iterable[Id] | npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Ids as a new array, int64 or object (of str).

    Raises
    ------
    DataError
        If they are of mixed or other types, or don't fit into 64 bits.
    """
    if isinstance(ids, str | bytes):
        raise DataError(f"{kind} ids must be a list of ids, got the single text {ids!r}")
    if not is_list(ids):
        raise DataError(f"{kind} ids must be a list of ids, got {type(ids).__name__}")
    array = ids if isinstance(ids, np.ndarray) else _object_array(list(ids))
    if array.ndim != 1:
        raise DataError(f"{kind} ids must be one-dimensional, got shape {array.shape}")
    if array.dtype.kind in "iu":
        if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
            raise DataError(f"{kind} ids above 2⁶³−1 don't fit: pass them as strings")
        return array.astype(np.int64)
    values = array.tolist()
    kinds = {str if isinstance(v, str) else type(v) for v in values}
    if not kinds or kinds == {str}:
        return _object_array([str(v) for v in values])
    if all(issubclass(k, int | np.integer) and k is not bool for k in kinds):
        try:
            return np.array(values, dtype=np.int64)
        except OverflowError as error:
            raise DataError(f"{kind} ids beyond 64 bits don't fit: pass them as strings") from error
    names = ", ".join(sorted(k.__name__ for k in kinds))
    raise DataError(f"{kind} ids must be all strings or all integers, found: {names}")


def _object_array(values: list[Any]) -> npt.NDArray[Any]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
