"""An opened table, whatever its format: a relation that DuckDB can scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from penchant.data.io.delimited import TextFile


class Field(NamedTuple):
    """A column that has a role: its place, the SQL of its cell, its kind, its name in messages."""

    place: int
    sql: str
    kind: str
    name: str


@dataclass(frozen=True)
class Table:
    """One opened table: a relation of DuckDB, and how its rows are named in messages.

    Attributes
    ----------
    label
        Its name in messages.
    noun
        The noun for its rows: ``"line"`` or ``"row"``.
    columns
        The names of its columns, or None.
    width
        The number of columns.
    relation
        SQL after FROM.
    cell
        Column → SQL of its cell.
    kind
        Column → ``text``, ``integer``, ``float``, ``boolean``, ``time``, ``mixed`` (of JSON: texts
        whose types are checked one by one) or another type's name; raises DataError for a column
        that can't be read.
    misfit
        SQL of the fault of a row as a whole, NULL for valid rows.
    blank
        SQL of whether a row is blank.
    shown
        SQL of a row as text, for messages.
    begins
        The number of its first row.
    expected
        The number of rows that the relation must have, or None.
    written
        For the notes: ``("tab-separated", "header")``.
    roles
        Role → column, for sources that declare them: records and arrays.
    numbers
        The numbers of its rows, if they are not consecutive.
    sample
        The cells of its first rows as text, or None if only DuckDB can read them.
    is_ordered
        Whether the order of its columns means something.
    text_file
        The delimited file and the number of lines before its rows, if its lines only need to be
        split at the separator.
    advice
        What to do if a column is not found; empty if nothing is known.
    """

    label: str
    noun: str
    columns: tuple[str, ...] | None
    width: int
    relation: str
    cell: Callable[[int], str]
    kind: Callable[[int], str]
    misfit: str = "NULL"
    blank: str = "false"
    shown: str = "NULL"
    begins: int = 1
    expected: int | None = None
    written: tuple[str, ...] = ()
    roles: Mapping[str, int] = field(default_factory=dict)
    numbers: npt.NDArray[np.int64] | None = None
    sample: tuple[tuple[str, ...], ...] | None = None
    is_ordered: bool = True
    text_file: tuple[TextFile, int] | None = None
    advice: str = ""

    def number(self, row: int) -> int:
        """Return the number in the file of a row of the relation (from 0)."""
        return self.begins + row if self.numbers is None else int(self.numbers[row])

    def column_name(self, place: int) -> str:
        """Return the name of a column for messages."""
        return repr(self.columns[place]) if self.columns else f"column {place}"

    def bind(self, places: Mapping[str, int]) -> dict[str, Field]:
        """Return the SQL, the kind and the name of each role's column.

        Raises
        ------
        DataError
            If a column holds values of several types.
        """
        return {
            role: Field(place, self.cell(place), self.kind(place), self.column_name(place))
            for role, place in places.items()
        }
