"""From the words of a command line to the space that a search goes through."""

from __future__ import annotations

import re
from typing import Any

from penchant.cli.model_options import ModelOptions
from penchant.cli.settings import value
from penchant.errors import SettingsError


def space(grid: list[str], ranges: list[str], fixed: ModelOptions) -> dict[str, Any]:
    """Setting → its values, its range, or the one value of all trials.

    Raises
    ------
    SettingsError
        If a word can't be understood, or a setting is named twice.
    """
    found: dict[str, Any] = {}
    for word in grid:
        name, text = _named(word, "--grid NAME=VALUE,VALUE")
        _add(found, name, [value(one.strip()) for one in text.split(",") if one.strip()])
    for word in ranges:
        name, text = _named(word, "--range NAME=LOW..HIGH or NAME=LOW..HIGH:log")
        _add(found, name, _ends(text, word))
    if not found:
        raise SettingsError(
            "nothing to search: name settings with --grid factors=20,40,80 or "
            "--range regularization=1e-5..10:log"
        )
    for name, given in fixed.values.items():
        _add(found, name, value(given))
    return found


def _add(found: dict[str, Any], name: str, given: Any) -> None:
    if name in found:
        raise SettingsError(f"{name} is named twice: give it one list, one range or one value")
    found[name] = given


def _named(word: str, usage: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals or not text:
        raise SettingsError(f"{word!r} can't be understood: write {usage}")
    return name.strip().replace("-", "_"), text


def _ends(text: str, word: str) -> tuple[Any, ...]:
    match = re.fullmatch(r"(.+?)\.\.(.+?)(:log)?", text.strip())
    ends = [value(end.strip()) for end in match.groups()[:2]] if match else []
    if not match or not all(isinstance(end, int | float) for end in ends):
        raise SettingsError(f"{word!r} is no range: write NAME=LOW..HIGH, with :log behind or not")
    return (*ends, "log") if match[3] else tuple(ends)
