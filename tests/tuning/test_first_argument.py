"""What ``penchant.tune`` takes first, and the lines that its progress prints as."""

from __future__ import annotations

import builtins
import re
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


def test_progress_prints_as_a_line() -> None:
    likes = penchant.datasets.shapes(n_items=40, n_users=60)
    lines: list[str] = []
    penchant.tune(
        likes,
        models=["popularity", "item-neighbors"],
        budget="2 s",
        storage=None,
        on_progress=lambda progress: lines.append(str(progress)),
    )
    assert re.fullmatch(
        r"\d s of 2 s: \d+ settings tried, last of [a-z-]+, best: [a-z-]+ 0\.\d{4}", lines[-1]
    )
    pytest.importorskip("optuna")
    split = penchant.split.leave_k_out(likes, k=2)
    lines.clear()
    penchant.tune(
        penchant.ALS,
        {"factors": [2, 3]},
        split,
        storage=None,
        epochs=[2],
        on_progress=lambda progress: lines.append(str(progress)),
    )
    assert re.match(r"2 of 2 trials in \d+ s", lines[-1])
    assert "best: <Trial" in lines[-1]
