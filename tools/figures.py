"""Print size figures of a package: files, functions, complexity, cycles, public names, wording.

Usage: python tools/figures.py [PACKAGE_FOLDER ...]    (default: src/penchant)

With several folders the figures stand side by side, to compare two versions.
"""

import ast
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import check_style
from import_cycles import cyclic_groups, import_graph

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
    wording = [item for file in check_style.source_files([root]) for item in
               check_style.check_file(file)]  # fmt: skip
    cycles = cyclic_groups(import_graph(root))
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
