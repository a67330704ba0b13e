"""``read_catalog``: from files and frames to a catalog of items."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from penchant._boundary import checked
from penchant.data.catalog import Catalog
from penchant.data.expansion import FACTOR
from penchant.data.ids import IdMap
from penchant.data.io.bad_rows import bad_lines
from penchant.data.io.columns import Column, guess_catalog, listed, locate
from penchant.data.io.open import open_tables
from penchant.data.io.options import MEMORY_LIMIT, ReaderOptions
from penchant.data.io.stage import stage
from penchant.data.io.table import Table
from penchant.data.io.workspace import LIST_SEPARATOR, workspace
from penchant.errors import EmptyDataError

log = logging.getLogger("penchant")


@checked
def read_catalog(
    source: Any,
    item: Column | None = None,
    name: Column | None = None,
    link: Column | None = None,
    picture: Column | None = None,
    tags: Column | None = None,
    *,
    tag_sep: str = "|",
    sep: str | None = None,
    quote: str | None = "auto",
    encoding: str | None = None,
    header: bool | None = None,
    format: Literal["text", "parquet", "jsonl"] | None = None,  # noqa: A002 - reads best
    query: str | None = None,
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
    max_expansion: float = FACTOR,
) -> Catalog:
    """Read names, links, pictures and tags of items.

    Items stay in the order of the source. An item that occurs twice keeps its first entry, and
    a warning with their number is logged.

    Parameters
    ----------
    source
        A file, a frame, or the address of a database with ``query``; see :func:`read_interactions`.
    item
        The column of item ids, by name or by position from 0. None: the only column with a name
        such as ``id``, ``itemID`` or ``movie_id``.
    name, link, picture, tags
        The columns of names, links, pictures and tags; None if there are none. If all are None,
        columns with names such as ``name``, ``title``, ``url``, ``image`` and ``genres`` are
        chosen.
    tag_sep
        The separator of an item's tags.
    sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, max_expansion
        As in :func:`read_interactions`.

    Raises
    ------
    DataError
        As in :func:`read_interactions`.
    """
    options = ReaderOptions(
        sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, None, max_expansion
    )
    requested = {"item": item, "name": name, "link": link, "picture": picture, "tags": tags}
    return _read(source, requested, options, tag_sep)


def catalog_of_log(source: Any, columns: Mapping[str, Column | None], **written: Any) -> Catalog:
    """Read the names, links, pictures and tags of items from the columns of a log.

    Its items occur many times, so there is no warning of that.

    Parameters
    ----------
    source
        The file of the log.
    columns
        Role (``item``, ``name``, ``link``, ``picture``, ``tags``) → column, None where it is not
        given.
    written
        How the file is written: fields of :class:`ReaderOptions`.

    Raises
    ------
    DataError
        As in :func:`read_catalog`.
    """
    return _read(source, columns, ReaderOptions(**written), "|", is_log=True)


def _read(
    source: Any,
    requested: Mapping[str, Column | None],
    options: ReaderOptions,
    tag_sep: str,
    *,
    is_log: bool = False,
) -> Catalog:
    with workspace(options.memory_limit) as work:
        tables = open_tables(work, source, requested, options)
        fields = [table.bind(_places(requested, table)) for table in tables]
        begins = stage(work.con, tables, fields)
        bad = bad_lines(work.con, tables, begins, options)
        label = tables[0].label
        if bad.n:
            log.warning(
                "%s: %s bad lines skipped (%s)", label, f"{bad.n:,}", "; ".join(bad.messages)
            )
        columns = _catalog_columns(work.con, list(fields[0]), label, is_log=is_log)
        if len(columns) == 1:
            held = listed(tables[0].columns, tables[0].width)
            log.warning("%s: no column of names is recognized: give name=; it has %s", label, held)
    entries = {
        "names": columns.get("name"),
        "links": columns.get("link"),
        "pictures": columns.get("picture"),
        "tags": _split_tags(columns.get("tags"), tag_sep),
    }
    return Catalog(IdMap(columns["item"], "item"), **entries)  # type: ignore[arg-type]


def _places(requested: Mapping[str, Column | None], table: Table) -> dict[str, int]:
    where = (table.columns, table.width, table.label)
    return locate(guess_catalog(requested, *where), *where)


def _catalog_columns(
    con: Any, roles: Sequence[str], label: str, *, is_log: bool
) -> dict[str, list[Any]]:
    """Fetch the staged columns, the first row of each item."""
    chosen = ", ".join(["c_item", *(f"coalesce(c_{role}, '')" for role in roles[1:])])
    rows = con.execute(
        f"SELECT {chosen} FROM staged WHERE why IS NULL AND c_item IS NOT NULL "
        "QUALIFY row_number() OVER (PARTITION BY c_item ORDER BY rowid) = 1 ORDER BY rowid"
    ).fetchall()
    if not rows:
        raise EmptyDataError(f"{label} names no items")
    total, without = con.execute(
        "SELECT count(*), count(*) FILTER (c_item IS NULL) FROM staged WHERE why IS NULL"
    ).fetchone()
    if is_log:  # the reader of interactions reports its rows
        without = total = 0
    if without:
        log.warning("%s: %s rows without an item left out", label, f"{without:,}")
    if total - without > len(rows):
        log.warning(
            "%s: %s rows are of items named before; the first row of each is kept",
            label, f"{total - without - len(rows):,}",
        )  # fmt: skip
    return dict(zip(roles, (list(column) for column in zip(*rows, strict=True)), strict=True))


def _split_tags(tags: list[str] | None, tag_sep: str) -> list[tuple[str, ...]] | None:
    if tags is None:
        return None
    split = [entry.replace(LIST_SEPARATOR, tag_sep).split(tag_sep) for entry in tags]
    return [tuple(tag.strip() for tag in entry if tag.strip()) for entry in split]
