"""Texts in one buffer, decoded at access."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from penchant.data.csr import row_pointers
from penchant.errors import DataError


class Texts(Sequence[str]):
    """A sequence of texts over a buffer of UTF-8 and offsets into it; immutable.

    The names of a million items open at once and need no more memory than their bytes, which may
    be in a memory-mapped file.

    Parameters
    ----------
    blob
        uint8: the concatenated texts in UTF-8.
    offsets
        int64, shape (n + 1,): text i is the bytes ``offsets[i]:offsets[i + 1]``.

    Raises
    ------
    DataError
        If the offsets don't ascend from 0 to the length of the blob.
    """

    __slots__ = ("blob", "offsets")

    def __init__(self, blob: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        if blob.ndim != 1 or offsets.ndim != 1 or not len(offsets):
            raise DataError("texts need a flat buffer and at least one offset")
        if offsets[0] != 0 or offsets[-1] != len(blob) or (offsets[1:] < offsets[:-1]).any():
            raise DataError("the offsets of texts must rise from 0 to the length of their buffer")
        self.blob = blob
        self.offsets = offsets

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Pack texts.

        Raises
        ------
        DataError
            If one is not valid Unicode (it holds half of a surrogate pair).
        """
        if isinstance(texts, Texts):
            return texts
        texts = list(texts)
        try:
            encoded = [text.encode() for text in texts]
        except UnicodeEncodeError:
            first = next(text for text in texts if not _encodes(text))
            raise DataError(
                f"the text {first!r} is not valid Unicode (a lone surrogate) and can't be stored: "
                "read its source again in the right encoding"
            ) from None
        return cls.joined(encoded)

    @classmethod
    def joined(cls, encoded: Sequence[bytes]) -> Texts:
        """Pack texts that are encoded already."""
        offsets = row_pointers(np.fromiter(map(len, encoded), np.int64, len(encoded)))
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: Any) -> Any:
        """Return a text, or a list for a slice; bytes that are not UTF-8 become U+FFFD."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        return self.blob[self.offsets[at] : self.offsets[at + 1]].tobytes().decode(errors="replace")

    def __iter__(self) -> Iterator[str]:
        return iter(self.decode(errors="replace"))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Texts):
            return np.array_equal(self.offsets, other.offsets) and np.array_equal(
                self.blob, other.blob
            )
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:3])) + (", …" if len(self) > 3 else "")
        return f"Texts({len(self):,}: {shown})"

    def decode(self, errors: str = "strict") -> list[str]:
        """Return all texts as a list; faster than one by one.

        Raises
        ------
        DataError
            If the buffer is not UTF-8 (unless ``errors`` is ``"replace"``).
        """
        raw, ends = self.blob.tobytes(), self.offsets.tolist()
        spans = itertools.pairwise(ends)
        if raw.isascii():  # then bytes are characters
            text = raw.decode()
            return [text[begin:end] for begin, end in spans]
        try:
            return [raw[begin:end].decode(errors=errors) for begin, end in spans]
        except UnicodeDecodeError as error:
            raise DataError(f"a stored text is not UTF-8: {error}") from None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
