"""Rows with exactly the same entries."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers

U64 = npt.NDArray[np.uint64]


class TwinIndex:
    """Finds the rows of a matrix that equal a given row, by 64-bit hashes."""

    def __init__(self, data: Csr) -> None:
        hashes = _hashes(data)
        self._order = np.argsort(hashes, kind="stable").astype(np.int32)
        self._sorted = hashes[self._order]

    def twins_of(self, rows: Csr) -> Csr:
        """Return the rows equal to each of some rows, rising, as a matrix over the rows."""
        hashes = _hashes(rows)
        begin = np.searchsorted(self._sorted, hashes, side="left")
        counts = np.searchsorted(self._sorted, hashes, side="right") - begin
        indptr = row_pointers(counts)
        places = np.repeat(begin - indptr[:-1], counts) + np.arange(indptr[-1])
        twins = self._order[places]
        return Csr(indptr, twins, np.ones(len(twins), dtype=np.float32), len(self._order))


def _hashes(rows: Csr) -> U64:
    """Return a hash of the entries of each row, uint64, shape (n_rows,)."""
    values = np.ascontiguousarray(rows.values, dtype=np.float32).view(np.uint32)
    entries = _mixed((rows.indices.astype(np.uint64) << np.uint64(32)) | values.astype(np.uint64))
    sums = np.zeros(rows.nnz + 1, dtype=np.uint64)
    np.cumsum(entries, out=sums[1:])  # modulo 2⁶⁴, so that differences are exact
    return np.asarray(sums[rows.indptr[1:]] - sums[rows.indptr[:-1]])


def _mixed(numbers: U64) -> U64:
    """Return the output function of SplitMix64, a bijection without visible structure."""
    z = numbers + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
