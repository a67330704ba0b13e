"""Propose the columns of a log in a terminal, and let the user confirm or choose them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.cli import hints
from penchant.cli.output import Output, table
from penchant.errors import SettingsError

if TYPE_CHECKING:
    from penchant.cli.data_options import DataOptions
    from penchant.data.io.preview import Preview

_ROLES = {"user": "users", "item": "items", "value": "values", "timestamp": "times"}
"""Role → what its column holds."""
_REQUIRED = ("user", "item")
_NO_COLUMN = "-"


def confirmed(
    source: str,
    options: DataOptions,
    requested: Mapping[str, str | int | None],
    text_format: Mapping[str, Any],
    out: Output,
) -> DataOptions:
    """Return the options with the columns that the user confirms or chooses in a terminal.

    Nothing is asked if a column of users or items is named, with ``--yes``, ``--quiet`` or
    ``--json``, or if stdin or stdout is no terminal: the columns are then those that the reader
    recognizes, and its report says which.

    Parameters
    ----------
    source
        The file.
    options
        The options of the command line.
    requested
        Role → column, as the reader takes it.
    text_format
        How the file is written, as the reader takes it.
    out
        The output of the command.

    Raises
    ------
    SettingsError
        If the user ends the questions without an answer.
    """
    named = options.user or options.item or options.event
    if named or options.yes or out.quiet or out.as_json or not _is_terminal():
        return options
    from penchant.data.io.options import ReaderOptions
    from penchant.data.io.preview import preview

    reading = ReaderOptions(**text_format, format=options.format)
    path = Path(source).expanduser()
    with out.progress(f"looking at {path.name}"):
        seen = preview(path, requested, reading)
    if seen is None:
        return options
    places = {} if seen.choice is None else dict(seen.choice.places)
    out.show(_table(seen, places))
    if seen.choice is None:
        out.text("the columns of users and items can't be told: choose them", style="yellow")
        places = _chosen(seen, places)
    else:
        for note in seen.choice.notes({role: seen.name(at) for role, at in places.items()}):
            out.text(note, style="dim")
        if not _accepted():
            places = _chosen(seen, places)
    columns: dict[str, Any] = {role: seen.name(place) for role, place in places.items()}
    flags = " ".join(hints.option(role, name) for role, name in columns.items())
    out.text(f"without questions: {flags}", style="dim")
    return dataclasses.replace(options, **columns)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _table(seen: Preview, places: dict[str, int]) -> Any:
    """Return the columns with their roles and first cells, a row for each column."""
    role_of = {place: _ROLES[role] for role, place in places.items()}
    rows = []
    for place in range(seen.width):
        name = seen.columns[place] if seen.columns else ""
        cells = ", ".join(row[place][:20] for row in seen.rows)
        rows.append([str(place), name, role_of.get(place, "not used"), cells])
    return table(["", "column", "is read as", "first rows"], rows, right=(0,))


def _accepted() -> bool:
    """Ask whether the proposed columns are right; an empty answer is a yes."""
    while True:
        answer = _asked("Read these columns? [Y/n] ").casefold()
        if answer in ("", "y", "yes"):
            return True
        if answer in ("n", "no"):
            return False


def _chosen(seen: Preview, places: dict[str, int]) -> dict[str, int]:
    """Ask for the column of each role, by its name or position; the proposed one is the default."""
    chosen: dict[str, int] = {}
    for role, noun in _ROLES.items():
        default = places.get(role)
        if default in chosen.values():
            default = None
        place = _place(seen, role, noun, default)
        if place is not None:
            chosen[role] = place
    return chosen


def _place(seen: Preview, role: str, noun: str, default: int | None) -> int | None:
    hint = _NO_COLUMN if default is None else seen.name(default)
    none = "" if role in _REQUIRED else f", {_NO_COLUMN} for none"
    if default is None and role in _REQUIRED:
        hint = ""
    while True:
        text = _asked(f"Column of {noun} (name or position{none}) [{hint}]: ") or hint
        if text == _NO_COLUMN and role not in _REQUIRED:
            return None
        names = list(seen.columns or ())
        if text in names:
            return names.index(text)
        if text.isdecimal() and int(text) < seen.width:
            return int(text)
        print(f"there is no column {text!r}: 0 to {seen.width - 1}, or a name")


def _asked(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        raise SettingsError("no answer: name the columns with --user and --item") from None
