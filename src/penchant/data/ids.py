"""Convert between outside ids and codes.

Callers identify users and items by strings or integers; inside the library they are codes 0…n−1,
the numbers of the rows and columns of every matrix.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

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
        What the ids are of, for messages: ``"user"`` or ``"item"``.

    Raises
    ------
    DataError
        If ids are of mixed or other types, or one comes twice.
    """

    __slots__ = ("__dict__", "_ids", "kind")

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
        """Return the ids 0…n−1, for rows and columns without names."""
        return cls(np.arange(n, dtype=np.int64), kind)

    @classmethod
    def trusted(cls, ids: npt.NDArray[Any], kind: str = "item") -> IdMap:
        """Wrap ids without checking them, so that models open fast.

        Parameters
        ----------
        ids
            int64, or object holding only str; unique.
        kind
            What the ids are of.
        """
        id_map = cls.__new__(cls)
        id_map.kind, id_map._ids = kind, ids
        ids.setflags(write=False)
        return id_map

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
        """Return the id of a code; for an array of codes or a slice, an array of ids."""
        value = self._ids[code]
        return value.item() if isinstance(value, np.integer) else value

    def __iter__(self) -> Iterator[Id]:
        return iter(self._ids.tolist())

    def __contains__(self, value: object) -> bool:
        return self.get(value) is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdMap):
            return NotImplemented
        return self is other or bool(
            self.are_integers == other.are_integers and np.array_equal(self._ids, other._ids)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy (deep or through pickle) as immutable; the lookup table is rebuilt at first use."""
        return IdMap.trusted, (self._ids, self.kind)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self._ids[:3].tolist())) + (", …" if len(self) > 3 else "")
        return f"IdMap({len(self):,} {self.kind}s: {shown})"

    def get(self, value: object) -> int | None:
        """Return the code of an id, or None if it is unknown."""
        if isinstance(value, np.integer):
            value = int(value)
        # no other types: True and 1.0 equal 1, and would be looked up as the id 1
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        if self._is_range:
            return value if isinstance(value, int) and 0 <= value < len(self) else None
        return self._code_of.get(value)

    def code(self, value: object) -> int:
        """Return the code of an id.

        Raises
        ------
        UnknownIdError
            If it is unknown; the message names close matches.
        """
        code = self.get(value)
        if code is None:
            raise UnknownIdError(self._unknown(value))
        return code

    def codes(self, many: Iterable[object]) -> Codes:
        """Return the codes of many ids, int32.

        Raises
        ------
        UnknownIdError
            If one is unknown.
        """
        wanted = list(many.tolist() if isinstance(many, np.ndarray) else many)
        codes = [self.get(value) for value in wanted]
        if None in codes:
            raise UnknownIdError(self._unknown(wanted[codes.index(None)]))
        return np.array(codes, dtype=np.int32)

    def parse(self, text: str) -> Id:
        """Convert a text (of a command line, of an address) to an id of this type."""
        is_number = text.isascii() and text.removeprefix("-").isdecimal()
        return int(text) if self.are_integers and is_number and len(text) < 20 else text

    def subset(self, codes: npt.NDArray[Any]) -> IdMap:
        """Return the ids of some codes (int or bool array), in that order."""
        return IdMap(self._ids[codes], self.kind)

    def written_like(self, others: IdMap) -> IdMap:
        """Convert these ids to the type of others: integers to texts, or texts to integers.

        Texts that are not all canonical integers can't be meant as integers, and stay texts.
        """
        if self.are_integers == others.are_integers:
            return self
        converted = [others.parse(str(own)) for own in self]
        if others.are_integers and any(
            isinstance(new, str) or str(new) != own
            for new, own in zip(converted, self, strict=True)
        ):
            return self
        return IdMap(converted, self.kind)

    def _unknown(self, value: object) -> str:
        message = f"unknown {self.kind} {value!r}"
        if not len(self):
            return f"{message}: there are no {self.kind}s"
        if isinstance(value, str) and self.are_integers:
            number = self.parse(value.strip())
            if isinstance(number, int) and number in self:
                return f"{message}: ids are integers here, did you mean {number}?"
            return f"{message}: {self.kind} ids are integers here, such as {self[0]!r}"
        if isinstance(value, int | np.integer) and not self.are_integers and str(value) in self:
            return f"{message}: ids are strings here, did you mean {str(value)!r}?"
        close = _close_matches(str(value), [str(i) for i in self._ids.tolist()])
        if close:
            return f"{message}; close matches: {', '.join(map(repr, close))}"
        return f"{message}: not among the {len(self):,} {self.kind}s"


def _close_matches(text: str, pool: list[str]) -> list[str]:
    """Return up to three similar texts: equal but for case and outer spaces, else by difflib.

    difflib is slow over very many texts, so it gets a limited number: first those that begin with
    the same letters, then others.
    """
    plain = text.strip().casefold()
    same = [other for other in pool if other.strip().casefold() == plain]
    if same:
        return same[:3]
    likely = [other for other in pool if other[:2].casefold() == plain[:2]][:_POOL]
    candidates = list(dict.fromkeys([*likely, *pool[: _POOL - len(likely)]]))
    return difflib.get_close_matches(text, candidates, n=3)


def ids_array(ids: Iterable[Id] | npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Convert ids to a new array, int64 or object (of str).

    Raises
    ------
    DataError
        If they are of mixed or other types, or don't fit into 64 bits.
    """
    if isinstance(ids, str | bytes):
        raise DataError(f"{kind} ids must be a list of ids, got the single text {ids!r}")
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
