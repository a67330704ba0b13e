"""The page of promises names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:tests|native/tests)/[\w/.-]+)`", PAGE)))


@pytest.mark.parametrize("path", PATHS)
def test_a_test_of_the_page_exists(path: str) -> None:
    assert (ROOT / path).is_file()


def test_every_promise_names_a_test() -> None:
    rows = re.findall(r"^\| (?!promise|---)(.*) \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert len(rows) >= 40
    for promise, tests in rows:
        assert set(re.findall(r"`([^`]+)`", tests)) <= set(PATHS), promise
        assert "`" in tests, promise


def test_every_smoke_test_and_fuzz_suite_is_on_the_page() -> None:
    smoke = {f"tests/smoke/{path.name}" for path in (ROOT / "tests" / "smoke").glob("test_*.py")}
    fuzz = {f"tests/fuzz/{path.name}" for path in (ROOT / "tests" / "fuzz").glob("*.py")}
    assert smoke | fuzz - {"tests/fuzz/test_fuzz.py"} <= set(PATHS)
