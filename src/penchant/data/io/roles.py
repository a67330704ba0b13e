"""One rule for which column is the user, the item, the value and the time, at any width.

Columns that the caller names come first. The others are recognized by their names, and by what
they hold: a column of times is never a value. Columns whose names tell nothing are taken by
position only if each gets a role. What is ambiguous is an error that shows the call to make.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from penchant.data.io.columns import Column, listed, locate
from penchant.data.io.header import (
    HINTS,
    INDEX_NAMES,
    ITEM_TIERS,
    OTHER_NAMES,
    RATING_NAMES,
    USER_TIERS,
    VALUE_NAMES,
    cell_class,
    is_time_name,
    plain_name,
)
from penchant.data.io.table import Table
from penchant.data.io.workspace import Workspace
from penchant.errors import ColumnError, DataError

LOOKED_AT = 200
"""How many rows of a table are looked at to tell times and numbers from texts."""

ROLES = ("user", "item", "value", "timestamp")

_PLACEHOLDER = re.compile(r"(column|col|field|f|v|x|_|_c|unnamed:? ?)?_?\d+", re.IGNORECASE)
_READABLE = ("text", "mixed", "integer", "float")
_READ = (*_READABLE, "time")


@dataclass(frozen=True)
class Choice:
    """The columns of one table that are read, and how they were chosen.

    Attributes
    ----------
    places
        Role → column.
    assumed
        The roles that the caller did not name and no column name tells.
    ignored
        The names of the columns that are not read.
    scale
        The name of the value column if it is one of ratings, an explicit scale.
    """

    places: dict[str, int]
    assumed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    scale: str | None = None

    def notes(self, describe: Mapping[str, str]) -> tuple[str, ...]:
        """Return what was assumed and what is not read, as lines of text."""
        lines = []
        if self.assumed:
            columns = ", ".join(f"{role} from {describe[role]}" for role in self.assumed)
            lines.append(f"assumed, since no column name says so: {columns}")
        if self.ignored:
            lines.append(f"not used: {', '.join(self.ignored)}")
        if self.scale:
            lines.append(
                f"{self.scale} holds ratings, an explicit scale: a low rating counts as a weak "
                "like, not as a dislike"
            )
        return tuple(lines)


def choose_roles(
    work: Workspace,
    table: Table,
    requested: Mapping[str, Column | None],
    *,
    wanted: Sequence[str] = ROLES,
    taken: Iterable[int] = (),
) -> Choice:
    """Choose the columns of a table of interactions.

    Parameters
    ----------
    work
        The workspace that the table was opened in.
    table
        The table; the roles that it declares itself apply if no column is given.
    requested
        Role → column, as the caller gave them.
    wanted
        The roles that are looked for.
    taken
        Columns that have another role.

    Raises
    ------
    ColumnError
        If a column is not there, only one of user and item is given, or a role is ambiguous.
    """
    try:
        return _choice(work, table, requested, wanted, taken)
    except ColumnError as error:
        if not table.advice:
            raise
        raise ColumnError(f"{error}; {table.advice}") from None


def _choice(
    work: Workspace,
    table: Table,
    requested: Mapping[str, Column | None],
    wanted: Sequence[str],
    taken: Iterable[int],
) -> Choice:
    if all(column is None for column in requested.values()):
        if table.roles:
            return Choice(dict(table.roles))
        if table.columns is not None and sorted(table.columns) == sorted(ROLES):
            return Choice({role: table.columns.index(role) for role in ROLES})
    if (requested["user"] is None) != (requested["item"] is None):
        missing = "user" if requested["user"] is None else "item"
        raise ColumnError(
            f"{missing}= is not given: {table.label} has {listed(table.columns, table.width)}"
        )
    places = locate(requested, table.columns, table.width, table.label)
    assumed: tuple[str, ...] = ()
    if "user" not in places:
        search = _Search(work, table, places, wanted, set(taken))
        places, assumed = search.run()
    used = {*places.values(), *taken}
    ignored = tuple(table.column_name(n) for n in range(table.width) if n not in used)
    order = [role for role in ROLES if role in places]
    scale = _scale(table, places.get("value"))
    return Choice({role: places[role] for role in order}, assumed, ignored, scale)


def _scale(table: Table, place: int | None) -> str | None:
    if place is None or not table.columns:
        return None
    is_rating = plain_name(table.columns[place]) in RATING_NAMES
    return table.column_name(place) if is_rating else None


class _Search:
    """The search for the columns of one table that the caller did not name."""

    def __init__(
        self,
        work: Workspace,
        table: Table,
        places: dict[str, int],
        wanted: Sequence[str],
        taken: set[int],
    ) -> None:
        self._table, self._wanted = table, wanted
        self._places, self._assumed = dict(places), dict[str, int]()
        names = table.columns or ()
        self._plain = [plain_name(name) for name in names] or [""] * table.width
        self._is_named = bool(names) and not all(map(_PLACEHOLDER.fullmatch, names))
        self._classes, self._gaps = look(work, table)
        self._free = [
            n
            for n in range(table.width)
            if n not in taken and n not in places.values()
        ]  # fmt: skip

    def run(self) -> tuple[dict[str, int], tuple[str, ...]]:
        """Return role → column, and the roles that were assumed."""
        if self._is_named:
            self._claim_ids("user", USER_TIERS)
            self._claim_ids("item", ITEM_TIERS)
            self._free = [n for n in self._free if not self._is_index(n)]
            self._claim_times()
            self._claim_value()
        if "user" in self._places and "item" in self._places:
            self._assume_value()
        else:
            self._assume_by_position()
        return {**self._places, **self._assumed}, tuple(self._assumed)

    # --- by name ------------------------------------------------------------------------

    def _claim(self, role: str, place: int) -> None:
        self._places[role] = place
        self._free.remove(place)

    def _claim_ids(self, role: str, tiers: Sequence[set[str]]) -> None:
        for names in tiers:
            named = [n for n in self._free if self._plain[n] in names]
            if len(named) == 1:
                return self._claim(role, named[0])
            if named:
                raise self._error(f"which column holds the {role}s", role, named)
        return None

    def _claim_times(self) -> None:
        """Set aside all columns of times, and read the one that is meant."""
        names = self._table.columns or ()
        if "timestamp" in self._places or "timestamp" not in self._wanted:
            self._free = [n for n in self._free if self._classes[n] != "time"]
            return
        named = [n for n in self._free if is_time_name(names[n])]
        times = [n for n in self._free if self._classes[n] == "time"]
        if "user" not in self._places or "item" not in self._places:
            # ids can look like times: a column that is called neither is taken by position
            times = [n for n in times if n in named]
        # steps and years are times only if their column is called so
        numbers = [n for n in named if self._classes[n] == "number"]
        named = [n for n in named if n in times] or numbers
        chosen = named if len(named) == 1 else times
        # a row without a time would be dropped: only a call that names the column does that
        if len(chosen) == 1 and chosen[0] not in self._gaps:
            self._claim("timestamp", chosen[0])
        self._free = [n for n in self._free if n not in times and n not in named]

    def _claim_value(self) -> None:
        if "value" in self._places or "value" not in self._wanted:
            return
        named = [n for n in self._free if self._plain[n] in VALUE_NAMES]
        if len(named) > 1:
            raise self._error("which column holds the values", "value", named)
        if named:
            self._claim("value", named[0])

    def _is_index(self, place: int) -> bool:
        """Return whether a column is a frame's row index, written out."""
        names = self._table.columns or ()
        return not names[place].strip() or self._plain[place] in INDEX_NAMES

    # --- by what is left ----------------------------------------------------------------

    def _assume_value(self) -> None:
        """Take the only column of numbers that is left, unless its name says what else it is.

        Of several none is taken, and the report says that they are not used.
        """
        if "value" in self._places or "value" not in self._wanted:
            return
        left = [n for n in self._free if self._classes[n] == "number" and not self._is_other(n)]
        if len(left) == 1:
            self._assumed["value"] = left[0]

    def _is_other(self, place: int) -> bool:
        plain = self._plain[place]
        return plain in OTHER_NAMES or plain.endswith(("id", "index", "code", "key"))

    def _assume_by_position(self) -> None:
        """Take columns by position: users, items, then numbers and times, each column with a role.

        Raises
        ------
        ColumnError
            If a column is left without a role, or one of the first two holds times.
        """
        free = [n for n in self._free if self._classes[n] != "empty" or self._is_named]
        missing = [role for role in ("user", "item") if role not in self._places]
        ids, rest = free[: len(missing)], free[len(missing) :]
        role_of = {"number": "value", "time": "timestamp"}
        for place in rest:
            role = role_of.get(self._classes[place])
            if role is None or role in self._places or role in self._assumed:
                raise self._unknown()
            if role in self._wanted:
                self._assumed[role] = place
        # with a named index, the ids are more likely in there
        if (not self._table.is_ordered or self._table.advice) and len(free) > 1:
            raise self._unknown()
        if len(ids) < len(missing) or any(self._classes[n] == "time" for n in ids):
            raise self._unknown()
        self._assumed = {**dict(zip(missing, ids, strict=True)), **self._assumed}

    # --- errors -------------------------------------------------------------------------

    def _unknown(self) -> ColumnError:
        table = self._table
        call = f", such as {self._call({})}" if table.width > 1 else ""
        return ColumnError(
            f"can't tell which columns of {table.label} are users and items: give user= and "
            f"item={call}; it has {listed(table.columns, table.width)}"
        )

    def _error(self, what: str, role: str, places: Sequence[int]) -> ColumnError:
        names = " or ".join(self._table.column_name(n) for n in places)
        call = self._call({role: places[0]})
        text = f"can't tell {what} of {self._table.label}: {names}; give them, such as {call}"
        if role == "value":
            text += "; without value= each row counts 1"
        return ColumnError(text)

    def _call(self, also: Mapping[str, int]) -> str:
        """Return the arguments of a call that would be clear."""
        # the given places first, then those of this error, then the first that are free
        free = iter(n for n in range(self._table.width) if n not in also.values())
        taken = {**self._places, **also}
        rest = [n for n in free if n not in taken.values()]
        for role in ("user", "item"):
            if role not in taken and rest:
                taken[role] = self._likeliest(role, rest)
                rest.remove(taken[role])
        columns = self._table.columns if self._is_named else None
        shown = {
            role: repr(columns[taken[role]]) if columns else str(taken[role])
            for role in ROLES
            if role in taken
        }
        return ", ".join(f"{role}={text}" for role, text in shown.items())

    def _likeliest(self, role: str, places: Sequence[int]) -> int:
        """Return the column to suggest: by a word in its name, or else the first of texts."""
        named = [n for n in places if any(word in self._plain[n] for word in HINTS[role])]
        texts = [n for n in places if self._classes[n] == "text"]
        return next(iter([*named, *texts, *places]))


# --- what columns hold ------------------------------------------------------------------


def look(work: Workspace, table: Table) -> tuple[list[str], set[int]]:
    """Return the class of each column, and the columns that have gaps.

    A class is ``time``, ``number``, ``text``, ``empty`` or ``other``. The first rows decide, by
    majority, so that a bad line among them does not.
    """
    if table.sample is not None:
        rows = [row for row in table.sample if len(row) >= table.width]
        columns: Mapping[int, Sequence[str | None]] = {
            n: [row[n] for row in rows] for n in range(table.width)
        }
        classes = [cell_class(columns[n]) for n in range(table.width)]
    else:
        by_kind = {"time": "time", "boolean": "number"}
        # the kind of a column of JSON is known only after a look at all its rows
        kinds = [_kind(table, n) if table.is_ordered else "mixed" for n in range(table.width)]
        classes = [by_kind.get(kind, "other") for kind in kinds]
        columns = _first_rows(work, table, [n for n, kind in enumerate(kinds) if kind in _READ])
        for place, cells in columns.items():
            if kinds[place] in _READABLE:
                classes[place] = cell_class(cells)
    return classes, {n for n, cells in columns.items() if not all(cells)}


def _kind(table: Table, place: int) -> str:
    """Return a column's kind; a column that can't be read matters only if it is chosen."""
    try:
        return table.kind(place)
    except DataError:
        return "other"


def _first_rows(
    work: Workspace, table: Table, places: Sequence[int]
) -> dict[int, list[str | None]]:
    if not places:
        return {}
    cells = ", ".join(f"CAST({table.cell(n)} AS VARCHAR)" for n in places)
    rows = work.con.execute(f"SELECT {cells} FROM {table.relation} LIMIT {LOOKED_AT}").fetchall()
    return {place: [row[at] for row in rows] for at, place in enumerate(places)}
