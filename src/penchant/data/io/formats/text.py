"""Delimited text as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from penchant.data.io.columns import Column
from penchant.data.io.delimited import TextFile, open_text
from penchant.data.io.header import has_header
from penchant.data.io.options import ReaderOptions
from penchant.data.io.sql import lines_sql, sql_text
from penchant.data.io.table import Table


def open_text_table(
    path: Path,
    scratch: Path,
    options: ReaderOptions,
    requested: Mapping[str, Column | None],
    numeric: Sequence[str],
) -> Table:
    """Open a delimited file; ``numeric`` are the roles whose columns must be numbers."""
    file = open_text(path, scratch, options)
    header = has_header(file.first, requested, options.header, numeric, file.sample)
    skip = file.first_line if header else 0
    width = len(file.first) if header else file.usual_width
    if header and not file.first[-1] and file.usual_width == width - 1:
        width -= 1  # only the header ends in a separator
    trailing = header and file.ends_in_separator
    remarks = ("a separator at the end of lines",) if trailing else ()
    return Table(
        label=path.name,
        noun="line",
        columns=tuple(name.strip() for name in file.first[:width]) if header else None,
        width=width,
        relation=relation(file, skip),
        cell=lambda place: field(file, place),
        kind=lambda _: "text",
        misfit=misfit(file, width, trailing=trailing),
        blank="line IS NULL",
        shown=file.shown,
        begins=skip + 1,
        expected=file.plain.lines - skip,
        written=(*file.remarks, "header" if header else "no header", *remarks),
        sample=file.sample if header else (file.first, *file.sample),
        text_file=None if file.marks or trailing else (file, skip),
    )


def misfit(file: TextFile, width: int, *, trailing: bool = False) -> str:
    """Return the SQL of the fault of a line that must have ``width`` fields, or NULL.

    With ``trailing`` a line may end in another separator, with nothing behind it.
    """
    noun = "CASE len(f) WHEN 1 THEN ' column' ELSE ' columns' END"
    message = f"len(f) || {noun} || ' instead of {width}'"
    unclosed = ""
    if file.marks:
        marked = f"starts_with(line, {sql_text(file.marks[0])})"
        unclosed = f"WHEN {marked} THEN 'a quote that is not closed where the field ends'"
    fits = f"len(f) = {width}"
    if trailing:
        fits += f" OR (len(f) = {width + 1} AND f[{width + 1}] = '')"
    return f"CASE {unclosed} WHEN NOT ({fits}) THEN {message} END"


def relation(file: TextFile, skip: int) -> str:
    """Return the SQL of a relation with the columns ``line`` and ``f``, its fields as a list."""
    fields = f"string_split(line, {sql_text(file.sep)}) AS f"
    return f"(SELECT line, {fields} FROM {lines_sql(file.plain.path, file.spare, skip)})"


def field(file: TextFile, number: int) -> str:
    """Return the SQL of a field's text (from 0) of the relation with ``f``, NULL if empty."""
    text = f"f[{number + 1}]"
    if file.marks:
        feed, back = sql_text(file.marks[1]), sql_text(file.marks[2])
        text = f"replace(replace({text}, {feed}, chr(10)), {back}, chr(13))"
    return f"nullif({text}, '')"
