"""The form of the JSON in a model file: declared as a schema, checked before any use."""

from __future__ import annotations

from typing import Any

Schema = Any
"""A type; ``float`` (integers too); a tuple of alternatives, in which None stands for null; a list
``[schema]`` of any length; or a mapping key → schema, where a key with ``?`` at its end may be
missing."""

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


class ManifestMismatchError(ValueError):
    """A part of a manifest that is not in the form of its schema."""


def check_form(value: object, schema: Schema, where: str) -> None:
    """Compare a value from JSON with a schema.

    Raises
    ------
    ManifestMismatchError
        If it differs; the message names the place, what was found and what was expected.
    """
    if isinstance(schema, tuple):
        if not any(_fits(value, alternative, where) for alternative in schema):
            raise _mismatch(value, " or ".join(map(_described, schema)), where)
    elif isinstance(schema, list):
        if not isinstance(value, list):
            raise _mismatch(value, "a list", where)
        for place, entry in enumerate(value):
            check_form(entry, schema[0], f"{where}[{place}]")
    elif isinstance(schema, dict):
        _check_mapping(value, schema, where)
    elif not _is_a(value, schema):
        raise _mismatch(value, _described(schema), where)


def _check_mapping(value: object, schema: dict[str, Schema], where: str) -> None:
    if not isinstance(value, dict):
        raise _mismatch(value, "a mapping", where)
    names = {name.removesuffix("?"): inner for name, inner in schema.items()}
    missing = {name for name in schema if not name.endswith("?")} - value.keys()
    if missing or value.keys() - names.keys():
        raise _mismatch(sorted(map(str, value)), f"the keys {', '.join(names)}", where)
    for name, entry in value.items():
        check_form(entry, names[name], f"{where}.{name}")


def _fits(value: object, schema: Schema, where: str) -> bool:
    try:
        check_form(value, schema, where)
    except ManifestMismatchError:
        return False
    return True


def _is_a(value: object, schema: Schema) -> bool:
    if schema is None:
        return value is None
    if schema is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, schema) and (schema is bool or not isinstance(value, bool))


def _described(schema: Schema) -> str:
    if schema is None:
        return "null"
    if isinstance(schema, list):
        return "a list"
    return _NAMES.get(schema, "a mapping") if isinstance(schema, type) else "a mapping"


def _mismatch(value: object, expected: str, where: str) -> ManifestMismatchError:
    return ManifestMismatchError(f"{where} is {repr(value)[:80]}, expected {expected}")
