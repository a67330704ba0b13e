"""Print size figures of a package: files, functions, complexity, cycles, public names, wording.

Usage: python tools/figures.py [PACKAGE_FOLDER ...]    (default: src/penchant)

With several folders the figures stand side by side, to compare two versions.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import check_style

BRANCHES = (
    ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension,
    ast.match_case,
)  # fmt: skip


def complexity(node: ast.AST) -> int:
    """Return the cyclomatic complexity of a function: 1 + its decision points."""
    decisions = 0
    for item in ast.walk(node):
        if isinstance(item, BRANCHES):
            decisions += 1
        elif isinstance(item, ast.BoolOp):
            decisions += len(item.values) - 1
    return 1 + decisions


def module_name(file: Path, root: Path) -> str:
    """Return the dotted name of a module of the package in folder `root`."""
    parts = [root.name, *file.relative_to(root).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.Module, package: str) -> Iterator[tuple[str, ...]]:
    """Yield the candidates for each module of the package that is imported at the top level."""
    for node in tree.body:
        blocks = [node]
        if isinstance(node, ast.If):  # TYPE_CHECKING: type-only imports count too
            blocks = [*node.body, *node.orelse]
        for item in blocks:
            if isinstance(item, ast.ImportFrom) and (item.module or "").startswith(package):
                for alias in item.names:
                    yield f"{item.module}.{alias.name}", item.module or ""
            elif isinstance(item, ast.Import):
                for alias in item.names:
                    if alias.name.startswith(package):
                        yield (alias.name,)


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


def quantiles(values: list[int]) -> str:
    """Return median / 90th percentile / maximum."""
    values = sorted(values)
    return f"{values[len(values) // 2]} / {values[int(0.9 * len(values))]} / {values[-1]}"


def public_names(root: Path) -> int:
    """Return the number of names in the package's table of public names and modules."""
    tree = ast.parse((root / "__init__.py").read_text(encoding="utf-8"))
    return sum(
        len(node.value.keys)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    )


def figures(root: Path) -> dict[str, str]:
    """Return the figures of one package by label."""
    files = sorted(root.rglob("*.py"))
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    lines = [file.read_text(encoding="utf-8").count("\n") for file in files]
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    functions = [node for node in nodes if isinstance(node, check_style.Function)]
    modules = {module_name(file, root): tree for file, tree in trees.items()}
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, tree in modules.items():
        for candidates in imports(tree, root.name):
            target = next((item for item in candidates if item in modules), None)
            if target not in (None, name, root.name):
                graph[name].add(target)
    wording = [item for file in check_style.source_files([root]) for item in
               check_style.check_file(file)]  # fmt: skip
    cycles = cyclic_groups(graph)
    counts = [len(check_style.parameters(item)) for item in functions]
    classes = [
        item.end_lineno - item.lineno + 1 for item in nodes if isinstance(item, ast.ClassDef)
    ]
    return {
        "files": str(len(files)),
        "lines": f"{sum(lines):,}",
        "file lines: median / p90 / max": quantiles(lines),
        "class lines: median / p90 / max": quantiles(classes),
        "functions": str(len(functions)),
        "function lines without docstring": quantiles(
            [check_style.body_lines(f) for f in functions]
        ),
        "parameters": quantiles(counts),
        "functions with more than 8 parameters": str(sum(count > 8 for count in counts)),
        "complexity": quantiles([complexity(item) for item in functions]),
        "groups of modules in an import cycle": str(len(cycles)),
        "public names": str(public_names(root)),
        **{
            f"violations: {rule}": str(sum(item.rule == rule for item in wording))
            for rule in ("local-name", "word", "spelling")
        },
    }


def main() -> None:
    """Print a table with one column per package folder."""
    roots = [Path(item) for item in sys.argv[1:]] or [check_style.ROOT / "src" / "penchant"]
    columns = [figures(root) for root in roots]
    print("| figure | " + " | ".join(str(root) for root in roots) + " |")
    print("|---|" + "---|" * len(roots))
    for label in columns[0]:
        print(f"| {label} | " + " | ".join(column[label] for column in columns) + " |")


if __name__ == "__main__":
    main()
