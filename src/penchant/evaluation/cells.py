"""Set operations on the entries of two sparse matrices of the same shape."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import row_pointers
from penchant.data.interactions import Csr


def minus(left: Csr, right: Csr) -> Csr:
    """Return the entries of ``left`` that are not entries of ``right``."""
    return _select(left, ~_is_in(left, right)) if _overlap(left, right) else left


def intersection(left: Csr, right: Csr) -> Csr:
    """Return the entries of ``left`` that are entries of ``right`` too."""
    return _select(left, _is_in(left, right))


def positions(left: Csr, right: Csr) -> npt.NDArray[np.int64]:
    """Return the position in ``right`` of each entry of ``left``, all of which are there."""
    place: npt.NDArray[np.int64] = np.searchsorted(right.cell_numbers, left.cell_numbers)
    return place


def _is_in(left: Csr, right: Csr) -> npt.NDArray[np.bool_]:
    if not (left.nnz and right.nnz):
        return np.zeros(left.nnz, dtype=np.bool_)
    keys, right_keys = left.cell_numbers, right.cell_numbers
    place = np.searchsorted(keys, right_keys)
    common = place[keys[np.minimum(place, len(keys) - 1)] == right_keys]
    inside = np.zeros(left.nnz, dtype=np.bool_)
    inside[common] = True
    return inside


def _select(csr: Csr, keep: npt.NDArray[np.bool_]) -> Csr:
    pointers = row_pointers(keep)[csr.indptr]
    return Csr(pointers, csr.indices[keep], csr.values[keep], csr.n_columns)


def _overlap(left: Csr, right: Csr) -> bool:
    """Return whether two matrices share an entry; rare, since the parts of a split are disjoint."""
    rows = [(csr.indptr, csr.indices) for csr in (right, left)]
    hits = _kernels.ranking_gains(rows[0], rows[1], left.n_columns, left.n_columns)[0]
    return bool(hits.any())
