"""The usual names of columns, and whether the first line of a text file is a header."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_USER_WORDS = ("user", "customer", "visitor", "member", "account", "client", "listener", "reader")
ITEM_WORDS = (
    "item", "product", "movie", "film", "artist", "track", "song", "album", "book", "article",
    "model", "game", "video", "show",
)  # fmt: skip
USER_NAMES = {name + end for name in _USER_WORDS for end in ("", "id", "s")} | {"uid"}
ITEM_NAMES = {name + end for name in ITEM_WORDS for end in ("", "id", "s")} | {"iid", "mid", "isbn"}
OTHER_NAMES = {
    "id", "name", "title", "value", "rating", "weight", "count", "plays", "playcount", "score",
    "timestamp", "time", "date", "url", "link", "tags", "genres",
}  # fmt: skip


def has_header(
    first: Sequence[str],
    requested: Mapping[str, str | int | None],
    header: bool | None,
    numeric: Sequence[str] = (),
) -> bool:
    """Return whether the first line of a text file names its columns.

    ``header`` decides if it is not None. Otherwise: yes if any column is requested by name, if a
    field of the line is a usual name of a column, or if a field that must be a number is not one.

    Parameters
    ----------
    first
        The fields of the first line.
    requested
        Role → column, as the caller requested them.
    header
        The caller's choice, or None.
    numeric
        The roles that must be numbers.
    """
    if header is not None:
        return header
    if any(isinstance(column, str) for column in requested.values()):
        return True
    if any(map(is_usual_name, first)):
        return True
    places = [requested.get(role) for role in numeric]
    if all(column is None for column in requested.values()) and len(first) == 3 and numeric:
        places = [2]
    return any(
        isinstance(place, int) and -len(first) <= place < len(first) and not is_number(first[place])
        for place in places
    )


def is_usual_name(field: str) -> bool:
    """Return whether a field is the name of a column of such tables."""
    return plain_name(field) in USER_NAMES | ITEM_NAMES | OTHER_NAMES


def plain_name(name: str) -> str:
    """Return a column's name without case and punctuation: ``User_ID`` → ``userid``."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def is_number(field: str) -> bool:
    """Return whether a field is a number or empty."""
    try:
        float(field or "0")
    except ValueError:
        return False
    return True
