"""Split as the caller did: a training log and a test log."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.data.io.read import as_interactions
from penchant.errors import DataError, SplitError
from penchant.split._base import Split, within_users


@checked
def predefined(train: Any, test: Any) -> Split:
    """Return the split of a training log and a test log that are separate already.

    Users and items of both logs are those of both parts: models are to be fitted on
    ``split.train``, which knows them all. A pair that is in the training log too is left out of the
    test part, and :attr:`Split.settings` has the number.

    Parameters
    ----------
    train, test
        Interactions; or frames, whose columns are chosen as by :func:`penchant.read_interactions`.
        The catalog and the features are those of ``train``.

    Raises
    ------
    DataError
        If one of them is neither, or ids are integers in one and texts in the other.
    SplitError
        If no like is left in the test part.
    """
    parts = [as_interactions(train, "a split"), as_interactions(test, "a split")]
    for kind in ("users", "items"):
        ids = [getattr(part, kind) for part in parts]
        if ids[0].are_integers != ids[1].are_integers:
            raise DataError(
                f"{kind} are {'integers' if ids[0].are_integers else 'texts'} in the training log, "
                f"such as {ids[0][0]!r}, and not in the test log, such as {ids[1][0]!r}"
            )
    columns = [part.columns() for part in parts]
    names = ["user", "item", "value"]
    if all("timestamp" in part for part in columns):
        names.append("timestamp")
    both = {name: np.concatenate([part[name] for part in columns]) for name in names}
    is_new = _are_new(*parts)
    keep = np.concatenate([np.ones(parts[0].nnz, dtype=np.bool_), is_new])
    whole = Interactions.from_arrays(
        both["user"][keep], both["item"][keep], both["value"][keep],
        both["timestamp"][keep] if "timestamp" in both else None,
        duplicates="error", name=parts[0].name,
    )  # fmt: skip
    settings = {"repeated": int((~is_new).sum())}
    held_out = _are_new(parts[0], whole)
    split = within_users(_described_as(whole, parts[0]), held_out, "predefined", settings)
    if not (split.test.csr.values > 0).any():
        raise SplitError(
            f"no like is left in the test part: {settings['repeated']:,} of its pairs are in the "
            "training log"
        )
    return split


def _are_new(log: Interactions, other: Interactions) -> npt.NDArray[np.bool_]:
    """Return which pairs of another log are not in a log, shape (other.nnz,)."""
    rows = _codes_in(log.users, other.users)[other.csr.row_of_entry]
    columns = _codes_in(log.items, other.items)[other.csr.indices]
    pairs = np.where((rows < 0) | (columns < 0), -1, rows * log.n_items + columns)
    held = log.csr.row_of_entry.astype(np.int64) * log.n_items + log.csr.indices
    return ~np.isin(pairs, held)


def _codes_in(ids: IdMap, others: IdMap) -> npt.NDArray[np.int64]:
    """Return the code in ``ids`` that each of others has, −1 for those that are not in there."""
    codes = (ids.get(other) for other in others)
    return np.array([-1 if code is None else code for code in codes], dtype=np.int64)


def _described_as(data: Interactions, other: Interactions) -> Interactions:
    """Return interactions with the catalog and the features of others."""
    if other.catalog is not None:
        data = data.with_catalog(other.catalog)
    if other.item_features is not None:
        data = data.with_item_features(other.item_features)
    if other.user_features is not None:
        data = data.with_user_features(other.user_features)
    return data
