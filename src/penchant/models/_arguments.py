"""What callers name by outside ids: one or many, histories, allow and deny lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, SettingsError

History = Iterable[Id] | Mapping[Id, float]
ItemLists = Iterable[Id] | Mapping[Id, Iterable[Id]]


def as_histories(given: History | Sequence[History]) -> list[History]:
    """One person's items, or several people's, as a list of histories.

    Raises
    ------
    DataError
        If it is neither a list nor a mapping.
    """
    if isinstance(given, Mapping):
        return [given]
    if not isinstance(given, Iterable):
        raise DataError(f"a history is a list of items, got the single {given!r}")
    parts: list[Any] = [given] if isinstance(given, str) else list(given)
    several = parts and not any(isinstance(part, str | int | np.integer) for part in parts)
    return parts if several else [parts if not isinstance(given, str) else given]


def need_items(interactions: Interactions, items: IdMap) -> None:
    """Refuse histories that are interactions over other items than a model's.

    Raises
    ------
    DataError
        If their items are not these, in the same order.
    """
    if interactions.items != items:
        raise DataError("these interactions are not over the model's items, in the same order")


def as_list(ids: Id | Iterable[Id]) -> list[Id]:
    """One id or several, as a list of Python's own strings and integers.

    Raises
    ------
    SettingsError
        If it is a mapping, as histories are.
    """
    if isinstance(ids, np.ndarray | np.generic):
        ids = ids.tolist()
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        return [ids]  # type: ignore[list-item]
    if isinstance(ids, Mapping):
        raise SettingsError("ids are needed, got a mapping: what a new person likes is history=")
    return [one.item() if isinstance(one, np.generic) else one for one in ids]


def kept(lists: ItemLists | None) -> ItemLists | None:
    """Allow or deny lists that can be gone through again and again, whatever they came as."""
    if isinstance(lists, Mapping):
        return {query: _again(items) for query, items in lists.items()}
    return None if lists is None else _again(lists)


def _again(items: Iterable[Id]) -> Iterable[Id]:
    """What is no list stays what it is: whoever uses it refuses it."""
    is_one = isinstance(items, str | bytes) or not isinstance(items, Iterable)
    return items if is_one else list(items)


def allowed(lists: ItemLists | None, queries: Sequence[Id], items: IdMap) -> list[Csr | None]:
    """For each query, the only items it may get, or None where it is not limited.

    Raises
    ------
    SettingsError
        If the lists are no lists, or those of users called in another way than the queries.
    UnknownIdError
        If an item is of another type than the model's.
    """
    if lists is None:
        return [None] * len(queries)
    if isinstance(lists, Mapping):
        _check_keys(lists, queries)
        return [_row(lists[q], items) if q in lists else None for q in queries]
    return [_row(lists, items)] * len(queries)


def excluded(
    seen: Csr | None, deny: ItemLists | None, queries: Sequence[Id], items: IdMap
) -> Csr | None:
    """What each query must not get: what it has seen, and what it is denied; see `allowed`."""
    if deny is None:
        return seen
    if isinstance(deny, Mapping):
        _check_keys(deny, queries)
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


def _check_keys(lists: Mapping[Id, Iterable[Id]], queries: Sequence[Id]) -> None:
    """Refuse lists of "12" where users are integers, which would limit nobody without a word."""
    key = next(iter(lists), None)
    if key is not None and queries and isinstance(key, str) != isinstance(queries[0], str):
        raise SettingsError(
            f"allow and deny take a mapping user → list: it has {key!r}, and users are such as "
            f"{queries[0]!r}"
        )


def _row(ids: Iterable[Id], items: IdMap) -> Csr:
    """One list as a row; items that are not known are passed over."""
    if isinstance(ids, str | bytes):
        raise SettingsError(f"allow and deny take lists of items, got the single text {ids!r}")
    if not isinstance(ids, Iterable):
        raise SettingsError(f"allow and deny take lists of items, got {ids!r}")
    codes = {code for one in ids if (code := known_code(one, items)) is not None}
    indices = np.array(sorted(codes), dtype=np.int32)
    indptr = np.array([0, len(indices)], dtype=np.int64)
    return Csr(indptr, indices, np.ones(len(indices), dtype=np.float32), len(items))


def known_code(one: object, ids: IdMap) -> int | None:
    """The code of an id, None if it is not known.

    Raises
    ------
    UnknownIdError
        If it is of another type than those known, which is a slip.
    """
    code = ids.get(one)
    if code is None and not isinstance(one, int | np.integer if ids.are_integers else str):
        ids.code(one)  # says what ids are
    return code
