"""What callers name by outside ids: one or many, histories, allow and deny lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tacit.data.ids import Id, IdMap
from tacit.data.interactions import Csr
from tacit.errors import SettingsError

History = Iterable[Id] | Mapping[Id, float]
ItemLists = Iterable[Id] | Mapping[Id, Iterable[Id]]


def as_histories(given: History | Sequence[History]) -> list[History]:
    """One person's items, or several people's, as a list of histories."""
    if isinstance(given, Mapping):
        return [given]
    parts: list[Any] = [given] if isinstance(given, str) else list(given)
    several = parts and not any(isinstance(part, str | int | np.integer) for part in parts)
    return parts if several else [parts if not isinstance(given, str) else given]


def as_list(ids: Id | Iterable[Id]) -> list[Id]:
    """One id or several, as a list."""
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        return [ids]
    return list(ids)


def allowed(lists: ItemLists | None, queries: Sequence[Id], items: IdMap) -> list[Csr | None]:
    """For each query, the only items it may get, or None where it is not limited."""
    if lists is None:
        return [None] * len(queries)
    if isinstance(lists, Mapping):
        return [_row(lists[q], items) if q in lists else None for q in queries]
    return [_row(lists, items)] * len(queries)


def excluded(
    seen: Csr | None, deny: ItemLists | None, queries: Sequence[Id], items: IdMap
) -> Csr | None:
    """What each query must not get: what it has seen, and what it is denied."""
    if deny is None:
        return seen
    if isinstance(deny, Mapping):
        rows = [_row(deny.get(query, ()), items) for query in queries]
    else:
        rows = [_row(deny, items)] * len(queries)
    denied = stack(rows, len(items))
    return denied if seen is None else union(seen, denied)


def stack(rows: Sequence[Csr], n_columns: int) -> Csr:
    """Rows one below the other."""
    counts = [row.nnz for row in rows]
    indices = [row.indices for row in rows] or [np.empty(0, dtype=np.int32)]
    columns = np.concatenate(indices)
    return Csr(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns,
        np.ones(len(columns), dtype=np.float32),
        n_columns,
    )


def union(one: Csr, other: Csr) -> Csr:
    """The entries of both, row by row; values don't matter and are 1."""
    n = np.int64(one.n_columns)
    cells = np.union1d(
        one.row_of_entry * n + one.indices,
        other.row_of_entry * n + other.indices,
    )
    counts = np.bincount(cells // n, minlength=one.n_rows) if len(cells) else np.zeros(one.n_rows)
    return Csr(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        (cells % n).astype(np.int32),
        np.ones(len(cells), dtype=np.float32),
        one.n_columns,
    )


def _row(ids: Iterable[Id], items: IdMap) -> Csr:
    """One list as a row; items that are not known are passed over."""
    if isinstance(ids, str):
        raise SettingsError(f"allow and deny take lists of items, got the single text {ids!r}")
    codes = {code for one in ids if (code := items.get(one)) is not None}
    indices = np.array(sorted(codes), dtype=np.int32)
    indptr = np.array([0, len(indices)], dtype=np.int64)
    return Csr(indptr, indices, np.ones(len(indices), dtype=np.float32), len(items))
