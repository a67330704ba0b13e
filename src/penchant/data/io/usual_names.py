"""The usual names of columns in tables of interactions and catalogs."""

from __future__ import annotations

import re

PEOPLE = ("user", "customer", "visitor", "member", "account", "client", "listener", "reader")
THINGS = (
    "item", "product", "movie", "film", "artist", "track", "song", "album", "book", "article",
    "model", "game", "video", "show",
)  # fmt: skip
USER_NAMES = {name + end for name in PEOPLE for end in ("", "id", "s")} | {"uid"}
ITEM_NAMES = {name + end for name in THINGS for end in ("", "id", "s")} | {"iid", "mid", "isbn"}
OTHER_NAMES = {
    "id", "name", "title", "value", "rating", "weight", "count", "plays", "playcount", "score",
    "timestamp", "time", "date", "url", "link", "tags", "genres",
}  # fmt: skip


def plain_name(name: str) -> str:
    """Return a column's name without case and punctuation: ``User_ID`` → ``userid``."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def is_usual_name(field: str) -> bool:
    """Return whether a field is the name of a column of such tables."""
    return plain_name(field) in USER_NAMES | ITEM_NAMES | OTHER_NAMES
