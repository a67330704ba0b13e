"""Decide whether the first line of a text file is a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penchant.data.io.usual_names import is_usual_name


def has_header(
    first: Sequence[str],
    given: Mapping[str, str | int | None],
    header: bool | None,
    numeric: Sequence[str] = (),
) -> bool:
    """Return whether the first line of a text file names its columns.

    ``header`` decides if it is given. Otherwise: yes if any column is given by name, if a field
    of the line is a usual name of a column, or if a field that must be a number is not one.

    Parameters
    ----------
    first
        The fields of the first line.
    given
        Role → column, as the caller gave them.
    header
        The caller's choice, or None.
    numeric
        The roles that must be numbers.
    """
    if header is not None:
        return header
    if any(isinstance(column, str) for column in given.values()):
        return True
    if any(map(is_usual_name, first)):
        return True
    places = [given.get(role) for role in numeric]
    if all(column is None for column in given.values()) and len(first) == 3 and numeric:
        places = [2]
    return any(
        isinstance(place, int) and -len(first) <= place < len(first) and not is_number(first[place])
        for place in places
    )


def is_number(field: str) -> bool:
    """Return whether a field is a number, or nothing."""
    try:
        float(field or "0")
    except ValueError:
        return False
    return True
