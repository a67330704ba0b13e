"""The settings of a model as a table for the manual."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from penchant._settings.configurable import Configurable
from penchant._settings.declarations import Declaration

_HEAD = ("Setting", "Default", "Values", "Meaning")


def markdown_table(cls: type[Configurable]) -> str:
    """Return a Markdown table of all settings of a class, one row each."""
    rows = [_HEAD, ("---",) * len(_HEAD)]
    rows += [_row(declaration) for declaration in cls.declarations.values()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows) + "\n"


def _row(declaration: Declaration) -> tuple[str, str, str, str]:
    setting = declaration.setting
    meaning = [setting.help, setting.details]
    if setting.unit:
        meaning.append(f"Unit: {setting.unit}.")
    if setting.tune is not None:
        meaning.append(f"Worth trying: {tune_text(setting.tune)}.")
    if setting.source:
        meaning.append(f"Source: {setting.source}.")
    return (
        f"`{declaration.name}`",
        default_text(declaration.default),
        re.sub(r'"[^"]+"', r"`\g<0>`", _cell(declaration.values)),
        _cell(" ".join(sentence for sentence in meaning if sentence)),
    )


def tune_text(tune: tuple[Any, ...] | list[Any]) -> str:
    """Return a range or values as words, such as ``"16 … 256 (logarithmic)"``."""
    if isinstance(tune, list):
        return ", ".join(map(str, tune))
    low, high, *scale = tune
    return f"{low:g} … {high:g}" + (" (logarithmic)" if scale else "")


def default_text(default: Any) -> str:
    """Return a default as code; a dash where a factory makes it."""
    return "–" if default is dataclasses.MISSING else f"`{_python(default)}`"


def _python(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _cell(text: str) -> str:
    """Escape a text for a table; roles of reStructuredText become code."""
    return re.sub(r":\w+:`([^`]+)`", r"`\1`", text).replace("|", "\\|")
