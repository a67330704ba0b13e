"""Queries that can only read: other statements are refused before a database sees them."""

from __future__ import annotations

import re
from typing import Any

from penchant.errors import DataError

_BEGINS = ("SELECT", "WITH", "VALUES", "TABLE")
_COMMENT = re.compile(r"\s+|--[^\n]*(\n|$)|/\*.*?\*/|\(", re.DOTALL)


def check_reads(query: str) -> None:
    """Refuse a statement that is not a SELECT.

    Raises
    ------
    DataError
        With the word that it begins with.
    """
    at = 0
    while (skipped := _COMMENT.match(query, at)) is not None:
        at = skipped.end()
    word = re.match(r"\w*", query[at:])
    begin = word[0].upper() if word else ""
    if begin not in _BEGINS:
        raise DataError(
            f"the query begins with {begin or query[:20]!r}, it is no SELECT: a query can only read"
        )


def forbid_writing(connection: Any) -> None:
    """Let a connection of SQLite do nothing but read its own file.

    ``mode=ro`` is of that file alone: ATTACH would make another one.
    """
    import sqlite3

    allowed = {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }

    def authorize(action: int, argument: str | None, *_: object) -> int:
        is_allowed = action in allowed and (argument or "").casefold() != "load_extension"
        return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)
