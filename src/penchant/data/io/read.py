"""``read_interactions``: from files, frames, databases and matrices to interactions."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from penchant._boundary import checked
from penchant.data.catalog import Catalog
from penchant.data.conversions import CONSTRUCTORS, frame_library
from penchant.data.disk.names import is_dataset
from penchant.data.disk.opening import open_dataset
from penchant.data.expansion import FACTOR
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions, need_interactions
from penchant.data.io.columns import Column
from penchant.data.io.open import name_of
from penchant.data.io.options import MEMORY_LIMIT, Decimal, ReaderOptions
from penchant.data.io.pipeline import read_source
from penchant.errors import ColumnError, SettingsError

log = logging.getLogger("penchant")

_MANY = 20
"""Rows of an array from which on it may be a log rather than a matrix."""

Duplicates = Literal["binary", "sum", "max", "last", "mean", "error"]


@checked
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
    time_format: str | None = None,
    decimal: Decimal = ".",
    name: str | None = None,
    duplicates: Duplicates | None = None,
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
    max_expansion: float = FACTOR,
    catalog: Catalog | None = None,
    user_ids: Sequence[Id] | None = None,
    item_ids: Sequence[Id] | None = None,
) -> Interactions:
    """Read interactions of users and items: likes, plays, purchases.

    Ids in text files stay the texts they are ("007", "NA", "1e5", " x"); Parquet, JSON, queries
    and frames keep integers as integers, and floats that are all whole become integers. Any usual
    spelling finds an id again: 17850, "17850" and 17850.0. Codes are assigned in the sorted order
    of ids, so the order of rows does not matter.

    Parameters
    ----------
    source
        The path of a delimited text file, of Parquet or of JSON lines, plain or compressed with
        gzip or zstd; a glob of such files; a folder of Parquet; a pandas, polars or pyarrow
        frame; a SciPy sparse matrix or a 2-D NumPy array, users × items; a list of (user, item),
        (user, item, value) or (user, item, value, timestamp) tuples; or the address of a
        database, ``sqlite:///file.db`` or ``postgresql://user@host/name``, with ``query``; or a
        data set on disk, whose name ends in ``.dataset``, see :func:`penchant.open_dataset`.
    user, item, value, timestamp
        Columns by name, or by position from 0. Without ``value`` every row is a like worth 1;
        a negative value is a dislike. Timestamps are whole numbers, kept in their own unit, or
        dates, kept as seconds since 1970 (UTC if they name no zone). If neither user nor item is
        given, columns are recognized by their names (``user_id``, ``artistID``, ``rating``,
        ``plays``, ``timestamp``) and by what they hold: a column of times is never a value.
        Columns without such names are taken by position, (user, item), then one of numbers and
        one of times, if each gets a role. ``notes`` list what was assumed and what is not used;
        an ambiguous table is an error.
    sep
        The separator of a text file's columns, 1 to 4 bytes; None: that of its suffix, or one of
        tab, ``::``, pipe, semicolon and comma, by its first lines.
    quote
        The character around fields that hold the separator; None: there is none. ``"auto"``: the
        double quote in comma and semicolon files, none in others, where quotes are part of
        names.
    encoding
        A codec such as ``"latin-1"``; None: UTF-8, or UTF-16 with a byte order mark.
    header
        Whether the first line of a text file names its columns. None: it does if columns are
        given by name, if one of its fields is a usual column name (``userId``, ``rating``), or
        if its value or timestamp is neither a number nor a date.
    format
        ``"text"``, ``"parquet"`` or ``"jsonl"``; None: by the file's suffix and first bytes.
    query
        The SQL whose rows are read, if ``source`` is the address of a database. It runs in a
        read-only transaction, and its rows are streamed.
    time_format
        The strptime format of timestamps, such as ``"%d/%m/%Y"``; None: whole numbers, ISO
        dates, and dates with dots, whose day comes first: ``31.12.2025``.
    decimal
        The mark before the decimals of values that are texts: ``"."``, or ``","`` for numbers
        such as ``1.234,50``.
    name
        The name of the data set; None: the file's name.
    duplicates
        The policy for rows of the same user and item: ``"binary"`` counts them once (as 1, or −1
        if their sum is negative), ``"sum"``, ``"max"``, ``"mean"``, ``"last"`` keeps the latest
        (by timestamp if read, then by position), ``"error"`` refuses them. None: ``"sum"`` with
        a value column, else ``"binary"``. The latest timestamp is kept.
    on_bad_lines
        ``"error"``, or ``"skip"`` to drop and count lines that don't fit their columns.
    memory_limit
        How much memory reading may use. Rows of plain delimited text (without quotes) are held
        in memory, 12 bytes each (8 without a value, 20 with a timestamp), with each id once.
        Larger files, and all other sources, are read by DuckDB, which is a few times slower and
        spills to the folder for temporary files (TMPDIR). The result itself needs additional
        memory: 8 bytes per interaction (16 with timestamps), and the ids.
    max_expansion
        How many times its own size a compressed file may expand to (it may always expand to
        256 MiB). One that expands further is refused, as one made to fill the disk; logs are at 5
        to 50 times their size.
    catalog
        The catalog of the items.
    user_ids, item_ids
        For matrices: the ids of rows and columns; None: 0…n−1.

    Returns
    -------
    Interactions
        Its ``notes`` (in words) and ``report`` (in numbers) account for every row.

    Raises
    ------
    BadLinesError
        If lines don't fit their columns or hold no number where one must be.
    ColumnError
        If a column does not exist; the message lists those that do.
    EncodingError
        If bytes are not text in the encoding.
    EmptyDataError
        If no interactions are left.
    DataError
        If the source does not exist, is damaged, or is of a type that can't be read.
    DatasetError
        If a data set on disk can't be used.
    SettingsError
        If an argument is out of its range.
    """
    options = ReaderOptions(
        sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, time_format,
        max_expansion, decimal,
    )  # fmt: skip
    columns = {"user": user, "item": item, "value": value, "timestamp": timestamp}
    if is_dataset(source):
        arguments = {**columns, "query": query, "duplicates": duplicates, "name": name, "sep": sep}
        return _opened(source, arguments, catalog)
    if _is_matrix(source):
        if any(column is not None for column in columns.values()):
            raise SettingsError("a matrix has no columns to name: its rows are users")
        _warn_of_pairs(source)
        return Interactions.from_scipy(
            source,
            user_ids,
            item_ids,
            duplicates=duplicates or "sum",
            name=name or "matrix",
            catalog=catalog,
        )
    if user_ids is not None or item_ids is not None:
        raise SettingsError("user_ids= and item_ids= go with matrices: other sources hold ids")
    result = read_source(source, columns, duplicates, options)
    interactions = Interactions.from_read(
        result, name=name or name_of(source) or "interactions", catalog=catalog
    )
    _warn_of_quotes(interactions.users)
    return interactions


def _opened(source: Any, arguments: dict[str, Any], catalog: Catalog | None) -> Interactions:
    """Open a data set on disk, whose columns were chosen when it was written."""
    for name, argument in arguments.items():
        if argument is not None:
            raise SettingsError(f"{source} is a data set that is read already: leave out {name}=")
    return open_dataset(source).with_catalog(catalog)


def as_interactions(data: object, caller: str) -> Interactions:
    """Return interactions as they are, and read a frame whose columns are unambiguous.

    Parameters
    ----------
    data
        Interactions, or a frame of pandas, polars or pyarrow: its columns are chosen as
        :func:`read_interactions` does without arguments.
    caller
        The function that needs them, for messages.

    Raises
    ------
    DataError
        If it is neither, or the frame's columns are ambiguous; the message shows the call to make.
    """
    library = frame_library(data)
    if library is None:
        return need_interactions(data, caller)
    try:
        return read_interactions(data)
    except ColumnError as error:
        raise ColumnError(
            f"{caller} {error}. Name them: model.fit(penchant.Interactions."
            f"{CONSTRUCTORS[library]}(frame, user=…, item=…, value=…))"
        ) from error


def _is_matrix(source: Any) -> bool:
    if isinstance(source, str | os.PathLike | list | tuple):
        return False
    return type(source).__module__.startswith(("scipy.sparse", "numpy"))


def _warn_of_pairs(matrix: Any) -> None:
    """Warn if an array looks like rows of (user, item), which a matrix has not."""
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.dtype.kind not in "iu":
        return
    n_rows, n_columns = matrix.shape
    if n_rows >= _MANY and 2 <= n_columns <= 4 and (matrix[:, :2] > n_columns).mean() > 0.5:
        log.warning(
            "a matrix of %s users × %d items: if its rows are pairs of a user and an item, give "
            "Interactions.from_arrays(users, items)",
            f"{n_rows:,}", n_columns,
        )  # fmt: skip


def _warn_of_quotes(users: IdMap) -> None:
    shown = users[:1000].tolist()
    if all(isinstance(u, str) and len(u) > 1 and u[0] == u[-1] == '"' for u in shown):
        log.warning("all users are in quotes, such as %s: give quote='\"'", shown[0])
