"""The one-way flow: a module imports only what stands above it in the list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import penchant

ORDER = [
    "errors",
    "_settings",
    "_kernels",
    "data",
    "demo",
    "content",
    "split",
    "engines",
    "_files",
    "rendering",
    "results",
    "models",
    "evaluation",
    "plots",
    "report",
    "tuning",
    "serving",
    "cli",
]
ROOT = Path(penchant.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__main__.py")


def layer_of(dotted: str) -> str:
    return dotted.split(".")[1]


def imports_of(path: Path) -> set[str]:
    """Layers that a file imports, inside functions too; what is only for types counts as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names = [node.module]
            if node.module == "penchant":
                names = [f"penchant.{alias.name}" for alias in node.names]
        found |= {layer_of(name) for name in names if name.startswith("penchant.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_upwards(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts == ("__init__",):
        return
    own = ORDER.index(parts[0])
    allowed = {*ORDER[: own + 1], "_native" if parts[0] == "_kernels" else parts[0]}
    if parts[0] in ("cli", "_files", "serving"):
        allowed |= {"__version__"}
    assert imports_of(path) <= allowed


def test_every_module_has_a_layer() -> None:
    tops = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in MODULES}
    assert tops - {"__init__"} <= set(ORDER)


def test_only_kernels_imports_the_extension() -> None:
    importers = {
        path.relative_to(ROOT).parts[0]
        for path in MODULES
        if "import _native" in path.read_text(encoding="utf-8")
    }
    assert importers == {"_kernels"}
