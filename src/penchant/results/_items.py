"""Ids and catalog fields of items, as results show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from penchant.data.catalog import Catalog
from penchant.data.ids import Id

MAX_ROWS = 20
"""The number of rows that a printed table has."""


def plain_ids(ids: Sequence[Id]) -> list[Id]:
    """Return ids as Python strings and integers, also from NumPy arrays."""
    if isinstance(ids, np.ndarray):
        listed: list[Id] = ids.tolist()
        return listed
    return [plain_id(value) for value in ids]


def plain_id(value: Any) -> Any:
    """Return an id as a Python string or integer."""
    return value.item() if isinstance(value, np.generic) else value


def has_field(catalog: Catalog | None, field: str) -> bool:
    """Whether a catalog has a field, such as ``"names"``."""
    return catalog is not None and getattr(catalog, field) is not None


def item_name(catalog: Catalog | None, item: Id) -> str:
    """Return the name of an item; its id as text without a catalog."""
    return str(item) if catalog is None else catalog.name(item)


def item_fields(catalog: Catalog | None, item: Id) -> tuple[str, str, str]:
    """Return name, picture and link of an item."""
    if catalog is None:
        return str(item), "", ""
    return catalog.name(item), catalog.picture(item), catalog.link(item)
