"""Open the store of a URL."""

from __future__ import annotations

from penchant.errors import require
from penchant.serving.store.base import Store

__all__ = ["open_store"]


def open_store(url: str = "sqlite:///penchant.db") -> Store:
    """Open a store; it is created if missing, and migrated if older.

    Parameters
    ----------
    url
        ``sqlite:///file.db`` (relative) or ``sqlite:////folder/file.db``; ``sqlite://`` for
        a temporary one, deleted when closed; or ``postgresql://user:password@host/name``.

    Raises
    ------
    SettingsError
        If the URL is not supported.
    StoreError
        If the database can't be used: missing, damaged, of another program, or created by a
        later version.
    MissingExtraError
        If SQLAlchemy, or the PostgreSQL driver, is not installed.
    """
    require("sqlalchemy", extra="serve", what="Stores")
    from penchant.serving.store.database import DatabaseStore

    return DatabaseStore(url)
