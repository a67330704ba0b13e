"""Convert histories, lists or mappings of outside ids, to rows of a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from penchant.data.csr import Csr
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError

_LARGEST = float(np.finfo(np.float32).max)


def histories_to_csr(histories: Iterable[Iterable[Id] | Mapping[Id, float]], items: IdMap) -> Csr:
    """Convert histories to rows over ``items``; see ``Interactions.rows_of``."""
    indptr, columns, values = [0], [], []
    for history in histories:
        row = _history_row(history, items)
        codes = sorted(row)
        columns += codes
        values += [row[code] for code in codes]
        indptr.append(len(columns))
    return Csr(
        np.array(indptr, dtype=np.int64),
        np.array(columns, dtype=np.int32),
        np.array(values, dtype=np.float32),
        len(items),
    )


def _history_row(history: Iterable[Id] | Mapping[Id, float], items: IdMap) -> dict[int, float]:
    if isinstance(history, str) or not isinstance(history, Iterable):
        raise DataError(f"a history is a list of items, got the single {history!r}")
    if isinstance(history, np.ndarray):
        history = history.tolist()
    weights = history if isinstance(history, Mapping) else dict.fromkeys(history, 1.0)
    row: dict[int, float] = {}
    for item, weight in weights.items():
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
    return row
