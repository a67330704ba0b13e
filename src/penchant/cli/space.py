"""Parse the options of a command line into a tuning space."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from penchant.cli.model_options import ModelOptions
from penchant.cli.settings import value
from penchant.errors import SettingsError

if TYPE_CHECKING:
    from penchant.models.base import Model


def space(
    model: type[Model], grid: list[str], ranges: list[str], fixed: ModelOptions
) -> dict[str, Any]:
    """Return setting → its values, its range, or the one value of all trials.

    A range without ends is the one that the model declares for the setting.

    Raises
    ------
    SettingsError
        If a word can't be parsed, or a setting is named twice.
    """
    from penchant.tuning.space import declared_space

    values: dict[str, Any] = {}
    for word in grid:
        name, text = _named(word, "--grid NAME=VALUE,VALUE")
        _add(values, name, [value(item.strip()) for item in text.split(",") if item.strip()])
    for word in ranges:
        if re.fullmatch(r"[\w-]+", word):
            name = word.replace("-", "_")
            _add(values, name, declared_space(model, [name])[name])
        else:
            name, text = _named(word, "--range NAME=LOW..HIGH or NAME=LOW..HIGH:log")
            _add(values, name, _ends(text, word))
    if not values:
        raise SettingsError(
            "nothing to tune: name settings with --grid factors=20,40,80, with "
            "--range regularization=1e-5..10:log, or with --range alpha for the range that the "
            "model declares"
        )
    for name, text in fixed.values.items():
        _add(values, name, value(text))
    return values


def _add(values: dict[str, Any], name: str, value: Any) -> None:
    if name in values:
        raise SettingsError(f"{name} is named twice: give it one list, one range or one value")
    values[name] = value


def _named(word: str, usage: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals or not text:
        raise SettingsError(f"can't parse {word!r}: write {usage}")
    return name.strip().replace("-", "_"), text


def _ends(text: str, word: str) -> tuple[Any, ...]:
    match = re.fullmatch(r"(.+?)\.\.(.+?)(:log)?", text.strip())
    ends = [value(end.strip()) for end in match.groups()[:2]] if match else []
    if not match or not all(isinstance(end, int | float) for end in ends):
        raise SettingsError(
            f"{word!r} is no range: write NAME=LOW..HIGH, or NAME=LOW..HIGH:log for a "
            "logarithmic scale"
        )
    return (*ends, "log") if match[3] else tuple(ends)
