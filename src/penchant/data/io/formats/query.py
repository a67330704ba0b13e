"""The rows of a database query as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from penchant.data.io import database
from penchant.data.io.formats.relation import typed_table
from penchant.data.io.queries import pull
from penchant.data.io.table import Table
from penchant.errors import DataError, SettingsError


def open_query(con: Any, source: Any, query: str | None) -> Table:
    """Run a query and copy its rows to DuckDB."""
    if not database.is_address(source):
        raise SettingsError("query= goes with the address of a database: sqlite:///file.db")
    if query is None:
        raise SettingsError(
            "a database needs a query: the SELECT of users, items and perhaps values"
        )
    pulled = pull(con, source, query)
    # model files and servers show it: not where the database is, and who reads it
    label = f"the query of {database.name_of(database.parsed(source))}"
    table = typed_table(con, pulled.relation, label, names=pulled.names)

    def kind(place: int) -> str:
        if place in pulled.faults:
            raise DataError(pulled.faults[place])
        return table.kind(place)

    return replace(table, kind=kind)
