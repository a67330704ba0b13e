"""The public names, pinned: adding or losing one is a decision, not an accident."""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import penchant

DOCS = Path(__file__).resolve().parents[1] / "docs"
REFERENCE, ARCHITECTURE = DOCS / "api.md", DOCS / "architecture.md"

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
    "GraphFilter",
    "HybridALS",
    "IdMap",
    "Interactions",
    "ItemNeighbors",
    "LearningCurve",
    "Model",
    "ModelSelection",
    "PenchantError",
    "Popularity",
    "PureSVD",
    "Random",
    "Range",
    "Ranking",
    "Recommendations",
    "SLIM",
    "Scorer",
    "Split",
    "TuningResult",
    "UserNeighbors",
    "__version__",
    "compare",
    "datasets",
    "engines",
    "errors",
    "evaluate",
    "export",
    "images",
    "ingest",
    "items_for_tag",
    "learning_curve",
    "load",
    "open_dataset",
    "plots",
    "protocols",
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


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("AlternatingLeastSquares", "ALS"), ("BPR", "Ranking"), ("Als", "ALS"),
        ("train_test_split", "split.random_fraction"), ("read_csv", "read_interactions"),
        ("read_interaction", "read_interactions"),
    ],
)  # fmt: skip
def test_names_of_other_libraries_and_misspelled_ones(name: str, own: str) -> None:
    with pytest.raises(AttributeError, match=rf"'{name}' \(did you mean penchant\.{own}\?\)"):
        getattr(penchant, name)
    with pytest.raises(AttributeError, match=r"has no attribute 'zebra'$"):
        penchant.zebra  # noqa: B018


def test_importing_penchant_costs_nothing_heavy() -> None:
    heavy = "numpy scipy duckdb narwhals PIL rich typer matplotlib optuna"
    code = f"import sys, penchant; print([m for m in '{heavy}'.split() if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def documented() -> list[str]:
    """Return the names that the reference documents, in its order."""
    text = REFERENCE.read_text(encoding="utf-8")
    return re.findall(r"^\.\. auto(?!property)\w+:: (\S+)$", text, flags=re.MULTILINE)


def resolve(name: str) -> object:
    """Return the module, class or function of a dotted name.

    A function takes precedence over a module of the same name, as in penchant.plots.pareto.
    """
    parent, _, last = name.rpartition(".")
    value: object = resolve(parent) if parent else None
    if hasattr(value, last):
        return getattr(value, last)
    return importlib.import_module(name)


def public_modules() -> list[str]:
    """Return the modules that the architecture page lists as public."""
    text = ARCHITECTURE.read_text(encoding="utf-8").partition("## Public modules\n")[2]
    items = text.partition("\n## ")[0].partition("\n- ")[2]
    names = re.findall(r"`(penchant[\w.]*)`", items)
    return [name for name in dict.fromkeys(names) if name != "penchant.datasets"]


def module_and_names(name: str) -> tuple[ModuleType, list[str]]:
    """Return the module of a documented name, and its names that the entry documents."""
    value = resolve(name)
    if not isinstance(value, ModuleType):
        module, _, last = name.rpartition(".")
        return sys.modules[getattr(resolve(module), "__name__", module)], [last]
    text = REFERENCE.read_text(encoding="utf-8")
    entry = re.search(rf"^\.\. automodule:: {re.escape(name)}\n((?:   .*\n)*)", text, re.MULTILINE)
    options = entry[1] if entry else ""
    excluded = re.findall(r":exclude-members: (.*)", options)
    names = [item for item in value.__all__ if item not in " ".join(excluded).split(", ")]
    return value, names if ":members:" in options else []


@pytest.mark.parametrize("name", documented())
def test_the_reference_names_what_exists_and_nothing_private(name) -> None:
    if name.startswith("penchant.plots.interactive"):
        pytest.importorskip("plotly")
    assert resolve(name).__doc__
    assert not any(part.startswith("_") for part in name.split("."))
    module, names = module_and_names(name)
    assert module.__name__ in public_modules()
    assert set(names) <= set(module.__all__)


@pytest.mark.parametrize("name", public_modules())
def test_the_reference_has_every_name_of_a_public_module(name) -> None:
    if name.startswith("penchant.plots"):
        pytest.importorskip("plotly")
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(module.__all__)
    missing = [
        public
        for public in set(module.__all__) - {"__version__"}
        if not is_documented(getattr(module, public))
    ]
    assert missing == []


def test_the_reference_lists_nothing_twice() -> None:
    names = documented()
    assert len(names) == len(set(names))


def is_documented(value: object) -> bool:
    """Return whether the reference has a name, or names of a module."""
    has_plotly = importlib.util.find_spec("plotly") is not None
    entries = [
        module_and_names(name) for name in documented() if has_plotly or "interactive" not in name
    ]
    if isinstance(value, ModuleType):
        return any(module is value for module, _ in entries)
    return any(getattr(module, name) is value for module, names in entries for name in names)
