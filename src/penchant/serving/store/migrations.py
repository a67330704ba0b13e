"""Schema migrations of a store; a released step is never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from penchant.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

# types that the two databases name differently
_TYPES = {
    "sqlite": {
        "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "bytes": "BLOB",
        "random": "lower(hex(randomblob(16)))",
    },
    "postgresql": {
        "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "bytes": "BYTEA",
        "random": "replace(gen_random_uuid()::text, '-', '')",
    },
}

# step n leads from version n to version n + 1
MIGRATIONS: list[Sequence[str]] = [
    (
        "CREATE TABLE penchant_store (version INTEGER NOT NULL)",
        "INSERT INTO penchant_store VALUES (0)",
        "CREATE TABLE penchant_events (number {serial}, person TEXT NOT NULL, item TEXT NOT NULL, "
        "kind TEXT NOT NULL, value DOUBLE PRECISION NOT NULL, at DOUBLE PRECISION NOT NULL, "
        "key TEXT)",
        # also finds a person's events
        "CREATE UNIQUE INDEX penchant_events_key ON penchant_events (person, key)",
        "CREATE TABLE penchant_activations (number {serial}, path TEXT NOT NULL, "
        "learned BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL)",
        "CREATE TABLE penchant_overrides (item TEXT PRIMARY KEY, name TEXT, link TEXT, "
        "picture TEXT, tags TEXT, hidden INTEGER NOT NULL)",
        "CREATE TABLE penchant_folded (person TEXT PRIMARY KEY, vector {bytes} NOT NULL, "
        "model TEXT NOT NULL, upto BIGINT NOT NULL)",
    ),
    # vectors of people: folding in takes no longer than reading a vector
    ("DROP TABLE penchant_folded",),
    (
        # the identity of a store, and the key of the digests of deleted people
        "ALTER TABLE penchant_store ADD COLUMN identity TEXT",
        "UPDATE penchant_store SET identity = {random}",
        # the last event of each person and item
        "CREATE TABLE penchant_current (person TEXT NOT NULL, item TEXT NOT NULL, "
        "value DOUBLE PRECISION NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (person, item))",
        "INSERT INTO penchant_current (person, item, value, number) "
        "SELECT person, item, CASE kind WHEN 'like' THEN value ELSE 0 END, number "
        "FROM penchant_events WHERE number IN "
        "(SELECT max(number) FROM penchant_events GROUP BY person, item)",
        "CREATE INDEX penchant_current_newest ON penchant_current (person, number)",
        "CREATE TABLE penchant_deletions (number {serial}, person TEXT NOT NULL, alias TEXT, "
        "at DOUBLE PRECISION NOT NULL, events BIGINT NOT NULL)",
    ),
]


def check(con: sa.Connection) -> int:
    """Return the version of a store; 0 for an empty database.

    Raises
    ------
    StoreError
        If a later version created it, or a SQLite file contains other tables.
    """
    tables = sa.inspect(con).get_table_names()
    if "penchant_store" not in tables:
        if tables and con.dialect.name == "sqlite":  # a PostgreSQL database may be shared
            raise StoreError(
                "the database belongs to another program, with the tables "
                f"{', '.join(tables[:5])}: give another file"
            )
        return 0
    version = int(con.execute(sa.text("SELECT version FROM penchant_store")).scalar_one())
    if version > len(MIGRATIONS):
        raise StoreError(
            f"a later penchant made the database: it has version {version}, and this one supports "
            f"up to {len(MIGRATIONS)}; install a newer penchant"
        )
    return version


def migrate(con: sa.Connection) -> None:
    """Migrate a store to the latest version, in the transaction of a connection."""
    for statements in MIGRATIONS[check(con) :]:
        for statement in statements:
            con.execute(sa.text(statement.format_map(_TYPES[con.dialect.name])))
        con.execute(sa.text("UPDATE penchant_store SET version = version + 1"))
