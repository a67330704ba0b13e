"""The settings of all models, as the options of a command line need them.

They are read from ``model_settings.json``, which ``tools/model_settings.py`` writes from the
declarations: importing all models takes longer than a help page may. A test compares both.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("model_settings.json")


@dataclass(frozen=True)
class SettingEntry:
    """What an option shows of a setting; see :class:`penchant._settings.declarations.Setting`."""

    name: str
    kind: str
    default: Any
    optional: bool
    choices: tuple[str, ...]
    help: str
    advanced: bool


def kinds() -> list[str]:
    """Return the kinds of model, sorted."""
    return list(_table())


def settings_of(kind: str) -> dict[str, SettingEntry]:
    """Return the settings of a kind of model that a word can express, by name; none if unknown."""
    return _table().get(kind, {})


@functools.cache
def _table() -> dict[str, dict[str, SettingEntry]]:
    table = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        kind: {
            row["name"]: SettingEntry(**{**row, "choices": tuple(row["choices"])}) for row in rows
        }
        for kind, rows in table.items()
    }
