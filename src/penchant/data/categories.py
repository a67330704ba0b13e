"""The categories of items: tags of their catalog, or a column of their features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from penchant.data.csr import Csr, row_pointers
from penchant.data.features import Features
from penchant.data.interactions import Interactions
from penchant.errors import DataError

TAGS = "tags"


def categories_of(data: Interactions, column: str) -> Csr:
    """Return the categories of each item, as rows that sum up to 1.

    An item of n categories has each with 1/n. Items without any have one of their own, the last.

    Parameters
    ----------
    data
        Interactions with a catalog, or with features of items.
    column
        ``"tags"``: the tags of the catalog. Another name: the column of that name in the table
        that the features were read from, whose features are called ``name=value``.

    Returns
    -------
    Csr
        Shape (n_items, n categories + 1).

    Raises
    ------
    DataError
        If there is no such column.
    """
    features = _tags(data) if column == TAGS else None
    if features is None:
        features = _column(data, column)
    held = features.aligned(data.items)
    kept = held.values > 0
    pointers = row_pointers(kept)[held.indptr]
    counts = np.diff(pointers)
    # one entry more for an item without any, whose row is empty so far
    at = pointers[:-1][counts == 0]
    columns = np.insert(held.indices[kept], at, held.n_columns).astype(np.int32)
    counts = np.maximum(counts, 1)
    values = np.repeat(1 / counts, counts).astype(np.float32)
    return Csr(row_pointers(counts), columns, values, held.n_columns + 1)


def _tags(data: Interactions) -> Features | None:
    catalog = data.catalog
    return None if catalog is None or catalog.tags is None else Features.of_tags(catalog)


def _column(data: Interactions, column: str) -> Features:
    """Return the features of one column."""
    features = data.item_features
    names = [] if features is None else [str(name) for name in features.names]
    chosen = [name.startswith(f"{column}=") for name in names]
    if features is None or not any(chosen):
        raise DataError(
            f"category={column!r}: the items of {data.name!r} have no such column: "
            f"{_described(data, names)}"
        )
    return features.with_identity(False).normalized(None).select(np.array(chosen))


def _described(data: Interactions, names: Sequence[str]) -> str:
    """Return what columns there are, or how to add one."""
    columns = list(dict.fromkeys(name.partition("=")[0] for name in names if "=" in name))
    columns += [] if _tags(data) is None else [TAGS]
    if columns:
        return f"there are {', '.join(map(repr, columns[:8]))}"
    return "add a catalog with tags by with_catalog, or features by with_item_features"
