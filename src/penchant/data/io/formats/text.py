"""Delimited text as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from penchant.data.io.columns import Column
from penchant.data.io.delimited import open_text
from penchant.data.io.header import has_header
from penchant.data.io.options import ReaderOptions
from penchant.data.io.table import Table


def open_text_table(
    path: Path,
    scratch: Path,
    options: ReaderOptions,
    given: Mapping[str, Column | None],
    numeric: Sequence[str],
) -> Table:
    """Open a delimited file; ``numeric`` are the roles whose columns must be numbers."""
    file = open_text(path, scratch, options)
    header = has_header(file.first, given, options.header, numeric)
    skip = file.first_line if header else 0
    width = len(file.first) if header else file.usual_width
    return Table(
        label=path.name,
        noun="line",
        columns=tuple(name.strip() for name in file.first) if header else None,
        width=width,
        relation=file.relation(skip),
        cell=file.field,
        kind=lambda _: "text",
        misfit=file.misfit(width),
        blank="line IS NULL",
        shown=file.shown,
        begins=skip + 1,
        expected=file.plain.lines - skip,
        written=(*file.how, "header" if header else "no header"),
        text_file=None if file.marks else (file, skip),
    )
