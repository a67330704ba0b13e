"""``read_features``: from long tables, tables of columns and vectors to features."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant._settings.checks import check_choice
from penchant.data.duplicates import POLICIES
from penchant.data.expansion import FACTOR
from penchant.data.features import Features
from penchant.data.ids import Id, IdMap
from penchant.data.io.bad_rows import BadRows, bad_lines
from penchant.data.io.columns import Column, guess_catalog, locate
from penchant.data.io.merge import ReadResult, merge_staged, tally_rows
from penchant.data.io.open import open_tables
from penchant.data.io.options import MEMORY_LIMIT, ReaderOptions
from penchant.data.io.read import Duplicates
from penchant.data.io.sql import sql_text
from penchant.data.io.stage import stage
from penchant.data.io.table import Table
from penchant.data.io.workspace import LIST_SEPARATOR, workspace
from penchant.data.paths import local_path
from penchant.errors import ColumnError, DataError, EmptyDataError, SettingsError

log = logging.getLogger("penchant")


@checked
def read_features(
    source: Any,
    item: Column | None = None,
    feature: Column | None = None,
    value: Column | None = None,
    *,
    user: Column | None = None,
    columns: Sequence[Column] | None = None,
    labels: Sequence[Column] = (),
    list_sep: str = "|",
    ids: Sequence[Id] | IdMap | None = None,
    duplicates: Duplicates = "sum",
    sep: str | None = None,
    quote: str | None = "auto",
    encoding: str | None = None,
    header: bool | None = None,
    format: Literal["text", "parquet", "jsonl"] | None = None,  # noqa: A002 - reads best
    query: str | None = None,
    on_bad_lines: Literal["error", "skip"] = "error",
    memory_limit: str = MEMORY_LIMIT,
    max_expansion: float = FACTOR,
) -> Features:
    """Read the features of items, or of users.

    A *long* table has a row for each (item, feature, value); it is assumed if ``feature`` is
    requested. A table of *columns* has a row for each item: a column of numbers becomes one
    feature with the column's name and the numbers as weights; any other column becomes a feature
    of weight 1 for each of its values, such as ``genre=Rock``. *Vectors*, an array or a ``.npy``
    file, have a row for each of ``ids``.

    Parameters
    ----------
    source
        A file, a frame, or the address of a database with ``query`` (see
        :func:`read_interactions`), a list of (item, feature) or (item, feature, value) tuples, a
        two-dimensional array, or the path of a ``.npy`` file.
    item, user
        The column of ids, one of the two. If both are None, the column of items is chosen by its
        name.
    feature, value
        The columns of a long table. Without ``value`` each row has the weight 1.
    columns
        The columns to read of a table of columns; None: all but the ids.
    labels
        Those of them whose numbers are labels (a year, the number of a category).
    list_sep
        The separator of several values in one field.
    ids
        For vectors: the ids of their rows.
    duplicates
        The policy for a feature that an id has several times; see :func:`read_interactions`. By
        default the values are summed, so a tag by ten people has the weight 10.
    sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, max_expansion
        As in :func:`read_interactions`.

    Returns
    -------
    Features
        Ids and names in sorted order.

    Raises
    ------
    ColumnError
        If a column does not exist, or the column of ids can't be told.
    EmptyDataError
        If no features are left.
    DataError
        As in :func:`read_interactions`.
    SettingsError
        If an argument is out of its range.
    """
    check_choice("duplicates", duplicates, tuple(POLICIES))
    options = ReaderOptions(
        sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, None, max_expansion
    )
    if item is not None and user is not None:
        raise SettingsError("give either item= or user=: features are of one side")
    kind = "item" if user is None else "user"
    vectors = _vectors(source)
    if vectors is not None:
        if ids is None:
            raise SettingsError("vectors have no ids: say whose they are, ids=[…]")
        return Features.dense(ids, vectors, kind=kind)
    if ids is not None:
        raise SettingsError("ids= are those of vectors, an array or a .npy file: leave them out")
    requested = {kind: item if user is None else user, "feature": feature, "value": value}
    named = requested | {f"column {n}": column for n, column in enumerate(columns or ())}
    with workspace(memory_limit) as work:
        tables = open_tables(work, source, named, options, numeric=("value",))
        long = feature is not None or bool(tables[0].roles)
        if long:
            places = [_long(requested, table, kind) for table in tables]
        else:
            places = [_wide(requested, columns, table, kind) for table in tables]
        fields = [table.bind(row) for table, row in zip(tables, places, strict=True)]
        begins = stage(work.con, tables, fields)
        bad = bad_lines(work.con, tables, begins, options)
        if not long:
            _melt(work.con, tables[0], places[0], labels, list_sep)
        valued = "value" in places[0] or not long
        result = _merge(work.con, valued, duplicates, tables[0].label, bad)
    return Features(IdMap(result.users, kind), IdMap(result.items, "feature"), result.csr)


def _vectors(source: Any) -> npt.NDArray[Any] | None:
    """Return the array, or that of a ``.npy`` file; None for other sources."""
    if isinstance(source, np.ndarray):
        return source
    if not isinstance(source, str | os.PathLike) or Path(source).suffix.lower() != ".npy":
        return None
    try:
        return np.asarray(np.load(local_path(source), allow_pickle=False))
    except (OSError, ValueError) as error:
        raise DataError(f"can't read vectors from {os.fspath(source)!r}: {error}") from error


# --- which columns ----------------------------------------------------------------------
#
# The reader treats a table of features as one of interactions: its "users" are the items or users
# with features, and its "items" are the features. The roles have these names from here on.


def _long(requested: Mapping[str, Column | None], source: Table, kind: str) -> dict[str, int]:
    """Return role → column of a long table."""
    if source.roles:
        if len(source.roles) > 3:
            raise DataError(f"{source.label} must hold ({kind}, feature[, value]) tuples")
        return dict(source.roles)
    table = (source.columns, source.width, source.label)
    places = locate(_with_ids(requested, source, kind), *table)
    roles = {kind: "user", "feature": "item", "value": "value"}
    return {roles[role]: place for role, place in places.items()}


def _wide(
    requested: Mapping[str, Column | None],
    columns: Sequence[Column] | None,
    source: Table,
    kind: str,
) -> dict[str, int]:
    """Return role → column of a table of columns: ``user``, and ``f<place>`` for each feature."""
    if requested["value"] is not None:
        raise SettingsError("value= goes with feature=: name both columns of a long table")
    table = (source.columns, source.width, source.label)
    id_place = locate({kind: _with_ids(requested, source, kind)[kind]}, *table)[kind]
    if columns is None:
        chosen = [place for place in range(source.width) if place != id_place]
    else:
        chosen = list(locate({f"columns {c!r}": c for c in columns}, *table).values())
    for place in chosen:
        if re.fullmatch(r"(FLOAT|DOUBLE|DECIMAL.*)\[\d*\]", source.kind(place)):
            raise DataError(
                f"{source.column_name(place)} of {source.label} holds vectors, which would be "
                f"taken for labels: pass them as an array, read_features(vectors, ids=…)"
            )
    if not chosen:
        raise ColumnError(f"{source.label} has no column of features beside that of the {kind}s")
    return {"user": id_place} | {f"f{place}": place for place in chosen}


def _with_ids(
    requested: Mapping[str, Column | None], source: Table, kind: str
) -> dict[str, Column | None]:
    """Return the requested columns; the column of ids is chosen if it is not among them."""
    if requested[kind] is not None:
        return dict(requested)
    table = (source.columns, source.width, source.label)
    # a second column is requested, so that names and tags are not chosen as well
    chosen = guess_catalog({"item": None, "feature": -1}, *table)
    return {**requested, kind: chosen["item"]}


# --- weights ----------------------------------------------------------------------------


def _melt(
    con: Any, source: Table, places: Mapping[str, int], labels: Sequence[Column], list_sep: str
) -> None:
    """Convert the staged table of columns to a long one."""
    table = (source.columns, source.width, source.label)
    label_places = set(locate({f"labels {label!r}": label for label in labels}, *table).values())
    con.execute("ALTER TABLE staged RENAME TO columns_read")
    parts = ["SELECT c_user, NULL AS c_item, NULL AS c_value, why, shown FROM columns_read "
             "WHERE why IS NOT NULL"]  # fmt: skip
    for role, place in places.items():
        if role == "user":
            continue
        title = source.columns[place] if source.columns else f"column {place}"
        as_number = place not in label_places and _is_number(con, f"c_{role}")
        part = _number_sql(role, title) if as_number else _label_sql(role, title, list_sep)
        parts.append(f"SELECT c_user, {part}")
    con.execute(f"CREATE TABLE staged AS {' UNION ALL '.join(parts)}")


def _is_number(con: Any, column: str) -> bool:
    """Return whether a column holds numbers only."""
    number = f"try_cast({column} AS DOUBLE)"
    held, others = con.execute(
        f"SELECT count(*), count(*) FILTER ({number} IS NULL OR isinf({number}) "
        f"OR contains({column}, '_')) FROM columns_read WHERE why IS NULL AND {column} <> ''"
    ).fetchone()
    return bool(held and not others)


def _number_sql(role: str, title: str) -> str:
    number = f"try_cast(c_{role} AS DOUBLE)"
    return (
        f"{sql_text(title)}, CASE WHEN NOT isnan({number}) THEN {number} END, NULL, NULL "
        f"FROM columns_read WHERE why IS NULL AND c_{role} <> ''"
    )


def _label_sql(role: str, title: str, list_sep: str) -> str:
    sep, listed = sql_text(list_sep), sql_text(LIST_SEPARATOR)
    return (
        f"{sql_text(title + '=')} || label, 1.0, NULL, NULL FROM (SELECT c_user, "
        f"trim(unnest(string_split(replace(c_{role}, {listed}, {sep}), {sep}))) AS label "
        "FROM columns_read WHERE why IS NULL) WHERE label <> ''"
    )


def _merge(con: Any, valued: bool, policy: str, label: str, bad: BadRows) -> ReadResult:
    """Merge the staged rows into a matrix, and log what happened to them."""
    tally = tally_rows(con, ["user", "item", *(["value"] if valued else [])])
    result = merge_staged(con, tally, bad, policy, timed=False, source=label)
    if result.csr.nnz == 0:
        raise EmptyDataError(f"{label} holds no features: all values are empty or 0")
    report = result.report
    log.info(
        "%s: %s weights of %s rows; %s merged, %s without an id, a name or a value, %s zero",
        label, f"{result.csr.nnz:,}", f"{report.rows:,}", f"{report.merged:,}",
        f"{report.nameless + report.valueless:,}", f"{report.zeros:,}",
    )  # fmt: skip
    return result
