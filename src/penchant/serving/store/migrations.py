"""Schema migrations of a store; a released step is never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from penchant.data.id_spelling import canonical
from penchant.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def _unite_spellings(con: sa.Connection) -> None:
    """Store each text that spells an integer as the integer; 5 and "5" become one id."""
    for table, column in (("events", "person"), ("events", "item"), ("overrides", "item")):
        texts = sa.text(
            f"SELECT DISTINCT {column} FROM penchant_{table} WHERE {column} LIKE '\"%'"  # noqa: S608
        )
        for (text,) in con.execute(texts).all():
            own = json.dumps(canonical(json.loads(text)), ensure_ascii=False)
            if own != text:
                names = {"text": text, "own": own}
                if (table, column) != ("events", "item"):
                    con.execute(sa.text(_DROP_CLASHES[table]), names)
                con.execute(
                    sa.text(f"UPDATE penchant_{table} SET {column} = :own WHERE {column} = :text"),  # noqa: S608
                    names,
                )
    con.execute(sa.text("DELETE FROM penchant_current"))
    con.execute(sa.text(_FILL_CURRENT))


# rows that would break a unique index once two spellings are one
_DROP_CLASHES = {
    # of a person's events with the same key the first counts
    "events": "DELETE FROM penchant_events WHERE number IN (SELECT later.number FROM "
    "penchant_events later JOIN penchant_events first ON later.key = first.key "
    "WHERE later.person IN (:text, :own) AND first.person IN (:text, :own) "
    "AND later.number > first.number)",
    "overrides": "DELETE FROM penchant_overrides WHERE item = :text AND EXISTS "
    "(SELECT 1 FROM penchant_overrides own WHERE own.item = :own)",
}

# the last event of each person and item
_FILL_CURRENT = (
    "INSERT INTO penchant_current (person, item, value, number) "
    "SELECT person, item, CASE kind WHEN 'like' THEN value ELSE 0 END, number "
    "FROM penchant_events WHERE number IN "
    "(SELECT max(number) FROM penchant_events GROUP BY person, item)"
)

# step n leads from version n to version n + 1
MIGRATIONS: list[Sequence[str | Callable[[sa.Connection], None]]] = [
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
        "CREATE TABLE penchant_current (person TEXT NOT NULL, item TEXT NOT NULL, "
        "value DOUBLE PRECISION NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (person, item))",
        _FILL_CURRENT,
        "CREATE INDEX penchant_current_newest ON penchant_current (person, number)",
        "CREATE TABLE penchant_deletions (number {serial}, person TEXT NOT NULL, alias TEXT, "
        "at DOUBLE PRECISION NOT NULL, events BIGINT NOT NULL)",
    ),
    (_unite_spellings,),
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
    for steps in MIGRATIONS[check(con) :]:
        for step in steps:
            if callable(step):
                step(con)
            else:
                con.execute(sa.text(step.format_map(_TYPES[con.dialect.name])))
        con.execute(sa.text("UPDATE penchant_store SET version = version + 1"))
