"""The reading pipeline: open a source, choose columns, check rows, merge pairs.

It returns arrays, so that :class:`penchant.Interactions` can be built from it without an import
cycle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from penchant.data.duplicates import POLICIES
from penchant.data.io.bad_rows import BadRows, bad_lines
from penchant.data.io.columns import Column, same_roles
from penchant.data.io.logs import read_plain
from penchant.data.io.merge import ReadResult as ReadResult
from penchant.data.io.merge import Tally, merge_staged, tally_rows
from penchant.data.io.merge_native import fill_irregular, merge_native
from penchant.data.io.open import open_tables
from penchant.data.io.options import ReaderOptions
from penchant.data.io.roles import choose_roles
from penchant.data.io.stage import stage
from penchant.data.io.table import Field, Table
from penchant.data.io.workspace import Workspace, workspace
from penchant.errors import SettingsError


def read_source(
    source: Any,
    columns: Mapping[str, Column | None],
    duplicates: str | None = None,
    options: ReaderOptions | None = None,
) -> ReadResult:
    """Read a file, a frame, a query or arrays into a merged matrix.

    Parameters
    ----------
    source
        See :func:`penchant.read_interactions`.
    columns
        Role (``user``, ``item``, ``value``, ``timestamp``) → column, None where it is not given.
    duplicates
        The policy for rows of the same pair; None: ``"sum"`` with values, else ``"binary"``.
    options
        How the source is written and read.

    Raises
    ------
    DataError
        If the source can't be read, see :func:`penchant.read_interactions`.
    EmptyDataError
        If no interactions are left.
    SettingsError
        If there is no such policy.
    """
    options = options or ReaderOptions()
    with workspace(options.memory_limit) as work:
        opened = open_source(work, source, columns, duplicates, options)
        result = _merge(work, opened, options)
        report = replace(result.report, columns=opened.notes).check_left()
        return replace(result, report=report)


@dataclass(frozen=True)
class Opened:
    """An opened source and what is read of it.

    Attributes
    ----------
    tables
        Its tables.
    fields
        For each table: role → column.
    roles
        The roles that have a column.
    policy
        The policy for rows of the same pair.
    described
        How the first table is written, and which columns are read, in words.
    notes
        What was assumed about columns, and which are not used.
    """

    tables: Sequence[Table]
    fields: Sequence[Mapping[str, Field]]
    roles: Sequence[str]
    policy: str
    described: str
    notes: tuple[str, ...]

    @property
    def origin(self) -> str:
        """What is read, in words."""
        label, n = self.tables[0].label, len(self.tables)
        return (label if n == 1 else f"{n} files ({label}, …)") + self.described


@dataclass(frozen=True)
class Staged:
    """A source whose rows are checked, with the counts of those that hold no interaction."""

    opened: Opened
    tally: Tally
    bad: BadRows

    @property
    def is_timed(self) -> bool:
        """Whether there are timestamps."""
        return "timestamp" in self.opened.roles


def open_source(
    work: Workspace,
    source: Any,
    columns: Mapping[str, Column | None],
    duplicates: str | None,
    options: ReaderOptions,
) -> Opened:
    """Open a source and choose its columns; see :func:`read_source`.

    Raises
    ------
    DataError
        If the source can't be opened.
    SettingsError
        If there is no such policy for duplicates.
    """
    check_policy(duplicates)
    tables = open_tables(work, source, columns, options, numeric=("value", "timestamp"))
    return choose_columns(work, tables, columns, duplicates)


def choose_columns(
    work: Workspace,
    tables: Sequence[Table],
    columns: Mapping[str, Column | None],
    duplicates: str | None,
) -> Opened:
    """Choose the columns of opened tables; see :func:`open_source`."""
    choices = [choose_roles(work, table, columns) for table in tables]
    places = [choice.places for choice in choices]
    roles = same_roles(places)
    fields = [table.bind(row) for table, row in zip(tables, places, strict=True)]
    names = {role: field.name for role, field in fields[0].items()}
    policy = duplicates or ("sum" if "value" in roles else "binary")
    described = _described(tables[0], places[0])
    return Opened(tables, fields, list(fields[0]), policy, described, choices[0].notes(names))


def check_policy(duplicates: str | None) -> None:
    """Check the policy for rows of the same pair.

    Raises
    ------
    SettingsError
        If there is no such policy.
    """
    if duplicates is not None and duplicates not in POLICIES:
        raise SettingsError(f"duplicates must be one of {', '.join(POLICIES)}, got {duplicates!r}")


def stage_source(work: Workspace, opened: Opened, options: ReaderOptions) -> Staged:
    """Check the rows of a source in DuckDB, without merging them: the view ``good``.

    Raises
    ------
    BadLinesError
        If there are bad rows, which are not to be skipped.
    """
    tally, bad = _check_rows(work.con, opened.tables, opened.fields, opened.roles, options)
    return Staged(opened, tally, bad)


def _merge(work: Workspace, opened: Opened, options: ReaderOptions) -> ReadResult:
    """Read the rows natively or through DuckDB, and merge those of the same pair."""
    tables, fields, roles = opened.tables, opened.fields, opened.roles
    policy, origin = opened.policy, opened.origin
    is_formatted = (options.time_format is not None and "timestamp" in roles) or (
        options.decimal == "," and "value" in roles
    )
    native = None if is_formatted else read_plain(work, tables, fields)
    if native is None:
        staged = stage_source(work, opened, options)
        return merge_staged(
            work.con, staged.tally, staged.bad, policy, timed=staged.is_timed, source=origin
        )
    if native.is_regular:
        return merge_native(native, policy, source=origin)
    tally, bad = _check_rows(
        work.con, native.irregular, fields, roles, options, n_native=native.valid
    )
    fill_irregular(work.con, native)
    return merge_native(native, policy, tally, bad, source=origin)


def _check_rows(
    con: Any,
    tables: Sequence[Table],
    fields: Sequence[Mapping[str, Field]],
    roles: Sequence[str],
    options: ReaderOptions,
    *,
    n_native: int = 0,
) -> tuple[Tally, BadRows]:
    """Stage the rows of tables, and count those that hold no interaction."""
    begins = stage(con, tables, fields, options.time_format, options.decimal)
    bad = bad_lines(con, tables, begins, options, n_native=n_native)
    return tally_rows(con, roles), bad


def _described(first: Table, places: Mapping[str, int]) -> str:
    """Return how the first table is written, and the columns that are read of it."""
    written = f" ({', '.join(first.written)})" if first.written else ""
    used = ", ".join(f"{role} from {first.column_name(at)}" for role, at in places.items())
    return f"{written}: {used}"
