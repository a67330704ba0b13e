"""The one-way flow: a module imports only what stands above it in the list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import penchant

ORDER = [
    "errors",
    "_other_names",
    "_blas",
    "_boundary",
    "_scratch",
    "_settings",
    "_kernels",
    "rendering",
    "data",
    "content",
    "split",
    "protocols",
    "engines",
    "_files",
    "results",
    "models",
    "evaluation",
    "plots",
    "report",
    "demo",
    "tuning",
    "serving",
    "cli",
]
ROOT = Path(penchant.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__main__.py")


def layer_of(dotted: str) -> str:
    return dotted.split(".")[1]


def module_name(path: Path) -> str:
    parts = ("penchant", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


def modules_imported_by(path: Path, modules: set[str]) -> set[str]:
    """Modules that a file imports, inside functions and for types too."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= members & modules or {node.module}
    # the package itself is the public facade: a lazy table of names, and __version__
    return (imported & modules) - {"penchant", module_name(path)}


def cycles_of(graph: dict[str, set[str]]) -> list[list[str]]:
    """Sets of modules that import each other (Tarjan 1972), sorted."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    cycles: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = lowest[module] = len(index)
        stack.append(module)
        for target in graph[module]:
            if target not in index:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in stack:
                lowest[module] = min(lowest[module], index[target])
        if lowest[module] == index[module]:
            component = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(component) > 1:
                cycles.append(sorted(component))

    for module in graph:
        if module not in index:
            visit(module)
    return sorted(cycles)


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
    if parts[0] in ("cli", "_files", "serving") or parts[:2] == ("data", "disk"):
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


def test_cycles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert cycles_of(graph) == [["b", "c"]]


@pytest.fixture(scope="module")
def cycles() -> list[list[str]]:
    """The sets of modules of the package that import each other."""
    paths = {module_name(path): path for path in MODULES}
    graph = {
        name: modules_imported_by(path, set(paths))
        for name, path in paths.items()
        if name != "penchant"
    }
    return cycles_of(graph)


@pytest.mark.parametrize("layer", ORDER)
def test_no_module_is_in_an_import_cycle(layer: str, cycles: list[list[str]]) -> None:
    assert [cycle for cycle in cycles if layer in map(layer_of, cycle)] == []
