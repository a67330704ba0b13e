"""Sets of item codes in few bits: which items each user has seen, without values and times.

Each ascending row of codes is stored as two bit streams (Elias 1974, "Efficient storage and
retrieval by content and address of static files"; Fano 1971): the low l bits of each code one after
the other, and the high parts in unary, so that code number k of a row with the high part h sets
bit h + k. With 2^l about the mean gap between codes, a code takes about l + 2 bits. The sets are
exact: fingerprints of 10 bits take as much and leave out one unseen item in a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, ranges, row_pointers
from penchant.errors import DataError

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

_BLOCK = 1 << 20  # codes that are packed at a time; a multiple of 8, so that blocks end at bytes


@dataclass(frozen=True, eq=False)
class CodeSets:
    """Sets of codes in 0…n_codes − 1, one for each row.

    Attributes
    ----------
    n_codes
        The number of different codes.
    counts
        int32, shape (n_rows,): the size of each set, 0 or more.
    low
        uint8: the low bits of the codes, ``low_bits`` for each.
    high
        uint8: the high parts in unary, row after row.
    """

    n_codes: int
    counts: npt.NDArray[np.int32]
    low: Bytes
    high: Bytes

    @classmethod
    def of(cls, rows: Csr) -> CodeSets:
        """Return the columns of the entries of each row."""
        counts = rows.row_counts.astype(np.int32)
        bits = low_bits(rows.n_columns, rows.n_rows, rows.nnz)
        starts, length = _high_spans(rows.indptr, rows.n_columns, bits)
        ranks = np.arange(rows.nnz) - np.repeat(rows.indptr[:-1], rows.row_counts)
        places = np.repeat(starts, rows.row_counts) + (rows.indices >> bits) + ranks
        unary = np.zeros(length, dtype=np.bool_)
        unary[places] = True
        packed = [
            np.packbits((rows.indices[begin : begin + _BLOCK, np.newaxis] >> _shifts(bits)) & 1)
            for begin in range(0, rows.nnz if bits else 0, _BLOCK)
        ]
        low = np.concatenate(packed) if packed else np.empty(0, dtype=np.uint8)
        return cls(rows.n_columns, counts, low, np.packbits(unary))

    @cached_property
    def _pointers(self) -> Places:
        return row_pointers(self.counts)

    @cached_property
    def _bits(self) -> int:
        return low_bits(self.n_codes, len(self.counts), int(self._pointers[-1]))

    @property
    def n_bytes(self) -> tuple[int, int]:
        """The lengths that the arrays ``low`` and ``high`` must have."""
        _, length = _high_spans(self._pointers, self.n_codes, self._bits)
        return (-(-int(self._pointers[-1]) * self._bits // 8), -(-length // 8))

    def take_rows(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.int32]) -> Csr:
        """Return the sets of some rows (int codes), in that order, as a matrix of ones.

        Raises
        ------
        DataError
            If the bits are not those of ascending codes below ``n_codes``.
        """
        counts = self.counts[rows].astype(np.int64)
        most = max(self.n_codes - 1, 0) >> self._bits
        starts, spans = self._pointers[rows] + most * rows.astype(np.int64), counts + most
        places = ranges(starts, spans)
        ones = np.flatnonzero(_bits_at(self.high, places))
        owners = np.repeat(np.arange(len(rows)), spans)[ones]
        if not np.array_equal(np.bincount(owners, minlength=len(rows)), counts):
            raise DataError("the sets of seen items have other sizes than they should")
        pointers = row_pointers(counts)
        ranks = np.arange(len(ones)) - np.repeat(pointers[:-1], counts)
        high = places[ones] - starts[owners] - ranks
        codes = (high << self._bits) | self._low_parts(ranges(self._pointers[rows], counts))
        rises = np.ones(len(codes), dtype=np.bool_)
        rises[1:] = (np.diff(codes) > 0) | (np.diff(owners) > 0)
        if not (rises.all() and (codes < self.n_codes).all()):
            raise DataError("the sets of seen items hold items that are not the model's")
        values = np.ones(len(codes), dtype=np.float32)
        return Csr(pointers, codes.astype(np.int32), values, self.n_codes)

    def _low_parts(self, entries: Places) -> Places:
        places = entries[:, np.newaxis] * self._bits + np.arange(self._bits)
        return np.asarray(_bits_at(self.low, places).astype(np.int64) @ (1 << _shifts(self._bits)))


def low_bits(n_codes: int, n_rows: int, n_entries: int) -> int:
    """Return l: 2^l is the largest power of two up to the mean gap between codes of a row."""
    gap = n_codes * n_rows // max(n_entries, 1)
    return max(0, min(gap, max(n_codes, 1)).bit_length() - 1)


def _high_spans(pointers: Places, n_codes: int, bits: int) -> tuple[Places, int]:
    """Return where the unary bits of each row begin, and the number of all bits."""
    most = max(n_codes - 1, 0) >> bits
    starts = pointers + most * np.arange(len(pointers), dtype=np.int64)
    return starts[:-1], int(starts[-1])


def _shifts(bits: int) -> Places:
    return np.arange(bits - 1, -1, -1, dtype=np.int64)


def _bits_at(packed: Bytes, places: Places) -> Bytes:
    if not len(packed):
        return np.zeros(places.shape, dtype=np.uint8)
    return np.asarray((packed[places >> 3] >> (7 - (places & 7)).astype(np.uint8)) & 1)
