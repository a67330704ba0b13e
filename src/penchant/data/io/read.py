"""``read_interactions``: from files, frames, databases and matrices to interactions."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions
from penchant.data.io.bad_rows import bad_lines
from penchant.data.io.cells import Cells
from penchant.data.io.cells import cells as merged_cells
from penchant.data.io.columns import Column, same_roles
from penchant.data.io.logs import read_plain
from penchant.data.io.native_cells import native_cells
from penchant.data.io.open import name_of, open_tables
from penchant.data.io.options import MEMORY_LIMIT, ReaderOptions
from penchant.data.io.roles import choose_roles
from penchant.data.io.stage import stage
from penchant.data.io.table import Table
from penchant.data.io.workspace import workspace
from penchant.data.merging import POLICIES
from penchant.errors import SettingsError

log = logging.getLogger("penchant")

Duplicates = Literal["binary", "sum", "max", "last", "mean", "error"]


def read_interactions(
    source: Any,
    user: Column | None = None,
    item: Column | None = None,
    value: Column | None = None,
    timestamp: Column | None = None,
    *,
    sep: str | None = None,
    quote: str | None = "auto",
    encoding: str | None = None,
    header: bool | None = None,
    format: Literal["text", "parquet", "jsonl"] | None = None,  # noqa: A002 - reads best
    query: str | None = None,
    name: str | None = None,
    duplicates: Duplicates | None = None,
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
    catalog: Catalog | None = None,
    user_ids: Sequence[Id] | None = None,
    item_ids: Sequence[Id] | None = None,
) -> Interactions:
    """Read who did what how often.

    Ids read from text stay the text they are ("007", "NA", "1e5", " x"); Parquet, JSON and
    frames keep integers as integers, and floats that are all whole become integers. Codes are
    given in the sorted order of ids, so the order of rows does not matter.

    Parameters
    ----------
    source
        The path of a delimited text file, of Parquet or of JSON lines, packed with gzip or zstd
        or not; a glob of them; a folder of Parquet; a pandas, polars or pyarrow frame; a SciPy
        sparse matrix or a 2-D NumPy array, users × items; a list of (user, item), (user,
        item, value) or (user, item, value, timestamp) tuples; or the address of a database,
        ``sqlite:///file.db`` or ``postgresql://user@host/name``, with ``query``.
    user, item, value, timestamp
        Columns by name, or by position from 0. Without ``value`` every row is a like worth 1;
        a negative value is a dislike. Timestamps are whole numbers, kept in their own unit, or
        dates, kept as seconds since 1970 (UTC where they name no zone). Where neither user nor
        item is given, a table of two columns (user, item) or three (user, item, value) is taken
        as it stands; in a wider one columns called ``userID``, ``item_id`` or the like are.
    sep
        What separates the columns of a text file, 1 to 4 bytes; None: by its suffix, or else
        looked for among tab, ``::``, pipe, semicolon and comma.
    quote
        The character around fields that hold the separator; None for none. ``"auto"``: the
        double quote in comma and semicolon files, none in others, where quotes are part of
        names.
    encoding
        A codec such as ``"latin-1"``; None: UTF-8, or UTF-16 with its mark.
    header
        Whether the first line of a text file names its columns. None: it does if columns are
        given by name, if one of its fields is a usual column name (``userId``, ``rating``), or
        if its value or timestamp is not a number.
    format
        ``"text"``, ``"parquet"`` or ``"jsonl"``; None: by the file's suffix and first bytes.
    query
        The SQL whose rows are read, where ``source`` is the address of a database. It can only
        read; its rows are streamed.
    name
        What to call the data set; None: the file's name.
    duplicates
        What to do with rows of the same user and item: ``"binary"`` takes them once (worth 1,
        or −1 if their sum is negative), ``"sum"``, ``"max"``, ``"mean"``, ``"last"`` takes the
        latest (by timestamp if read, then by place), ``"error"`` refuses them. None:
        ``"sum"`` with a value column, else ``"binary"``. Timestamps: the latest.
    on_bad_lines
        ``"error"``, or ``"skip"`` to leave out and count lines that don't fit their columns.
    memory_limit
        How much memory reading may take. Rows of plain delimited text (no quotes in it) are held
        in it, 12 bytes each (8 without a value, 20 with a timestamp), with each id once; what
        does not fit into it, and all other sources, DuckDB reads, a few times more slowly, which
        spills to the folder for temporary files (TMPDIR). The result itself comes on top: 8
        bytes an interaction (16 with timestamps), and the ids.
    catalog
        What is known of the items.
    user_ids, item_ids
        For matrices: what rows and columns are called; None: 0…n−1.

    Returns
    -------
    Interactions
        Its ``notes`` say in words, and its ``report`` in numbers, what became of every row.

    Raises
    ------
    BadLinesError
        If lines don't fit their columns or hold no number where one must be.
    ColumnError
        If a column is not there; the message lists those that are.
    EncodingError
        If bytes are not text in the encoding.
    EmptyDataError
        If no interactions are left.
    DataError
        If the source is not there, damaged, or of no kind that can be read.
    SettingsError
        If an argument is out of its range.
    """
    if duplicates is not None and duplicates not in POLICIES:
        raise SettingsError(f"duplicates must be one of {', '.join(POLICIES)}, got {duplicates!r}")
    options = ReaderOptions(sep, quote, encoding, header, format, query, on_bad_lines, memory_limit)
    given = {"user": user, "item": item, "value": value, "timestamp": timestamp}
    if _is_matrix(source):
        if any(column is not None for column in given.values()):
            raise SettingsError("a matrix has no columns to name: its rows are users")
        interactions = Interactions.from_matrix(
            source, user_ids, item_ids, name=name or "matrix", duplicates=duplicates or "sum"
        )
        return interactions.with_catalog(catalog)
    if user_ids is not None or item_ids is not None:
        raise SettingsError("user_ids= and item_ids= go with matrices: other sources hold ids")
    cells = _read_cells(source, given, options, duplicates)
    interactions = Interactions(
        cells.csr,
        IdMap.trusted(cells.users, "user"),
        IdMap.trusted(cells.items, "item"),
        cells.timestamps,
        name=name or name_of(source) or "interactions",
        notes=cells.report.notes(),
        report=cells.report,
    )
    for note in interactions.notes:
        log.info("%s", note)
    _warn_of_quotes(interactions.users)
    return interactions.with_catalog(catalog)


def _read_cells(
    source: Any,
    given: Mapping[str, Column | None],
    options: ReaderOptions,
    duplicates: Duplicates | None,
) -> Cells:
    """Run the pipeline: open, choose columns, read natively or stage, merge."""
    with workspace(options.memory_limit) as work:
        tables = open_tables(work, source, given, options, numeric=("value", "timestamp"))
        choices = [choose_roles(work.con, table, given) for table in tables]
        places = [choice.places for choice in choices]
        roles = same_roles(places)
        policy = duplicates or ("sum" if "value" in roles else "binary")
        origin = _described(tables, places)
        assumptions = choices[0].notes(
            {role: tables[0].column_name(place) for role, place in places[0].items()}
        )
        fields = [table.bind(row) for table, row in zip(tables, places, strict=True)]
        native = read_plain(work, tables, fields)
        if native is None:
            begins = stage(work.con, tables, fields)
            bad = bad_lines(work.con, tables, begins, options)
            return merged_cells(work.con, roles, policy, source=origin, bad=bad)
        begins = stage(work.con, native.irregular, fields)
        bad = bad_lines(work.con, native.irregular, begins, options, n_native=native.valid)
        return native_cells(work.con, native, roles, policy, source=origin, bad=bad)


def _is_matrix(source: Any) -> bool:
    if isinstance(source, str | os.PathLike | list | tuple):
        return False
    return type(source).__module__.startswith(("scipy.sparse", "numpy"))


def _warn_of_quotes(users: IdMap) -> None:
    shown = users[:1000].tolist()
    if all(isinstance(u, str) and len(u) > 1 and u[0] == u[-1] == '"' for u in shown):
        log.warning("all users are in quotes, such as %s: give quote='\"'", shown[0])


def _described(tables: Sequence[Table], places: Sequence[Mapping[str, int]]) -> str:
    first = tables[0]
    label = first.label if len(tables) == 1 else f"{len(tables)} files ({first.label}, …)"
    written = f" ({', '.join(first.written)})" if first.written else ""
    used = ", ".join(f"{role} from {first.column_name(at)}" for role, at in places[0].items())
    return f"{label}{written}: {used}"
