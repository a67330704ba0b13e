"""Convert histories, lists or mappings of outside ids, to rows of a matrix.

The values of a mapping are numbers, or pairs of a number and a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np

from penchant.data.csr import Csr
from penchant.data.ids import Id, IdMap, is_list
from penchant.errors import DataError

History = Iterable[Id] | Mapping[Id, float] | Mapping[Id, tuple[float, int]]

_LARGEST = float(np.finfo(np.float32).max)
_NOW = np.iinfo(np.int64).max
"""The time of an entry without one: none is later."""


def histories_to_csr(histories: Iterable[History], items: IdMap) -> Csr:
    """Convert histories to rows over ``items``; see ``Interactions.rows_of``."""
    indptr, columns, values, times = [0], [], [], []
    if not is_list(histories):
        raise DataError(f"a list of histories is needed, got {_shown(histories)}")
    for history in histories:
        row, times_of_row = _history_row(history, items)
        codes = sorted(row)
        columns += codes
        values += [row[code] for code in codes]
        times += [times_of_row.get(code, _NOW) for code in codes]
        indptr.append(len(columns))
    timed = any(time != _NOW for time in times)
    return Csr(
        np.array(indptr, dtype=np.int64),
        np.array(columns, dtype=np.int32),
        np.array(values, dtype=np.float32),
        len(items),
        np.array(times, dtype=np.int64) if timed else None,
    )


def _history_row(history: History, items: IdMap) -> tuple[dict[int, float], dict[int, int]]:
    """Return code → value and, of items that have one, code → time."""
    if not is_list(history):
        raise DataError(f"a history is a list of items, got the single {_shown(history)}")
    if isinstance(history, np.ndarray):
        history = history.tolist()
    if not isinstance(history, Mapping):
        source: Any = history
        entries = list(source) if isinstance(source, Iterable) else [source]
        for item in entries:
            if isinstance(item, Iterable) and not isinstance(item, str):
                raise DataError(f"a history is a list of items, got {type(item).__name__} in it")
        history = dict.fromkeys(entries, 1.0)
    row: dict[int, float] = {}
    times: dict[int, int] = {}
    for item, entry in history.items():
        pair: Any = entry
        is_pair = isinstance(entry, tuple | list) and len(entry) == 2
        weight, time = pair if is_pair else (pair, None)
        try:
            value = np.float32(min(max(weight, -_LARGEST), _LARGEST))
            fits = abs(weight) <= _LARGEST  # false for NaN too
        except TypeError:
            fits = False
        if not fits:
            raise DataError(
                f"the value of item {item!r} in a history is {weight!r}: a finite number (as a "
                "float32) is needed"
            )
        if value != 0:
            code = items.code(item)
            if row.get(code, float(value)) != float(value):
                raise DataError(
                    f"item {items[code]!r} comes more than once in a history, in several spellings "
                    "and with several values"
                )
            row[code] = float(value)
            if is_pair:
                times[code] = _as_time(item, time)
    return row, times


def _as_time(item: Id, time: Any) -> int:
    if isinstance(time, bool) or not isinstance(time, Integral) or abs(int(time)) >= _NOW:
        raise DataError(
            f"the time of item {item!r} in a history is {time!r}: a whole number in the unit of "
            "the timestamps is needed"
        )
    return int(time)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str | bytes | int | float) else type(value).__name__
