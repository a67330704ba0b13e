"""Find an item by a text: its id or its exact name."""

from __future__ import annotations

import difflib

from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.errors import UnknownIdError

_LISTED = 8


def find_item(
    text: str, items: IdMap, catalog: Catalog | None = None, *, by_name: bool = False
) -> Id:
    """Return the id of the item that a text names.

    Parameters
    ----------
    text
        An id, or a name of the catalog, ignoring letter case and outer spaces. A text that is
        both is taken as an id.
    items
        The items to search.
    catalog
        Their names.
    by_name
        Whether to take the text as a name only.

    Raises
    ------
    UnknownIdError
        If no item or more than one has this id or name; the message names the candidates.
    """
    as_id = items.parse(text)
    if not by_name and as_id in items:
        return as_id
    if catalog is None or catalog.names is None:
        items.code(as_id)
        raise UnknownIdError(f"unknown item {text!r}: the names of the items are not known")
    matches = [item for item in catalog.find(text) if item in items]
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = ", ".join(map(repr, matches[:_LISTED]))
        listed += ", …" if len(matches) > _LISTED else ""
        raise UnknownIdError(
            f"{len(matches)} items are called {text!r}: say which by its id, {listed}"
        )
    raise UnknownIdError(_no_match(text, items, catalog))


def _no_match(text: str, items: IdMap, catalog: Catalog) -> str:
    """Return the message that there is no match, with similar names."""
    wanted = text.strip().casefold()
    name_of = {name.strip().casefold(): name for name in catalog.names or ()}
    close = difflib.get_close_matches(wanted, name_of, n=3, cutoff=0.6)
    close += sorted((name for name in name_of if wanted in name and name not in close), key=len)[:3]
    message = f"unknown item {text!r}: no item of the {len(items):,} has this id or name"
    if not close or not wanted:
        return message
    return f"{message}; close names: {', '.join(repr(name_of[name]) for name in close[:4])}"
