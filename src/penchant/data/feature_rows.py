"""Rows of features: written down, of vectors, with a column of their own, divided by a norm."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers
from penchant.data.ids import Id, IdMap, is_list
from penchant.errors import DataError

Norm = Literal["l1", "l2"]
FeatureRow = Iterable[Id] | Mapping[Id, float]
"""The features of one entity: names (each worth 1), or a mapping name → weight."""

LARGEST = float(np.finfo(np.float32).max)


def as_weights(row: FeatureRow) -> dict[Id, float]:
    """Names, or a mapping name → weight, as the latter; what weighs 0 is left out."""
    if not is_list(row):
        raise DataError(f"features are a list of names or a mapping name → weight, got {row!r}")
    entries = row.tolist() if isinstance(row, np.ndarray) else row
    names = list(entries) if isinstance(entries, Iterable) else [entries]
    if any(isinstance(name, Iterable) and not isinstance(name, str) for name in names):
        raise DataError("features are a flat list of names, got a list of lists")
    named = entries if isinstance(entries, Mapping) else dict.fromkeys(names, 1.0)
    weights = {}
    for name, weight in named.items():
        try:
            fits = abs(weight) <= LARGEST  # false for NaN too
        except TypeError:
            fits = False
        if not fits:
            raise DataError(f"feature {name!r} weighs {weight!r}: a finite number is needed")
        if np.float32(weight) != 0:
            weights[name] = float(weight)
    return weights


def to_csr(rows: Sequence[Mapping[Id, float]], names: IdMap) -> tuple[Csr, dict[Id, None]]:
    """Rows over ``names``, and what is not among these, in the order met."""
    counts, columns, values = [], [], []
    unknown: dict[Id, None] = {}
    for row in rows:
        coded = {code: row[name] for name in row if (code := names.get(name)) is not None}
        unknown |= dict.fromkeys(name for name in row if names.get(name) is None)
        order = sorted(coded)
        counts.append(len(order))
        columns += order
        values += [coded[code] for code in order]
    made = Csr(
        row_pointers(np.array(counts, dtype=np.int64)),
        np.array(columns, dtype=np.int32),
        np.array(values, dtype=np.float32),
        len(names),
    )
    return made, unknown


def dense_to_csr(array: npt.NDArray[np.float32]) -> Csr:
    """A dense array without its zeros."""
    rows, columns = np.nonzero(array)
    pointers = row_pointers(np.bincount(rows, minlength=len(array)))
    return Csr(pointers, columns.astype(np.int32), array[rows, columns], array.shape[1])


def with_own(rows: Csr) -> Csr:
    """With a column more for every row, in which it alone has a 1."""
    n = rows.n_rows
    own = rows.indptr[1:]  # before the end of each row
    return Csr(
        rows.indptr + np.arange(n + 1),
        np.insert(rows.indices, own, rows.n_columns + np.arange(n, dtype=np.int32)),
        np.insert(rows.values, own, np.float32(1)),
        rows.n_columns + n,
    )


def divided(rows: Csr, norm: Norm | None) -> Csr:
    """Rows over their norm; those of norm 0 stay as they are."""
    if norm is None:
        return rows
    size = np.abs(rows.values, dtype=np.float64)
    row = rows.row_of_entry
    sums = np.bincount(row, size if norm == "l1" else size**2, rows.n_rows)
    lengths = sums if norm == "l1" else np.sqrt(sums)
    values = (rows.values / lengths[row]).astype(np.float32)
    return dataclasses.replace(rows, values=values)


def in_order(name: Id) -> tuple[bool, Any]:
    """Sorted by type first, so that mixed names reach the check that refuses them."""
    return isinstance(name, str), name
