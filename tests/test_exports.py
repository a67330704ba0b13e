"""The public names, pinned: adding or losing one is a decision, not an accident."""

from __future__ import annotations

import subprocess
import sys

import penchant

PUBLIC = [
    "ALS",
    "Blend",
    "Catalog",
    "Content",
    "EASE",
    "Evaluation",
    "Events",
    "Explanation",
    "Features",
    "HybridALS",
    "Interactions",
    "ItemNeighbors",
    "LearningCurve",
    "PenchantError",
    "Popularity",
    "Range",
    "Ranking",
    "Recommendations",
    "Split",
    "TuningResult",
    "__version__",
    "datasets",
    "errors",
    "evaluate",
    "images",
    "items_for_tag",
    "learning_curve",
    "load",
    "plots",
    "read_catalog",
    "read_events",
    "read_features",
    "read_interactions",
    "split",
    "suggest_tags",
    "texts",
    "tune",
]


def test_all_is_sorted_and_pinned() -> None:
    assert penchant.__all__ == sorted(penchant.__all__) == PUBLIC


def test_every_public_name_is_there_and_documented() -> None:
    for name in set(PUBLIC) - {"__version__"}:
        assert getattr(penchant, name).__doc__, name
    assert set(PUBLIC) <= set(dir(penchant))


def test_importing_penchant_costs_nothing_heavy() -> None:
    heavy = "numpy scipy duckdb narwhals PIL rich typer matplotlib optuna"
    code = f"import sys, penchant; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
