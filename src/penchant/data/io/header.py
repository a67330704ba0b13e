"""The usual names of columns, and whether the first line of a text file is a header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_USER_WORDS = ("user", "customer", "visitor", "member", "account", "client", "listener", "reader")
ITEM_WORDS = (
    "item", "product", "movie", "film", "artist", "track", "song", "album", "book", "article",
    "model", "game", "video", "show",
)  # fmt: skip
# things whose bare names are too common as data to mean a column: only with "id"
_OTHER_WORDS = (
    "asin", "business", "content", "course", "news", "podcast", "post", "recipe", "restaurant",
    "sku", "story", "listing", "app", "paper", "question", "work",
)  # fmt: skip
_ACTIONS = ("play", "listen", "view", "click", "purchase", "order", "visit", "watch", "like")
USER_TIERS = (
    {f"{name}id" for name in _USER_WORDS} | {"uid", "userkey", "usercode"},
    {name + end for name in _USER_WORDS for end in ("", "s")},
)
"""The names of columns of users, the surest first."""
ITEM_TIERS = (
    {f"{name}id" for name in (*ITEM_WORDS, *_OTHER_WORDS)}
    | {"iid", "mid", "isbn", "asin", "sku", "itemkey", "itemcode", "productcode", "stockcode"},
    {name + end for name in ITEM_WORDS for end in ("", "s")},
)
"""The names of columns of items, the surest first."""
USER_NAMES = set[str]().union(*USER_TIERS)
ITEM_NAMES = set[str]().union(*ITEM_TIERS)
HINTS = {
    "user": (*_USER_WORDS, "kunde", "kund", "nutzer", "cliente", "usuario", "utilisateur", "utente",
             "klant"),
    "item": (*ITEM_WORDS, "artikel", "produkt", "producto", "produit", "prodotto", "articolo"),
}  # fmt: skip
"""Role → words in a column's name that suggest it in an error, here and in other languages."""
RATING_NAMES = {
    "rating", "ratings", "stars", "grade", "userrating", "bookrating", "movierating", "overall",
    "reviewscore",
}  # fmt: skip
"""The names of columns of ratings, which are an explicit scale."""
VALUE_NAMES = (
    {
        "value", "values", "weight", "weights", "count", "counts", "score", "n", "num", "freq",
        "frequency", "quantity", "qty", "strength", "preference", "interactions", "times",
    }
    | RATING_NAMES
    | {action + end for action in _ACTIONS for end in ("s", "count", "counts")}
    | {begin + action + "s" for action in _ACTIONS for begin in ("n", "num", "total")}
    | {"liked", "like", "playcnt"}
)  # fmt: skip
TIME_NAMES = {
    "timestamp", "timestamps", "time", "date", "datetime", "ts", "when", "at", "unixtime",
    "unixreviewtime", "epoch", "eventtime", "ratingtime", "reviewtime", "datestamp", "tstamp",
}  # fmt: skip
INDEX_NAMES = {"index", "unnamed0", "indexlevel0", "level0", "rowid", "rownumber"}
"""The names that a row index gets when it is written out with a frame's columns."""
OTHER_NAMES = {
    "id", "name", "title", "url", "link", "tags", "genres", "year", "age", "price", "session",
    "page", "position", "rank", "lat", "lon", "latitude", "longitude", "zip", "zipcode",
    "duration", "length", "size", "gender", "sex", "country", "city", "amount", "cost",
}  # fmt: skip
"""The names of columns that are neither ids nor values nor times."""


def has_header(
    first: Sequence[str],
    requested: Mapping[str, str | int | None],
    header: bool | None,
    numeric: Sequence[str] = (),
    sample: Sequence[Sequence[str]] = (),
) -> bool:
    """Return whether the first line of a text file names its columns.

    ``header`` decides if it is not None. Otherwise: yes if any column is requested by name, if a
    field of the line is a usual name of a column, if a field that must be a number is neither a
    number nor a date, or if no column is requested and the lines below hold numbers or dates where
    it holds none.

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
    sample
        The fields of some lines below.
    """
    if header is not None:
        return header
    if any(isinstance(column, str) for column in requested.values()):
        return True
    if any(map(is_usual_name, first)):
        return True
    places = [requested.get(role) for role in numeric]
    if any(
        isinstance(place, int)
        and -len(first) <= place < len(first)
        and not (is_number(first[place]) or cell_class([first[place]]) == "time")
        for place in places
    ):
        return True
    is_open = all(column is None for column in requested.values())
    return is_open and bool(numeric) and _differs(first, sample)


def _differs(first: Sequence[str], sample: Sequence[Sequence[str]]) -> bool:
    """Return whether a line holds texts where those below it hold numbers or dates."""
    below = [line for line in sample if len(line) == len(first)]
    if not below:
        return False
    typed = [n for n, cells in enumerate(zip(*below, strict=True)) if cell_class(cells) in _TYPED]
    texts = [n for n in typed if first[n] and cell_class([first[n]]) == "text"]
    if len(texts) < len(typed):  # a number among numbers: a row of data, perhaps a bad one
        return False
    # an id may be a text among numbers, a value or a time may not
    return len(typed) == len(first) or any(n > 1 for n in texts)


_HEADER_NAMES = (
    USER_NAMES | ITEM_NAMES | RATING_NAMES | {"weight", "count", "plays", "playcount", "score"}
    | {"value", "timestamp", "time", "date", "datetime", "id", "name", "title", "url", "link"}
    | {"tags", "genres"}
)  # fmt: skip


def is_usual_name(field: str) -> bool:
    """Return whether a field is the name of a column of such tables, rather than data."""
    return plain_name(field) in _HEADER_NAMES


def is_id_name(name: str) -> bool:
    """Return whether a column's name says that it holds users or items."""
    return plain_name(name) in USER_NAMES | ITEM_NAMES


def is_time_name(name: str) -> bool:
    """Return whether a column's name says that it holds times: ``ts``, ``created_at``."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    last = words[-1].casefold() if words else ""
    ends = len(words) > 1 and last in ("timestamp", "datetime", "date", "at", "ts")
    return ends or plain_name(name) in TIME_NAMES


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


# --- what columns hold ------------------------------------------------------------------

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)
_DATE = re.compile(
    r"\s*(\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2}))"
    r"([T ]\s*\d{1,2}:\d{2}.*)?\s*"
)
_COMPACT_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TYPED = ("number", "time")
_YEARS = (631_152_000, 4_102_444_800)  # seconds from 1990 to 2100


def cell_class(cells: Iterable[str | None]) -> str:
    """Return what most of some cells hold: ``time``, ``number``, ``text`` or ``empty``."""
    held = [cell for cell in cells if cell]
    if not held:
        return "empty"
    numbers = [cell for cell in held if _NUMBER.fullmatch(cell) or cell.lower() == "nan"]
    dates = sum(1 for cell in held if _DATE.fullmatch(cell))
    epochs = sum(map(_is_epoch, numbers))
    if 2 * (dates + epochs) > len(held):
        return "time"
    return "number" if 2 * len(numbers) > len(held) else "text"


def _is_epoch(cell: str) -> bool:
    """Return whether a number is a time since 1970 in seconds to nanoseconds, or a date."""
    if _COMPACT_DATE.fullmatch(cell):
        return True
    number = _NUMBER.fullmatch(cell)
    if number is None:
        return False
    size = float(cell)
    begin, end = _YEARS
    return any(begin <= size / unit <= end for unit in (1, 1e3, 1e6, 1e9))
