"""The public names, pinned: adding or losing one is a decision, not an accident."""

from __future__ import annotations

import subprocess
import sys

import tacit

PUBLIC = [
    "ALS",
    "Blend",
    "Catalogue",
    "Content",
    "EASE",
    "Evaluation",
    "Events",
    "Explanation",
    "Features",
    "HybridALS",
    "Interactions",
    "ItemNeighbours",
    "LearningCurve",
    "Popularity",
    "Range",
    "Ranking",
    "Recommendations",
    "SearchResult",
    "Split",
    "TacitError",
    "__version__",
    "datasets",
    "errors",
    "evaluate",
    "images",
    "items_for_tag",
    "learning_curve",
    "load",
    "plots",
    "read_catalogue",
    "read_events",
    "read_features",
    "read_interactions",
    "search",
    "split",
    "suggest_tags",
    "texts",
]


def test_all_is_sorted_and_pinned() -> None:
    assert tacit.__all__ == sorted(tacit.__all__) == PUBLIC


def test_every_public_name_is_there_and_documented() -> None:
    for name in set(PUBLIC) - {"__version__"}:
        assert getattr(tacit, name).__doc__, name
    assert set(PUBLIC) <= set(dir(tacit))


def test_importing_tacit_costs_nothing_heavy() -> None:
    heavy = "numpy scipy duckdb narwhals PIL rich typer matplotlib optuna"
    code = f"import sys, tacit; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
