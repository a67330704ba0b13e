"""The public names, pinned: adding or losing one is a decision, not an accident."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import penchant

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "api.md"

PUBLIC = [
    "ALS",
    "Blend",
    "Catalog",
    "Comparison",
    "Content",
    "EASE",
    "Evaluation",
    "Events",
    "Explanation",
    "Features",
    "HybridALS",
    "IdMap",
    "Interactions",
    "ItemNeighbors",
    "LearningCurve",
    "Model",
    "PenchantError",
    "Popularity",
    "Range",
    "Ranking",
    "Recommendations",
    "Scorer",
    "Split",
    "TuningResult",
    "UserNeighbors",
    "__version__",
    "datasets",
    "errors",
    "evaluate",
    "export",
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


def documented() -> list[str]:
    """Return the names that the reference documents, in its order."""
    text = REFERENCE.read_text(encoding="utf-8")
    return re.findall(r"^\.\. auto(?!property)\w+:: (\S+)$", text, flags=re.MULTILINE)


def resolve(name: str) -> object:
    """Return the module, class or function of a dotted name."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            value = getattr(value, part)
        return value
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("name", documented())
def test_the_reference_names_what_exists_and_nothing_private(name) -> None:
    if name.startswith("penchant.plots.interactive"):
        pytest.importorskip("plotly")
    assert resolve(name).__doc__
    assert not any(part.startswith("_") for part in name.split("."))


def test_the_reference_has_every_public_name_and_module() -> None:
    names = documented()
    assert len(names) == len(set(names))
    objects = [resolve(name) for name in names if "interactive" not in name]
    missing = [
        name
        for name in set(PUBLIC) - {"__version__"}
        if not is_documented(getattr(penchant, name), objects)
    ]
    assert missing == []


def is_documented(value: object, objects: list[object]) -> bool:
    """Return whether a name is listed, or its module is, or some of a module's functions are."""
    if isinstance(value, ModuleType):
        homes = {getattr(item, "__module__", None) for item in objects}
        return value in objects or value.__name__ in homes
    return value in objects or sys.modules[value.__module__] in objects
