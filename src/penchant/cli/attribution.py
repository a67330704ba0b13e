"""Say in an error which option of the command line it is about, as the user wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penchant.cli import explicit

_SUBJECT = re.compile(r"^(?P<name>[a-z]\w*) (?:must be|is named twice)\b")
_NO_SETTING = re.compile(r"^[\w-]+(?: or [\w:=.,/-]+)* has no setting '(?P<name>\w+)'")
_ABOUT = {"the query ": ("query",), "the address of a database": ("db", "to", "catalog")}
"""Phrases of messages without a name or a value → parameters that they are about."""


def subject_named(text: str, renamed: dict[str, str]) -> str:
    """Return a message whose first word is an argument with the option in its place.

    Parameters
    ----------
    text
        A message such as ``factors must be 1 or more, got 0``.
    renamed
        Argument → name of the parameter that it comes from, where they differ.
    """
    match = _SUBJECT.match(text) or _NO_SETTING.match(text)
    if match is None:
        return text
    name = renamed.get(match["name"], match["name"])
    for option in explicit.typed.get([]):
        if option.name == name:
            if text.startswith(match["name"]):
                return option.spelling + text[match.end("name") :]
            return f"{option.spelling}: {text}"
    for option in explicit.typed.get([]):
        value = option.value_of(name)
        if value is not None:
            return f"{option.spelling} {value!r}: {text}"
    return text


def attributed(text: str, renamed: Mapping[str, str] | None = None) -> str:
    """Return a message with the option whose value it shows, unless it names an option.

    Parameters
    ----------
    text
        The message.
    renamed
        Argument → name of the parameter that it comes from, where they differ.
    """
    options = explicit.typed.get([])
    if any(re.search(rf"(?<![\w-]){option.spelling}(?![\w-])", text) for option in options):
        return text
    shown = [option.spelling for option in options if option.is_quoted_in(text)]
    shown = shown or [option.spelling for option in options if option.is_shown_in(text)]
    if not shown:
        spellings = {option.name: option.spelling for option in options}
        names = [name for phrase, about in _ABOUT.items() if phrase in text for name in about]
        names = [(renamed or {}).get(name, name) for name in names]
        shown = [spellings[name] for name in names if name in spellings][:1]
    return f"{' or '.join(dict.fromkeys(shown))}: {text}" if shown else text
