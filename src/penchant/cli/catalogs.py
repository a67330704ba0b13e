"""Read the catalog of the items as the options of a command describe it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.cli import explicit, hints
from penchant.cli.data_options import DataOptions
from penchant.cli.wording import renamed
from penchant.cli.written import column, text_format
from penchant.data.io import database
from penchant.errors import DataError, SettingsError

if TYPE_CHECKING:
    from penchant.data.catalog import Catalog
    from penchant.data.interactions import Interactions
    from penchant.data.io.preview import Preview

_TEXT = ("catalog_sep", "catalog_quote", "catalog_encoding", "catalog_header")
_COLUMNS = ("name", "link", "picture", "tags")
_OTHERS = ("catalog_query", "catalog_item", *_TEXT)
"""Parameters that describe a catalog in a file of its own."""


def with_catalog(interactions: Interactions, options: DataOptions, log: str | None) -> Interactions:
    """Return interactions with the catalog that the options name.

    Without ``--catalog``, the columns that ``--name`` and the like name are those of the log.

    Parameters
    ----------
    interactions
        The interactions of the log.
    options
        The options, with the columns that were confirmed.
    log
        The file that the interactions were read from; None if that is no file.

    Raises
    ------
    PenchantError
        If the catalog can't be read as the options say.
    """
    if options.catalog is None:
        in_log = log is not None and bool(explicit.flags(*_COLUMNS))
        explicit.refuse("they need --catalog", *_OTHERS, *(() if in_log else _COLUMNS))
        if log is None or not in_log:
            return interactions
        catalog = _of_log(log, options)
    elif log is not None and _is_same_file(options.catalog, log):
        catalog = _of_log(log, options)
    else:
        catalog = _of_file(options.catalog, options)
    if not any(item in interactions.items for item in catalog.items):
        source = label(options.catalog or "", "catalog")
        raise DataError(
            f"{source} has none of the items of the log: its ids look like "
            f"{catalog.items[0]!r}, those of the log like {interactions.items[0]!r}; "
            "name the column of ids with --catalog-item"
        )
    return interactions.with_catalog(catalog.subset(interactions.items))


def label(source: str, option: str) -> str:
    """Return a file, or the option of a database's query, for messages."""
    return f"--{option}-query" if database.is_address(source) else source


def _columns(options: DataOptions) -> dict[str, Any]:
    return {role: column(getattr(options, role)) for role in _COLUMNS}


def _of_file(file: str, options: DataOptions) -> Catalog:
    from penchant.data.io.catalog_tables import read_catalog

    check_pair(file, options.catalog_query, "catalog", "a catalog in a database needs")
    is_query = options.catalog_query is not None
    if is_query:
        explicit.refuse("the catalog is in a database", *_TEXT)
    written = {} if is_query else text_format(options, "catalog_")
    with renamed("catalog_", item="catalog_item"):
        return read_catalog(
            file,
            item=column(options.catalog_item),
            query=options.catalog_query,
            **_columns(options),
            **written,
        )


def check_pair(source: str, query: str | None, option: str, what: str) -> None:
    """Check that an address of a database and a query are given together.

    Parameters
    ----------
    source, query
        The file or address, and the query or None.
    option
        The option that names the source, without its dashes; that of the query ends in ``-query``.
    what
        How the message begins: ``a catalog in a database needs``.

    Raises
    ------
    SettingsError
        If there is only one of the two.
    """
    is_query = database.is_address(source)
    if is_query != (query is not None):
        raise SettingsError(
            f"{what} --{option}-query, the SELECT statement of its rows"
            if is_query
            else f"--{option}-query goes with the address of a database: give it with --{option}"
        )


def _of_log(log: str, options: DataOptions) -> Catalog:
    """Read the catalog in the log's own columns, written as the log is."""
    from penchant.data.io.catalog_tables import catalog_of_log

    item = options.item if options.catalog_item is None else options.catalog_item
    columns = {"item": _item_column(log, options) if item is None else column(item)}
    return catalog_of_log(
        log, {**columns, **_columns(options)}, format=options.format, **text_format(options)
    )


def _item_column(log: str, options: DataOptions) -> str | int | None:
    """Return the column of items that the reader recognizes in a log."""
    seen = _preview(log, options)
    if seen is None or seen.choice is None:
        return None
    return column(seen.name(seen.choice.places["item"]))


def name_hint(log: str, options: DataOptions, taken: Sequence[str]) -> str | None:
    """Return the option that reads the names of items from a log, if it has such a column.

    Parameters
    ----------
    log
        The source of the interactions.
    options
        The options of the command line.
    taken
        The columns that are read already, as in messages.
    """
    from penchant.data.io.columns import name_column

    path = Path(log).expanduser()
    if options.catalog is not None or explicit.flags(*_COLUMNS) or not path.is_file():
        return None
    seen = _preview(log, options)
    name = name_column(seen.columns) if seen is not None and seen.columns else None
    if name is None or any(repr(name) in column for column in taken):
        return None
    return hints.option("name", name)


def _preview(log: str, options: DataOptions) -> Preview | None:
    from penchant.data.io.options import ReaderOptions
    from penchant.data.io.preview import preview
    from penchant.data.io.roles import ROLES

    reading = ReaderOptions(**text_format(options), format=options.format)
    return preview(Path(log).expanduser(), dict.fromkeys(ROLES), reading, n_rows=0)


def _is_same_file(catalog: str, log: str) -> bool:
    if database.is_address(catalog):
        return False
    files = [Path(name).expanduser() for name in (catalog, log)]
    return all(file.is_file() for file in files) and files[0].samefile(files[1])
