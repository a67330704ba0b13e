"""Every page of the manual holds its own heading: none is overwritten by another page.

Sphinx writes pages of its own, such as ``search.html``, over those of the same name.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual as HTML."""
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    folder = tmp_path_factory.mktemp("manual")
    build = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(ROOT / "docs"), str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert build.returncode == 0, build.stderr[-2000:]
    return folder


def heading(page: Path) -> str:
    """The first heading of a page, or of the page that it includes."""
    text = page.read_text(encoding="utf-8")
    included = re.search(r"^```\{include\} (\S+)", text, re.MULTILINE)
    if not re.search("^# ", text, re.MULTILINE) and included:
        text = (page.parent / included[1]).read_text(encoding="utf-8")
    match = re.search("^# (.*)$", text, re.MULTILINE)
    assert match is not None, page.name
    return re.sub("[`*]", "", match[1]).strip()


def test_every_page_holds_its_own_heading(manual: Path) -> None:
    wrong = []
    for page in PAGES:
        built = manual / f"{page.stem}.html"
        match = re.search(r"<h1>(.*?)<a class=\"headerlink\"", built.read_text("utf-8"), re.DOTALL)
        title = html.unescape(re.sub("<[^>]*>", "", match[1])).strip() if match else None
        if title != heading(page):
            wrong.append((page.name, title, heading(page)))
    assert wrong == []
