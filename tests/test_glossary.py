"""The glossary and the architecture page name modules and files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.test_exports import resolve

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["glossary.md", "architecture.md", "add-a-model.md", "add-a-kernel.md"]
TEXTS = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES]


@pytest.mark.parametrize(
    "name", sorted({n for t in TEXTS for n in re.findall(r"`(penchant\.[\w.]+)`", t)})
)
def test_names_in_contributor_pages_exist(name) -> None:
    assert resolve(name) is not None


@pytest.mark.parametrize(
    "path",
    sorted({p for t in TEXTS for p in re.findall(r"`((?:src|native|tests|tools)/[\w/.-]+)`", t)}),
)
def test_files_in_contributor_pages_exist(path) -> None:
    made_up = ("counts", "approval")  # of add-a-kernel.md and add-a-model.md
    assert (ROOT / path).exists() or any(word in path for word in made_up)
