"""Ids in buffers as Arrow has them, for sets too large for a Python object per id.

Integers are looked up by binary search. Texts (UTF-8 and offsets) are too if they are sorted. Many
texts at a time, and those of unsorted buffers, are looked up by hash: the index is one sorted array
of 64-bit numbers, in which the upper bits of a text's hash stand above its code, so that it takes
8 bytes an id and is sorted in place. Texts of the same upper bits are compared.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.csr import ranges, row_pointers
from penchant.data.id_stores import ArrayIds, Finder, Id, IdStore
from penchant.data.string_buffer import Texts

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

AT_ONCE = 1 << 18  # ids that are handled at a time
_MANY = 10_000  # ids from which an index pays off
_WINDOW = 5_000  # neighbors in sorted order that may be similar to a text
_SEED = np.uint64(secrets.randbits(64))  # so that no texts can be prepared that collide
_K1, _K2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_LOWER = [np.uint64((1 << (8 * n)) - 1) for n in range(8)]


class IntegerBuffer(ArrayIds):
    """Different integers, mapped or in memory: int64."""

    def subset(self, codes: npt.NDArray[Any]) -> IdStore | None:
        """See :class:`IdStore`."""
        rows = positions(codes, len(self))
        return None if rows is None else IntegerBuffer(self._ids[rows])

    @cached_property
    def _order(self) -> Ints | None:
        """The codes in ascending order of their ids; None if that is the order of the codes."""
        return None if ascends(self._ids) else np.argsort(self._ids)

    @cached_property
    def find(self) -> Finder:
        """See :class:`IdStore`."""
        return lambda number: _or_none(self._find_numbers(np.array([number]))[0])

    def find_many(self, ids: Any) -> npt.NDArray[np.int32] | None:
        """See :class:`IdStore`."""
        if isinstance(ids, IdStore):
            return self._find_numbers(ids.array) if ids.are_integers else None
        if isinstance(ids, list):
            if not set(map(type, ids)) <= {int}:
                return None
            try:
                ids = np.array(ids, dtype=np.int64)
            except OverflowError:
                return None
        is_integers = isinstance(ids, np.ndarray) and ids.dtype.kind == "i" and ids.ndim == 1
        return self._find_numbers(ids.astype(np.int64)) if is_integers else None

    def _find_numbers(self, numbers: Ints) -> npt.NDArray[np.int32]:
        codes = np.full(len(numbers), -1, dtype=np.int32)
        if not len(self):
            return codes
        for begin in range(0, len(numbers), AT_ONCE):
            span = slice(begin, begin + AT_ONCE)
            order = np.argsort(numbers[span])
            wanted = numbers[span][order]
            at = np.searchsorted(self._ids, wanted, sorter=self._order)
            at = np.minimum(at, len(self) - 1)
            at = at if self._order is None else self._order[at]
            codes[span][order] = np.where(self._ids[at] == wanted, at, -1)
        return codes

    def near(self, text: str) -> list[str]:
        """See :class:`IdStore`."""
        return list(map(str, self._ids[: 2 * _WINDOW].tolist()))

    def __iter__(self) -> Iterator[Id]:
        for begin in range(0, len(self), AT_ONCE):
            yield from self._ids[begin : begin + AT_ONCE].tolist()


class TextBuffer(IdStore):
    """Different texts over a buffer of UTF-8 and offsets into it, mapped or in memory.

    Parameters
    ----------
    texts
        The texts.
    is_sorted
        Whether they ascend, by their bytes.
    """

    are_integers = False

    def __init__(self, texts: Texts, *, is_sorted: bool) -> None:
        self.texts, self._is_sorted = texts, is_sorted

    def __len__(self) -> int:
        return len(self.texts)

    def __getstate__(self) -> dict[str, Any]:
        return {"texts": self.texts, "_is_sorted": self._is_sorted}

    @property
    def array(self) -> npt.NDArray[Any]:
        """All ids, as Python objects: 50 million take about 4 GB."""
        return self.take(slice(None))  # type: ignore[no-any-return]

    def take(self, codes: Any) -> Any:
        """See :class:`IdStore`."""
        if isinstance(codes, int | np.integer):
            return self.texts[int(codes)]
        is_all = isinstance(codes, slice) and codes == slice(None)
        part = self.texts if is_all else _gathered(self.texts, _codes(codes, len(self)))
        ids = np.empty(len(part), dtype=object)
        ids[:] = part.decode(errors="replace")
        return ids

    def subset(self, codes: npt.NDArray[Any]) -> IdStore | None:
        """See :class:`IdStore`."""
        rows = positions(codes, len(self))
        if rows is None:
            return None
        is_sorted = self._is_sorted and ascends(rows)
        return TextBuffer(_gathered(self.texts, rows), is_sorted=is_sorted)

    @cached_property
    def find(self) -> Finder:
        """See :class:`IdStore`."""
        return self._search if self._is_sorted else self._find_by_hash

    def _search(self, text: str) -> int | None:
        """Return the code of a text by binary search."""
        wanted = text.encode(errors="surrogatepass")
        at = self._place(wanted)
        return at if at < len(self) and self._bytes(at) == wanted else None

    def _place(self, wanted: bytes) -> int:
        begin, end = 0, len(self)
        while begin < end:
            middle = (begin + end) // 2
            if self._bytes(middle) < wanted:
                begin = middle + 1
            else:
                end = middle
        return begin

    def _bytes(self, code: int) -> bytes:
        begin, end = self.texts.offsets[code : code + 2].tolist()
        return self.texts.blob[begin:end].tobytes()

    def _find_by_hash(self, text: str) -> int | None:
        return _or_none(self._find_texts(_packed([text]))[0])

    def find_many(self, ids: Any) -> npt.NDArray[np.int32] | None:
        """See :class:`IdStore`."""
        ids = ids.texts if isinstance(ids, TextBuffer) else ids
        if len(ids) < _MANY and "_index" not in vars(self):
            return None
        if not isinstance(ids, Texts) and set(map(type, ids)) != {str}:
            return None
        codes = np.empty(len(ids), dtype=np.int32)
        for begin in range(0, len(ids), AT_ONCE):
            span = slice(begin, begin + AT_ONCE)
            part = _span(ids, span) if isinstance(ids, Texts) else _packed(ids[span])
            codes[span] = self._find_texts(part)
        return codes

    @cached_property
    def _index(self) -> Hashes:
        """uint64, shape (n,): upper bits of a text's hash above its code, ascending."""
        index = np.empty(len(self), dtype=np.uint64)
        for begin in range(0, len(self), AT_ONCE):
            part = _span(self.texts, slice(begin, begin + AT_ONCE))
            codes = np.arange(begin, begin + len(part), dtype=np.uint64)
            index[begin : begin + len(part)] = self._above_codes(text_hashes(part)) | codes
        index.sort()
        return index

    def _above_codes(self, hashes: Hashes) -> Hashes:
        bits = np.uint64(len(self).bit_length())
        return (hashes >> bits) << bits

    def _find_texts(self, wanted: Texts) -> npt.NDArray[np.int32]:
        """Return the codes of texts, −1 for unknown ones."""
        codes = np.full(len(wanted), -1, dtype=np.int32)
        keys = self._above_codes(text_hashes(wanted))
        order = np.argsort(keys)  # an ascending search stays within the caches
        at = np.empty(len(keys), dtype=np.int64)
        at[order] = np.searchsorted(self._index, keys[order])
        left = np.arange(len(keys))
        code_bits = np.uint64((1 << len(self).bit_length()) - 1)
        while len(left):  # once more for each text of the same upper bits
            left = left[at[left] < len(self)]
            entries = self._index[at[left]]
            same = (entries & ~code_bits) == keys[left]
            left, entries = left[same], entries[same]
            candidates = (entries & code_bits).astype(np.int64)
            equal = _equal(self.texts, candidates, wanted, left)
            codes[left[equal]] = candidates[equal]
            left = left[~equal]
            at[left] += 1
        return codes

    def equals(self, other: IdStore) -> bool:
        """See :class:`IdStore`."""
        return self.texts == other.texts if isinstance(other, TextBuffer) else super().equals(other)

    def near(self, text: str) -> list[str]:
        """See :class:`IdStore`."""
        if not self._is_sorted:
            return self.texts[: 4 * _WINDOW]
        at = self._place(text.encode(errors="surrogatepass"))
        window = range(max(at - _WINDOW, 0), min(at + _WINDOW, len(self)))
        return self.texts[: 2 * _WINDOW] + self.texts[window.start : window.stop]

    def __iter__(self) -> Iterator[Id]:
        for begin in range(0, len(self), AT_ONCE):
            yield from _span(self.texts, slice(begin, begin + AT_ONCE))


def text_hashes(texts: Texts) -> Hashes:
    """Return a 64-bit hash of each text: uint64, shape (n,)."""
    offsets = texts.offsets
    lengths = np.diff(offsets)
    padded = np.zeros(len(texts.blob) + 8, dtype=np.uint8)
    padded[: len(texts.blob)] = texts.blob
    words = np.ndarray(shape=(len(texts.blob) + 1,), dtype="<u8", buffer=padded, strides=(1,))
    hashes = _mixed(lengths.astype(np.uint64) ^ _SEED)
    rows = np.flatnonzero(lengths > 0)
    place = 0
    while len(rows):
        loaded = words[offsets[rows] + place]
        rest = lengths[rows] - place
        for n in range(1, 8):
            loaded[rest == n] &= _LOWER[n]
        hashes[rows] = _mixed(hashes[rows] ^ loaded)
        rows, place = rows[rest > 8], place + 8
    return hashes


def _mixed(numbers: Hashes) -> Hashes:
    """Mix the bits of 64-bit numbers, invertibly (multiplications and xor-shifts)."""
    numbers = (numbers ^ (numbers >> np.uint64(32))) * _K1
    numbers = (numbers ^ (numbers >> np.uint64(29))) * _K2
    mixed: Hashes = numbers ^ (numbers >> np.uint64(32))
    return mixed


def ascends(numbers: Ints) -> bool:
    """Return whether each number is above the one before it."""
    parts = (numbers[begin : begin + AT_ONCE + 1] for begin in range(0, len(numbers), AT_ONCE))
    return all((part[1:] > part[:-1]).all() for part in parts)


def positions(codes: npt.NDArray[Any], n: int) -> Ints | None:
    """Return codes or a mask as codes 0…n−1; None if one comes twice."""
    rows = _codes(codes, n)
    if not ascends(rows):
        is_taken = np.zeros(n, dtype=np.bool_)
        is_taken[rows] = True
        if int(is_taken.sum()) < len(rows):
            return None
    return rows


def _codes(codes: Any, n: int) -> Ints:
    if isinstance(codes, slice):
        return np.arange(*codes.indices(n))
    codes = np.asarray(codes)
    if codes.dtype == np.bool_:
        return np.flatnonzero(codes)
    rows = codes.astype(np.int64)
    if len(rows) and not -n <= rows.min() <= rows.max() < n:
        raise IndexError(f"codes lie in 0…{n - 1}")
    positive: Ints = np.where(rows < 0, rows + n, rows)
    return positive


def _or_none(code: Any) -> int | None:
    return None if code < 0 else int(code)


def _packed(texts: Iterable[str]) -> Texts:
    """Pack texts; half a surrogate pair, which no stored id has, becomes bytes that none has."""
    return Texts.joined([text.encode(errors="surrogatepass") for text in texts])


def _span(texts: Texts, span: slice) -> Texts:
    """Return consecutive texts, which share the buffer."""
    begin, end, _ = span.indices(len(texts))
    offsets = texts.offsets[begin : end + 1]
    return Texts(texts.blob[offsets[0] : offsets[-1]], offsets - offsets[0])


def _gathered(texts: Texts, rows: Ints) -> Texts:
    """Return some texts (int codes) in a buffer of their own."""
    begins = texts.offsets[rows]
    lengths = texts.offsets[rows + 1] - begins
    offsets = row_pointers(lengths)
    blob = np.empty(offsets[-1], dtype=np.uint8)
    for begin in range(0, len(rows), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        first, last = offsets[begin], offsets[min(begin + AT_ONCE, len(rows))]
        blob[first:last] = texts.blob[ranges(begins[part], lengths[part])]
    return Texts(blob, offsets)


def _equal(texts: Texts, rows: Ints, others: Texts, at: Ints) -> npt.NDArray[np.bool_]:
    """Return whether texts equal others, pair by pair."""
    lengths = texts.offsets[rows + 1] - texts.offsets[rows]
    equal: npt.NDArray[np.bool_] = lengths == others.offsets[at + 1] - others.offsets[at]
    pairs = np.flatnonzero(equal & (lengths > 0))
    left, right = _gathered(texts, rows[pairs]), _gathered(others, at[pairs])
    if len(pairs):
        wrong = np.add.reduceat((left.blob != right.blob).astype(np.int64), left.offsets[:-1])
        equal[pairs] = wrong == 0
    return equal
