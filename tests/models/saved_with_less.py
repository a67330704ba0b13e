"""The part of the models' contract about files without interactions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import penchant
from penchant.data.interactions import Interactions
from penchant.errors import UnsupportedError


def check_saved_with_less(
    model: Any, kept: Any, tmp_path: Path, own: Interactions, others: Interactions
) -> None:
    """Check that a loaded model answers as the fitted one, or says what it lacks."""
    path = tmp_path / "model.penchant"
    possible = {"seen": ("seen", "none"), "histories": ("none",), "all": ()}
    if kept not in possible[model.uses_interactions]:
        with pytest.raises(UnsupportedError, match=f"with interactions='{kept}'"):
            model.save(path, interactions=kept)
        assert not list(tmp_path.iterdir())
        return
    back = penchant.load(model.save(path, interactions=kept))
    assert back.kept_interactions == kept
    for ask in (
        lambda m: m.recommend(history=["i0003", "i0009"], k=5),
        lambda m: m.recommend(history={"i0003": 2.0, "i0009": -1.0}, k=5),
        lambda m: m.similar_items("i0004", k=5),
        lambda m: m.scorer(own).top_k(5),
        lambda m: m.scorer(others).top_k(5),
    ):
        np.testing.assert_array_equal(ask(back).scores, ask(model).scores)
    asked = [
        lambda m: m.recommend(["u0000", "u0001"], k=5),
        lambda m: m.recommend(["u0000", "u0001"], k=5, exclude_seen=False),
    ]
    answered = {"seen": 2, "none": 1}[kept] if model.uses_interactions == "seen" else 0
    for ask in asked[2 - answered :]:
        assert list(ask(back).ids) == list(ask(model).ids)
        np.testing.assert_array_equal(ask(back).scores, ask(model).scores)
    for ask in asked[: 2 - answered]:
        with pytest.raises(UnsupportedError, match=r"saved with .*history="):
            ask(back)
    again = penchant.load(back.save(tmp_path / "again.penchant", interactions="none"))
    assert again.kept_interactions == "none"
    history = ["i0003", "i0009"]
    np.testing.assert_array_equal(
        again.recommend(history=history, k=5).scores, model.recommend(history=history, k=5).scores
    )
