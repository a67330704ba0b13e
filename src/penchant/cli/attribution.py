"""Say in an error which option of the command line it is about, as the user wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

_SUBJECT = re.compile(r"^(?P<name>[a-z]\w*) (?:must be|is named twice)\b")
_NO_SETTING = re.compile(r"^[\w-]+(?: or [\w:=.,/-]+)* has no setting '(?P<name>\w+)'")
_ABOUT = {"the query ": ("query",), "the address of a database": ("db", "to", "catalog")}
"""Phrases of messages without a name or a value → parameters that they are about."""


class TypedOption(NamedTuple):
    """An option on the command line.

    Attributes
    ----------
    name
        The name of its parameter, or of the model's setting.
    spelling
        The option as it is written there: ``-k``.
    values
        Its values, as texts.
    """

    name: str
    spelling: str
    values: tuple[str, ...]

    def value_of(self, setting: str) -> str | None:
        """Return the first value that sets a setting: ``als:factors=8``, ``factors=8,16``."""
        pattern = rf"(?<!\w){setting}(=|$)"
        texts = (text for text in self.values if re.search(pattern, text.replace("-", "_")))
        return next(texts, None)

    def is_quoted_in(self, text: str) -> bool:
        """Return whether a message shows a value in quotes."""
        return any(repr(value) in text or f'"{value}"' in text for value in self.values if value)

    def is_shown_in(self, text: str) -> bool:
        """Return whether a message begins with a value, or shows it and it is a path."""
        return any(_shows(text, value) for value in self.values if value)


typed: ContextVar[list[TypedOption]] = ContextVar("typed")
"""The options of the command that runs; empty before it is known."""


def record(context: Any) -> None:
    """Note the options that a command line sets."""
    options = typed.get([])
    options.extend(_typed_options(context, context.meta.get("penchant.words", [])))


def _typed_options(context: Any, words: Sequence[str]) -> Iterator[TypedOption]:
    from penchant.cli.model_options import PREFIX  # the list of commands does without

    begins = {word.partition("=")[0] for word in words}
    begins |= {word[:2] for word in words if re.match(r"-\w", word)}
    for param in context.command.params:
        source = context.get_parameter_source(param.name)
        names = [name for name in param.opts if name.startswith("-")]
        if source is None or source.name == "DEFAULT" or not names:
            continue
        value = context.params.get(param.name)
        values = value if isinstance(value, list | tuple) else [value]
        spelling = next((name for name in names if name in begins), max(names, key=len))
        texts = tuple(str(item) for item in values if not isinstance(item, bool))
        yield TypedOption(param.name.removeprefix(PREFIX), spelling, texts)


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
    for option in typed.get([]):
        if option.name == name:
            if text.startswith(match["name"]):
                return option.spelling + text[match.end("name") :]
            return f"{option.spelling}: {text}"
    for option in typed.get([]):
        value = option.value_of(name)
        if value is not None:
            return f"{option.spelling} {value!r}: {text}"
    return text


def attributed(text: str) -> str:
    """Return a message with the option whose value it shows, unless it names an option."""
    options = typed.get([])
    if any(re.search(rf"(?<![\w-]){option.spelling}(?![\w-])", text) for option in options):
        return text
    shown = [option.spelling for option in options if option.is_quoted_in(text)]
    shown = shown or [option.spelling for option in options if option.is_shown_in(text)]
    if not shown:
        spellings = {option.name: option.spelling for option in options}
        names = [name for phrase, about in _ABOUT.items() if phrase in text for name in about]
        shown = [spellings[name] for name in names if name in spellings][:1]
    return f"{' or '.join(dict.fromkeys(shown))}: {text}" if shown else text


def _shows(text: str, value: str) -> bool:
    if text.startswith((f"{value} ", f"{value}:")) or text.endswith(f" {value}"):
        return True
    is_path = "/" in value or "." in value
    if is_path and repr(value.rpartition("/")[2]) in text:
        return True
    return is_path and re.search(rf"(?<![\w/.]){re.escape(value)}(?![\w/])", text) is not None
