"""Find import cycles between the modules of a package."""

import ast
from collections.abc import Iterator
from pathlib import Path


def module_name(file: Path, root: Path) -> str:
    """Return the dotted name of a module of the package in folder `root`."""
    parts = [root.name, *file.relative_to(root).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.Module, package: str) -> Iterator[tuple[str, ...]]:
    """Yield the candidates for each imported module of the package, dotted, the longest first.

    Imports for types only and imports inside functions count too.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.module or ""
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == package:
                    yield (alias.name,)


def import_graph(root: Path) -> dict[str, set[str]]:
    """Return the modules that each module of the package in folder `root` imports."""
    trees = {
        module_name(file, root): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(root.rglob("*.py"))
    }
    graph: dict[str, set[str]] = {name: set() for name in trees}
    for name, tree in trees.items():
        for candidates in imports(tree, root.name):
            target = next((item for item in candidates if item in trees), None)
            if target not in (None, name, root.name):
                graph[name].add(target)
    return graph


def cyclic_groups(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected groups of more than one module (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return groups
