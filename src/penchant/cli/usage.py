"""The messages of command lines that can't be parsed, in the form of all other messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from penchant.cli import explicit

_PARSER = (
    (r"^Invalid value for '(?P<option>[^']+)': ", r"\g<option>: "),
    (r"Value error, ", ""),
    (r"Input should be a valid integer.*", "must be a whole number"),
    (r"Input should be a valid number.*", "must be a number"),
    (r"Input should be a finite number.*", "must be a finite number"),
    (r"Input should be greater than or equal to (\S+)", r"must be \1 or more"),
    (r"Input should be less than or equal to (\S+)", r"must be \1 or less"),
    (r"Input should be greater than (\S+)", r"must be above \1"),
    (r"^(\S+): must be", r"\1 must be"),
    (r"^Missing argument '(\w+)'\.?", r"\1 is missing"),
    (r"^Missing option '([^']+)'\.?", r"\1 is missing"),
    (r"^No such option: (\S+)", r"there is no option \1"),
    (r"\(Possible options: (.*)\)", r"(did you mean \1?)"),
    (r"^No such command '(.*?)'\.", r"there is no command '\1'"),
    (r" Did you mean (.*)\?$", r" (did you mean \1?)"),
    (r"^Option '([^']+)' requires an argument\.?", r"\1 needs a value"),
    (r"^Got unexpected extra argument\(s\) \((.*)\)", r"one argument too many: \1"),
)
"""Patterns in messages of the parser → their replacements."""


def is_usage(error: Exception) -> bool:
    """Return whether an error is one of the parser, whose classes move between its versions."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def is_help(error: Exception) -> bool:
    """Return whether an error stands for the help of a command line without a command."""
    return type(error).__name__ == "NoArgsIsHelpError"


def message(error: Any) -> str:
    """Return the message of an error of the parser."""
    text: str = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    words = [] if context is None else context.meta.get("penchant.words", [])
    text = re.sub(r"'-[^']*'(?: / '-[^']*')+", lambda match: _spelling(match[0], words), text)
    text = _OPTIONS.sub(_nearest_first, text)
    for pattern, replacement in _PARSER:
        text = re.sub(pattern, replacement, text)
    return text


_OPTIONS = re.compile(r"^No such option: (\S+) \(Possible options: (.*)\)")


def _nearest_first(match: re.Match[str]) -> str:
    """Return the message about an unknown option with the options that may be meant in order."""
    wrong, options = match[1], match[2].split(", ")
    options.sort(key=lambda option: -difflib.SequenceMatcher(None, wrong, option).ratio())
    return f"No such option: {wrong} (Possible options: {', '.join(options)})"


def _spelling(names: str, words: Sequence[str]) -> str:
    """Return one of several spellings of an option: the one on the command line."""
    spellings = re.findall(r"'([^']+)'", names)
    return repr(explicit.spelling(spellings, words) or spellings[-1])


def advice(error: Any) -> str:
    """Return where the options of the command are described."""
    context = getattr(error, "ctx", None)
    path = "penchant" if context is None else context.command_path
    return f"see {path} --help"
