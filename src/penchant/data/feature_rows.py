"""Build rows of features: from mappings and vectors, with identity columns, normalized."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError

Norm = Literal["l1", "l2"]
FeatureRow = Iterable[Id] | Mapping[Id, float]
"""The features of one entity: names (each worth 1), or a mapping name → weight."""

LARGEST = float(np.finfo(np.float32).max)


def as_weights(row: FeatureRow) -> dict[Id, float]:
    """Convert names, or a mapping name → weight, to the latter; weights of 0 are left out."""
    if isinstance(row, str | bytes) or not isinstance(row, Iterable):
        raise DataError(f"features are a list of names or a mapping name → weight, got {row!r}")
    named = row if isinstance(row, Mapping) else dict.fromkeys(row, 1.0)
    weights = {}
    for name, weight in named.items():
        try:
            fits = abs(weight) <= LARGEST  # false for NaN too
        except TypeError:
            fits = False
        if not fits:
            raise DataError(
                f"feature {name!r} has the weight {weight!r}: a finite number is needed"
            )
        if np.float32(weight) != 0:
            weights[name] = float(weight)
    return weights


def to_csr(rows: Sequence[Mapping[Id, float]], names: IdMap) -> tuple[Csr, dict[Id, None]]:
    """Return rows over ``names``, and the unknown names in the order of their occurrence."""
    counts, columns, values = [], [], []
    unknown: dict[Id, None] = {}
    for row in rows:
        coded = {code: row[name] for name in row if (code := names.get(name)) is not None}
        unknown |= dict.fromkeys(name for name in row if names.get(name) is None)
        order = sorted(coded)
        counts.append(len(order))
        columns += order
        values += [coded[code] for code in order]
    csr = Csr(
        row_pointers(np.array(counts, dtype=np.int64)),
        np.array(columns, dtype=np.int32),
        np.array(values, dtype=np.float32),
        len(names),
    )
    return csr, unknown


def dense_to_csr(array: npt.NDArray[np.float32]) -> Csr:
    """Convert a dense array, without its zeros."""
    rows, columns = np.nonzero(array)
    pointers = row_pointers(np.bincount(rows, minlength=len(array)))
    return Csr(pointers, columns.astype(np.int32), array[rows, columns], array.shape[1])


def with_identity_columns(rows: Csr) -> Csr:
    """Append an identity matrix: one column per row, with a 1 in that row only."""
    n = rows.n_rows
    ends = rows.indptr[1:]
    return Csr(
        rows.indptr + np.arange(n + 1),
        np.insert(rows.indices, ends, rows.n_columns + np.arange(n, dtype=np.int32)),
        np.insert(rows.values, ends, np.float32(1)),
        rows.n_columns + n,
    )


def normalize(rows: Csr, norm: Norm | None) -> Csr:
    """Divide rows by their norm; rows of norm 0 stay."""
    if norm is None:
        return rows
    size = np.abs(rows.values, dtype=np.float64)
    row = rows.row_of_entry
    sums = np.bincount(row, size if norm == "l1" else size**2, rows.n_rows)
    lengths = sums if norm == "l1" else np.sqrt(sums)
    values = (rows.values / lengths[row]).astype(np.float32)
    return dataclasses.replace(rows, values=values)


def sort_key(name: Id) -> tuple[bool, Any]:
    """Sort names by type first, so that mixed types reach the check that refuses them."""
    return isinstance(name, str), name
