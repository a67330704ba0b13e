"""What a person types, found among the items: an id, or the exact name of one."""

from __future__ import annotations

import difflib

from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.errors import UnknownIdError

_LISTED = 8


def find_item(
    text: str, items: IdMap, catalog: Catalog | None = None, *, by_name: bool = False
) -> Id:
    """The id of the item that a text names.

    Parameters
    ----------
    text
        An id, or a name as the catalog has it, letter case and outer spaces aside. What is
        both is taken as an id.
    items
        The items to choose from.
    catalog
        Their names.
    by_name
        Take the text as a name only.

    Raises
    ------
    UnknownIdError
        If nothing or more than one item is called so; the message names the candidates.
    """
    as_id = items.parse(text)
    if not by_name and as_id in items:
        return as_id
    if catalog is None or catalog.names is None:
        items.code(as_id)
        raise UnknownIdError(f"unknown item {text!r}: the names of the items are not known")
    found = [item for item in catalog.find(text) if item in items]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(map(repr, found[:_LISTED])) + (", …" if len(found) > _LISTED else "")
        raise UnknownIdError(
            f"{len(found)} items are called {text!r}: say which by its id, {listed}"
        )
    raise UnknownIdError(_nothing(text, items, catalog))


def _nothing(text: str, items: IdMap, catalog: Catalog) -> str:
    """That nothing is called so, and what is called nearly so."""
    wanted = text.strip().casefold()
    known = {name.strip().casefold(): name for name in catalog.names or ()}
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    close += sorted((name for name in known if wanted in name and name not in close), key=len)[:3]
    message = f"unknown item {text!r}: no item of the {len(items):,} has this id or name"
    if not close or not wanted:
        return message
    return f"{message}; close names: {', '.join(repr(known[name]) for name in close[:4])}"
