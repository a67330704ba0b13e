"""Find the columns of users, items, values and other roles."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from penchant.data.io.header import ITEM_TIERS, ITEM_WORDS, plain_name
from penchant.errors import ColumnError

Column = str | int

_PICTURES = ("picture", "image", "img", "photo", "poster", "cover", "thumbnail", "thumb")
# for a catalog: role → sets of usual names, tried one after the other
_CATALOG_NAMES = {
    "item": (
        ITEM_TIERS[0] | {"id"},
        {thing + end for thing in ITEM_WORDS for end in ("", "s")},
    ),
    "name": (
        {"name", "title"} | {thing + end for thing in ITEM_WORDS for end in ("name", "title")},
        set(ITEM_WORDS),
    ),
    "link": ({"url", "link", "href", "page", "homepage"},),
    "picture": ({name + end for name in _PICTURES for end in ("", "url", "link", "path", "s")},),
    "tags": ({"tags", "genres", "categories"},),
}


def locate(
    requested: Mapping[str, Column | None], columns: Sequence[str] | None, width: int, label: str
) -> dict[str, int]:
    """Return the positions of the columns that were requested by name or position.

    Parameters
    ----------
    requested
        Role → name, position from 0 (negative ones count from the end), or None.
    columns
        The names of the source's columns, or None where it has none.
    width
        The number of its columns.
    label
        The name of the source in messages.

    Raises
    ------
    ColumnError
        If a column does not exist or its name occurs twice; the message lists the columns.
    """
    return {
        role: _place(role, column, columns, width, label)
        for role, column in requested.items()
        if column is not None
    }


def guess_catalog(
    requested: Mapping[str, Column | None], columns: Sequence[str] | None, width: int, label: str
) -> dict[str, Column | None]:
    """Return the requested columns of a catalog, and choose others by their names.

    The column of ids is chosen if it is not requested, the others if none of them is.

    Raises
    ------
    ColumnError
        If the column of ids can't be told.
    """
    chosen = dict(requested)
    if all(column is None for role, column in requested.items() if role != "item"):
        wanted = list(_CATALOG_NAMES)
    else:
        wanted = ["item"]
    for role in wanted:
        if chosen[role] is None:
            taken = [place for place in chosen.values() if place is not None]
            chosen[role] = _only(columns, _CATALOG_NAMES[role], taken)
    if chosen["item"] is None:
        raise ColumnError(
            f"can't tell which column of {label} holds the ids of items: give item=, its name or "
            f"its position from 0; it has {listed(columns, width)}"
            + ("" if columns else ", as none of the usual ones is in its first line")
        )
    return chosen


def name_column(columns: Sequence[str]) -> str | None:
    """Return the only column whose name says that it holds the names of items, or None."""
    place = _only(columns, _CATALOG_NAMES["name"][:1], ())
    return None if place is None else columns[place]


def _only(
    columns: Sequence[str] | None, tries: Sequence[set[str]], taken: Sequence[Column]
) -> int | None:
    """Return the column with a name of the first set that occurs; None if several have one."""
    for names in tries:
        places = [
            place
            for place in _named(columns, names)
            if place not in taken and (columns or ())[place] not in taken
        ]
        if places:
            return places[0] if len(places) == 1 else None
    return None


def _named(columns: Sequence[str] | None, names: set[str]) -> list[int]:
    return [n for n, column in enumerate(columns or ()) if plain_name(column) in names]


def _place(role: str, column: Column, columns: Sequence[str] | None, width: int, label: str) -> int:
    if isinstance(column, int) and not isinstance(column, bool):
        if not -width <= column < width:
            raise ColumnError(
                f"{role}={column}, but {label} has {listed(columns, width)}, counted from 0"
            )
        return column % width
    if not isinstance(column, str):
        raise ColumnError(f"{role}= takes a column's name or its position, got {column!r}")
    if columns is None:
        raise ColumnError(
            f"{role}={column!r}, but {label} has no header: give positions from 0; "
            f"it has {listed(columns, width)}"
        )
    places = [n for n, name in enumerate(columns) if name == column]
    if len(places) == 1:
        return places[0]
    if places:
        raise ColumnError(f"{label} has {len(places)} columns called {column!r}: give a position")
    lowered = {name.casefold(): name for name in columns}
    close = [lowered[c] for c in difflib.get_close_matches(column.casefold(), lowered, n=3)]
    if not close and len(column) > 2:
        close = [name for lower, name in lowered.items() if column.casefold() in lower][:3]
    hint = f"; close matches: {', '.join(map(repr, close))}" if close else ""
    raise ColumnError(f"{label} has no column {column!r}: it has {listed(columns, width)}{hint}")


def listed(columns: Sequence[str] | None, width: int) -> str:
    """Return the columns of a table for messages."""
    if columns is None:
        return f"{width} column{'' if width == 1 else 's'} without names"
    shown = ", ".join(repr(name[:60]) for name in columns[:30])
    return f"the columns {shown}{', …' if width > 30 else ''}"


def same_roles(places: Sequence[Mapping[str, int]]) -> list[str]:
    """Return the roles of the columns, which must be those of all tables.

    Raises
    ------
    ColumnError
        If tables have different roles.
    """
    roles = list(places[0])
    if any(list(other) != roles for other in places):
        raise ColumnError("the files have different columns: give user=, item= and value=")
    return roles
