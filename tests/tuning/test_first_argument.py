"""What ``penchant.tune`` takes first; its errors come before those of missing libraries."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

import penchant
from penchant.errors import SettingsError


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ("auto", r"penchant\.tune\(split, models=\"auto\", budget=\"5 min\"\).*; got 'auto'$"),
        ({"user": ["a"]}, r"interactions or a split first.*; got a dict$"),
        (penchant.Popularity(), r"the class of a model: penchant\.Popularity, got Popularity\(…\)"),
    ],
)
def test_what_is_neither_data_nor_a_class(
    first: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = builtins.__import__

    def without_optuna(name: str, *args: Any) -> Any:
        if name == "optuna":
            raise ImportError(name)
        return found(name, *args)

    monkeypatch.setattr(builtins, "__import__", without_optuna)
    with pytest.raises(SettingsError, match=message):
        penchant.tune(first, None)
