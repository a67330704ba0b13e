"""Arguments that name users and items by outside ids: lists, histories, allow and deny lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from penchant.data.histories import History as History
from penchant.data.ids import Id, IdMap, is_list
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, SettingsError

ItemLists = Iterable[Id] | Mapping[Id, Iterable[Id]]


def as_histories(history: History | Sequence[History]) -> list[History]:
    """Return one user's items, or several users' items, as a list of histories.

    Raises
    ------
    DataError
        If it is neither a list nor a mapping.
    """
    if isinstance(history, Mapping):
        return [history]
    if not isinstance(cast("object", history), Iterable) or hasattr(history, "tocsr"):
        raise DataError(f"a history is a list of items, got the single {_shown(history)}")
    parts: list[Any] = [history] if isinstance(history, str) else list(history)
    several = parts and not any(isinstance(part, str | int | np.integer) for part in parts)
    return parts if several else [parts if not isinstance(history, str) else history]


def need_items(interactions: Interactions, items: IdMap) -> None:
    """Check that interactions given as histories are over a model's items.

    Raises
    ------
    DataError
        If they are over other items, or in another order.
    """
    if interactions.items != items:
        raise DataError("these interactions are not over the model's items, in the same order")


def as_list(ids: Id | Iterable[Id]) -> list[Id]:
    """Return one id or several as a list of Python strings and integers.

    Raises
    ------
    SettingsError
        If it is a mapping, as only a history may be.
    """
    if isinstance(ids, str):  # the usual case
        return [ids]
    if isinstance(ids, np.ndarray | np.generic):
        ids = ids.tolist()
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        return [ids]  # type: ignore[list-item]
    if hasattr(ids, "tocsr"):
        raise SettingsError(f"ids are a list, got {type(ids).__name__}")
    if isinstance(ids, Mapping):
        raise SettingsError("ids are needed, got a mapping: what a new person likes is history=")
    return [item.item() if isinstance(item, np.generic) else item for item in ids]


def reusable(lists: ItemLists | None) -> ItemLists | None:
    """Return allow or deny lists that can be iterated over repeatedly; iterators are read."""
    if isinstance(lists, Mapping):
        return {query: _as_reusable(items) for query, items in lists.items()}
    return None if lists is None else _as_reusable(lists)


def _as_reusable(items: Iterable[Id]) -> Iterable[Id]:
    """Return a list; what is not a list stays as it is, for the check where it is used."""
    is_single = isinstance(items, str | bytes) or not isinstance(items, Iterable)
    return items if is_single else list(items)


def allow_rows(
    lists: ItemLists | None, queries: Sequence[Id], items: IdMap
) -> list[Csr | None] | None:
    """Return, for each query, the only items it may get, or None where it is not limited.

    None instead of the list: no query is limited.

    Raises
    ------
    SettingsError
        If the lists are not lists, or their users are of another type than the queries.
    UnknownIdError
        If an item is of another type than the model's.
    """
    if lists is None:
        return None
    if isinstance(lists, Mapping):
        return _rows_of(lists, queries, items)
    return [_row(lists, items)] * len(queries)


def exclude_rows(
    seen: Csr | None, deny: ItemLists | None, queries: Sequence[Id], items: IdMap
) -> Csr | None:
    """Return the items that each query must not get, seen or denied; see :func:`allow_rows`."""
    if deny is None:
        return seen
    if isinstance(deny, Mapping):
        none = _row((), items)
        rows = [none if row is None else row for row in _rows_of(deny, queries, items)]
    else:
        rows = [_row(deny, items)] * len(queries)
    denied = stack(rows, len(items))
    return denied if seen is None else union(seen, denied)


def stack(rows: Sequence[Csr], n_columns: int) -> Csr:
    """Return one matrix of rows, one below the other."""
    counts = [row.nnz for row in rows]
    indices = [row.indices for row in rows] or [np.empty(0, dtype=np.int32)]
    columns = np.concatenate(indices)
    return Csr(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns,
        np.ones(len(columns), dtype=np.float32),
        n_columns,
    )


def union(left: Csr, right: Csr) -> Csr:
    """Return the entries of both, row by row; all values are 1."""
    n = np.int64(left.n_columns)
    cells = np.union1d(
        left.row_of_entry * n + left.indices,
        right.row_of_entry * n + right.indices,
    )
    counts = np.bincount(cells // n, minlength=left.n_rows) if len(cells) else np.zeros(left.n_rows)
    return Csr(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        (cells % n).astype(np.int32),
        np.ones(len(cells), dtype=np.float32),
        left.n_columns,
    )


def _rows_of(
    lists: Mapping[Id, Iterable[Id]], queries: Sequence[Id], items: IdMap
) -> list[Csr | None]:
    """Return the list of each query as a row; its key may have any usual spelling of the id."""
    ids = IdMap(list(dict.fromkeys(queries)), "user")
    codes = {key: code for key in lists if (code := ids.get(key)) is not None}
    if not codes:
        _check_keys(lists, queries)
    rows = {code: _row(lists[key], items) for key, code in codes.items()}
    return [rows.get(ids.code(query)) for query in queries]


def _check_keys(lists: Mapping[Id, Iterable[Id]], queries: Sequence[Id]) -> None:
    """Refuse a mapping whose keys are of another type than the queries: it would have no effect."""
    key = next(iter(lists), None)
    if key is not None and queries and isinstance(key, str) != isinstance(queries[0], str):
        raise SettingsError(
            f"allow and deny take a mapping user → list: it has {key!r}, and users are such as "
            f"{queries[0]!r}"
        )


def _row(ids: Iterable[Id], items: IdMap) -> Csr:
    """Return one list as a row; unknown items are ignored."""
    if isinstance(ids, str | bytes):
        raise SettingsError(f"allow and deny take lists of items, got the single text {ids!r}")
    if not is_list(ids):
        raise SettingsError(f"allow and deny take lists of items, got {_shown(ids)}")
    codes = {code for item in ids if (code := known_code(item, items)) is not None}
    indices = np.array(sorted(codes), dtype=np.int32)
    indptr = np.array([0, len(indices)], dtype=np.int64)
    return Csr(indptr, indices, np.ones(len(indices), dtype=np.float32), len(items))


def known_code(value: object, ids: IdMap) -> int | None:
    """Return the code of an id, None if it is unknown.

    Raises
    ------
    UnknownIdError
        If it is of another type than the known ids.
    """
    code = ids.get(value)
    if code is None and not isinstance(value, int | np.integer if ids.are_integers else str):
        ids.code(value)  # raises, naming the type of the ids
    return code


def codes_in(fitted: IdMap, ids: IdMap) -> npt.NDArray[np.int64]:
    """Return the code that each of ``ids`` has in a fitted model, −1 for new ones.

    Raises
    ------
    DataError
        If the ids are of another type than the fitted ones.
    """
    if len(fitted) and len(ids) and fitted.are_integers != ids.are_integers:
        raise DataError(
            f"the model has {fitted.kind} ids such as {fitted[0]!r}, and the new ones are such "
            f"as {ids[0]!r}: ids must be of one type"
        )
    if fitted == ids:
        return np.arange(len(ids))
    codes = (fitted.get(name) for name in ids)
    return np.array([-1 if code is None else code for code in codes], dtype=np.int64)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str | bytes | int | float) else type(value).__name__
