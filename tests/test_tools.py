"""The checks of `make lint` find what they are for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"


@pytest.fixture
def check(monkeypatch, tmp_path):
    """Return the rules that a source text violates."""
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.delitem(sys.modules, "check_style", raising=False)
    import check_style

    def rules(source: str, name: str = "module.py") -> list[str]:
        file = tmp_path / name
        file.write_text(source, encoding="utf-8")
        return [violation.rule for violation in check_style.check_file(file)]

    return rules


def test_clean_code_passes(check) -> None:
    assert check("def add(left, right):\n    return left + right\n") == []


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("x = 1\n" * 401, "file-lines"),
        ("class A:\n" + "    x = 1\n" * 300, "class-lines"),
        ("def f():\n" + "    x = 1\n" * 60, "function-lines"),
        ("def f(a, b, c, d, e, f, g, h, i): ...\n", "parameters"),
        ("found = 1\n", "local-name"),
        ("print([one for one in ()])\n", "local-name"),
        ("# some" + "body asks\n", "word"),
        ("text = 'neigh" + "bours'\n", "spelling"),
    ],
)
def test_each_rule_finds_its_violation(check, source, rule) -> None:
    assert check(source) == [rule]


def test_a_docstring_does_not_count_as_lines_of_a_function(check) -> None:
    text = "\n".join(["    line"] * 70)
    assert check(f'def f():\n    """Do it.\n{text}\n    """\n    return 1\n') == []


def test_self_is_not_counted_as_a_parameter(check) -> None:
    assert check("class A:\n    def f(self, a, b, c, d, e, f, g, h): ...\n") == []


def test_other_files_are_checked_for_wording_only(check) -> None:
    assert check("found = one\nneigh" + "bour\n", "page.md") == ["spelling"]


@pytest.mark.parametrize("text", ["Tune its hyper" + "parameters.", "In order " + "to fit, wait."])
def test_wordy_phrases_of_pages_are_found(check, text) -> None:
    assert check(text, "page.md") == ["phrase"]
    assert check(f"```\n{text}\n```\n`{text}` *{text}*\n", "page.md") == []
    assert check(f"# {text}\n") == []


def test_modules_that_import_each_other_are_found(monkeypatch, tmp_path) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    from import_cycles import cyclic_groups, import_graph

    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "a.py").write_text("from pack.b import x\n", encoding="utf-8")
    (package / "b.py").write_text("def f():\n    from pack import a\n", encoding="utf-8")
    (package / "c.py").write_text("import pack.a\n", encoding="utf-8")
    assert cyclic_groups(import_graph(package)) == [["pack.a", "pack.b"]]
