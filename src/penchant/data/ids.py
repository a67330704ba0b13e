"""Convert between outside ids and codes.

Callers identify users and items by strings or integers; inside the library they are codes 0…n−1,
the numbers of the rows and columns of every matrix.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant.data.id_spelling import as_integer, as_texts
from penchant.data.id_stores import Finder, IdStore, MemoryIds
from penchant.data.id_stores import Id as Id
from penchant.data.string_buffer import Texts
from penchant.errors import DataError, UnknownIdError

Codes = npt.NDArray[np.int32]

_POOL = 20_000


class IdMap(Sequence[Id]):
    """Ids in the order of their codes; immutable.

    Parameters
    ----------
    ids
        All strings or all integers (any NumPy integer type; floats that are whole), each once.
    kind
        What the ids are of, for messages: ``"user"`` or ``"item"``.

    Raises
    ------
    DataError
        If ids are of mixed or other types, or one comes twice.
    """

    __slots__ = ("__dict__", "_store", "kind")

    @checked
    def __init__(self, ids: Iterable[Id] | npt.NDArray[Any], kind: str = "item") -> None:
        self.kind = kind
        store = MemoryIds(ids_array(ids, kind))
        self._store: IdStore = store
        twice = store.first_repeated
        if twice is not None:
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
        return cls.stored(MemoryIds(ids), kind)

    @classmethod
    def stored(cls, store: IdStore, kind: str = "item") -> IdMap:
        """Wrap ids that are different, wherever they are stored."""
        id_map = cls.__new__(cls)
        id_map.kind, id_map._store = kind, store
        return id_map

    @property
    def store(self) -> IdStore:
        """Where the ids are: an array, or buffers."""
        return self._store

    @property
    def array(self) -> npt.NDArray[Any]:
        """The ids as an array, int64 or object (of str), in the order of their codes.

        Texts of a data set on disk become Python objects at each access.
        """
        return self._store.array

    @property
    def are_integers(self) -> bool:
        """Whether the ids are integers rather than strings."""
        return self._store.are_integers

    @cached_property
    def _find(self) -> Finder:
        return self._store.find

    def __len__(self) -> int:
        return len(self._store)

    def __getitem__(self, code: Any) -> Any:
        """Return the id of a code; for an array of codes or a slice, an array of ids."""
        return self._store.take(code)

    def __iter__(self) -> Iterator[Id]:
        return iter(self._store)

    def __contains__(self, value: object) -> bool:
        return self.get(value) is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdMap):
            return NotImplemented
        return self is other or (
            self.are_integers == other.are_integers and self._store.equals(other._store)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy (deep or through pickle) as immutable; the lookup table is rebuilt at first use."""
        return IdMap.stored, (self._store, self.kind)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:3].tolist())) + (", …" if len(self) > 3 else "")
        return f"IdMap({len(self):,} {self.kind}s: {shown})"

    def get(self, value: object) -> int | None:
        """Return the code of an id in any of its usual spellings, or None if it is unknown.

        ``17850``, ``17850.0``, ``"17850"`` and NumPy's integers find the same id, whether ids are
        integers or texts. If both texts ``"17850"`` and ``"17850.0"`` are ids, each is found by
        its own spelling only, and ``17850.0`` finds neither.
        """
        if type(value) is str and not self.are_integers:  # the usual case
            code = self._find(value)
            if code is not None:
                return code
        codes = self._candidates(value)
        return codes[0] if len(codes) == 1 else None

    def _candidates(self, value: object) -> list[int]:
        """Return the codes of the ids that may be meant: one, unless none or several fit."""
        if self.are_integers:
            number = value if type(value) is int else as_integer(value)
            code = None if number is None else self._find(number)
            return [] if code is None else [code]
        written = str(value) if type(value) is int else value
        if isinstance(written, str) and (code := self._find(written)) is not None:
            return [code]
        codes = (self._find(text) for text in as_texts(value))
        return [code for code in codes if code is not None]

    def code(self, value: object) -> int:
        """Return the code of an id in any of its usual spellings; see :meth:`get`.

        Raises
        ------
        UnknownIdError
            If it is unknown, or several ids fit; the message names close matches.
        """
        code = self.get(value)
        if code is None:
            raise UnknownIdError(self._unknown(value))
        return code

    @checked
    def codes(self, many: Iterable[object]) -> Codes:
        """Return the codes of many ids, int32.

        Raises
        ------
        UnknownIdError
            If one is unknown.
        """
        if hasattr(many, "tocsr"):
            raise DataError(f"ids are a list, got {type(many).__name__}")
        wanted: Any = many if isinstance(many, list | np.ndarray | Texts | IdMap) else list(many)
        exact = self._store.find_many(wanted.store if isinstance(wanted, IdMap) else wanted)
        if exact is not None:
            return self._with_other_spellings(exact, wanted)
        wanted = wanted.tolist() if isinstance(wanted, np.ndarray) else wanted
        codes = [self.get(value) for value in wanted]
        if None in codes:
            raise UnknownIdError(self._unknown(wanted[codes.index(None)]))
        return np.array(codes, dtype=np.int32)

    def _with_other_spellings(self, codes: Codes, wanted: Any) -> Codes:
        """Look up again, by their other spellings, the ids that were not found as they are."""
        for place in np.flatnonzero(codes < 0).tolist():
            codes[place] = self.code(wanted[place])
        return codes

    @checked
    def parse(self, text: str) -> Id:
        """Convert a text (of a command line, of an address) to an id of this type.

        A text that is unknown here becomes an integer if ids are integers and it spells one.
        """
        code = self.get(text)
        if code is not None:
            own: Id = self[code]
            return own
        number = as_integer(text) if self.are_integers else None
        return text if number is None else number

    @checked
    def subset(self, codes: npt.NDArray[Any]) -> IdMap:
        """Return the ids of some codes (int or bool array), in that order."""
        codes = np.asarray(codes)
        is_wrong_mask = codes.dtype == np.bool_ and len(codes) != len(self)
        if codes.ndim != 1 or is_wrong_mask or (len(codes) and codes.dtype.kind not in "biu"):
            raise DataError(
                f"codes are a list of integers or a mask, got {codes.dtype} of {codes.shape}"
            )
        part = self._store.subset(codes)
        if part is None:
            return IdMap(self[codes], self.kind)  # raises the error for an id that comes twice
        return IdMap.stored(part, self.kind)

    @checked
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

    def _unknown(self, value: Any) -> str:
        if not isinstance(value, str | int | float | bytes | np.generic | None):
            return f"a {type(value).__name__} is no {self.kind} id: ids are strings or integers"
        message = f"unknown {self.kind} {value!r}"
        if not len(self):
            return f"{message}: there are no {self.kind}s"
        several = self._candidates(value)
        if len(several) > 1:
            fits = " or ".join(repr(self[code]) for code in several)
            return f"{message}: it may be {fits}; give the text itself"
        if isinstance(value, float | np.floating) and abs(float(value)) >= 2**53:
            return f"{message}: floats of this size merge neighboring integers; give an integer"
        if isinstance(value, str) and self.are_integers:
            number = _typed_number(value)
            if number is not None and number in self:
                return f"{message}: ids are integers here, did you mean {number}?"
            if number is None:
                return f"{message}: {self.kind} ids are integers here, such as {self[0]!r}"
        if isinstance(value, int | float | np.number) and not self.are_integers:
            return f"{message}: {self.kind} ids are texts here, such as {self[0]!r}"
        close = _close_matches(str(value), self._store.near(str(value)))
        if close:
            return f"{message}; close matches: {', '.join(map(repr, close))}"
        return f"{message}: not among the {len(self):,} {self.kind}s"


def _typed_number(text: str) -> int | None:
    """Return the number in a text with leading zeros, a sign or spaces, which no id has."""
    match = re.fullmatch(r"\s*\+?(-?)0*([0-9]{1,19})(\.0*)?\s*", text, re.ASCII)
    return int(match[1] + match[2]) if match else None


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


def is_list(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether a value is a collection of things: not a text, and not SciPy's matrices.

    What SciPy does with the rows of a damaged matrix is not checked, so that they are not taken.
    """
    return (
        isinstance(value, Iterable)
        and not isinstance(value, str | bytes)
        and not hasattr(value, "tocsr")
        and getattr(value, "ndim", 1) > 0
    )


def ids_array(ids: Iterable[Id] | npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Convert ids to a new array, int64 or object (of str).

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
    if array.dtype.kind in "mM":
        raise DataError(f"{kind} ids must be strings or integers, got {array.dtype} times")
    values = array.tolist()
    kinds = {str if isinstance(v, str) else type(v) for v in values}
    if not kinds or kinds == {str}:
        return _object_array([str(v) for v in values])
    if all(issubclass(k, int | float | np.number) and k is not bool for k in kinds):
        numbers = [as_integer(value) for value in values]
        if None not in numbers:
            return np.array(numbers, dtype=np.int64)
        raise DataError(_no_integer(values[numbers.index(None)], kind))
    names = ", ".join(sorted(k.__name__ for k in kinds))
    raise DataError(f"{kind} ids must be all strings or all integers, found: {names}")


def _no_integer(value: Any, kind: str) -> str:
    """Why a number can't be an integer id."""
    if isinstance(value, float | np.floating):
        if not abs(float(value)) < 2**53:
            return (
                f"the {kind} id {value!r} is a float that does not hold a whole number exactly: "
                "pass integers or strings"
            )
        return f"the {kind} id {value!r} is not a whole number: pass it as a string"
    return f"{kind} ids beyond 64 bits don't fit: pass them as strings"


def _object_array(values: list[Any]) -> npt.NDArray[Any]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
