"""The options that a command line sets, and the refusal of those that would have no effect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

from penchant.cli import lines
from penchant.cli.model_options import PREFIX
from penchant.errors import SettingsError


class TypedOption(NamedTuple):
    """An option that is not left at its default.

    Attributes
    ----------
    parameter
        The name of its parameter.
    flag
        Its longest spelling; of a switch that is off, that of its negation.
    spelling
        The option as it is written on the command line: ``-k``.
    values
        Its values, as texts.
    on_command_line
        Whether it is on the command line; else it is in the environment or in a file.
    file
        The file of options that sets it; empty for other options, and for a quiet command.
    """

    parameter: str
    flag: str
    spelling: str
    values: tuple[str, ...]
    on_command_line: bool
    file: str

    @property
    def name(self) -> str:
        """The name of its parameter, or of the model's setting."""
        return self.parameter.removeprefix(PREFIX)

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
    """Note the options that a command line, the environment or a file of options sets.

    Those with their default value count too, if they are written there.
    """
    typed.get([]).extend(_typed_options(context, context.meta.get("penchant.words", [])))


def flags(*names: str) -> list[str]:
    """Return the longest spellings of the options on the command line with these parameters."""
    by_name = {option.parameter: option.flag for option in typed.get([]) if option.on_command_line}
    return [by_name[name] for name in names if name in by_name]


def refuse(why: str, *names: str) -> None:
    """Raise SettingsError if the command line sets an option that would have no effect.

    Options of a file are for several runs and commands: a line on stderr says so of them.

    Parameters
    ----------
    why
        The reason, for the message.
    names
        The parameter names of the options.
    """
    useless = flags(*names)
    if useless:
        raise SettingsError(f"{why}: leave out {', '.join(useless)}")
    in_file = [option for option in typed.get([]) if option.file and option.parameter in names]
    if in_file:
        words = ", ".join(dict.fromkeys(option.flag for option in in_file))
        lines.write("", f"{why}: without effect is {words} of {in_file[0].file}")


def flag(param: Any, value: object = None) -> str:
    """Return the longest spelling of an option; of a switch that is off, that of its negation."""
    is_off = value is False and bool(param.secondary_opts)
    spellings: list[str] = param.secondary_opts if is_off else param.opts
    return max(spellings, key=len)


def _typed_options(context: Any, words: Sequence[str]) -> Iterator[TypedOption]:
    file = "" if context.params.get("quiet") else context.meta.get("penchant.config", "")
    for param in context.command.params:
        source = context.get_parameter_source(param.name)
        names = [name for name in param.opts if name.startswith("-")]
        if source is None or source.name == "DEFAULT" or not names:
            continue
        value = context.params.get(param.name)
        values = value if isinstance(value, list | tuple) else [value]
        yield TypedOption(
            param.name,
            flag(param, value),
            spelling(names, words) or max(names, key=len),
            tuple(str(item) for item in values if not isinstance(item, bool)),
            source.name == "COMMANDLINE",
            file if source.name == "DEFAULT_MAP" else "",
        )


def spelling(names: Sequence[str], words: Sequence[str]) -> str | None:
    """Return the first name of an option that is on a command line: ``-k5``, ``--top=5``."""
    begins = {word.partition("=")[0] for word in words} | {word[:2] for word in words}
    return next((name for name in names if name in begins), None)


def _shows(text: str, value: str) -> bool:
    if text.startswith((f"{value} ", f"{value}:")) or text.endswith(f" {value}"):
        return True
    is_path = "/" in value or "." in value
    if is_path and repr(value.rpartition("/")[2]) in text:
        return True
    return is_path and re.search(rf"(?<![\w/.]){re.escape(value)}(?![\w/])", text) is not None
