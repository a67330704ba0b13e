"""Every page of the manual holds its own heading, is listed, and leads nowhere that is not there.

Sphinx writes pages of its own, such as ``search.html``, over those of the same name.
"""

from __future__ import annotations

import html
import inspect
import posixpath
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import penchant

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))


class Links(HTMLParser):
    """The ids of an HTML page, and the addresses of what it links and shows."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.addresses: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value is not None and name in ("id", "name"):
                self.ids.add(value)
            elif value is not None and name in ("href", "src"):
                self.addresses.append(value)


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual as HTML; ``test_notebooks.py`` runs the notebooks, whose outputs are left out."""
    for module in ("sphinx", "myst_nb", "furo", "sphinx_copybutton", "sphinx_design"):
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp("manual")
    build = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-D", "run_notebooks=0",
         str(ROOT / "docs"), str(folder / "html")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert build.returncode == 0, build.stderr[-2000:]
    return folder / "html"


@pytest.fixture(scope="module")
def links(manual: Path) -> dict[str, Links]:
    """The links of every page, by the path of its file."""
    return {page.relative_to(manual).as_posix(): Links(page) for page in manual.rglob("*.html")}


def heading(page: Path) -> str:
    """The first heading of a page, or of the page that it includes."""
    text = page.read_text(encoding="utf-8")
    included = re.search(r"^```\{include\} (\S+)", text, re.MULTILINE)
    if not re.search("^# ", text, re.MULTILINE) and included:
        text = (page.parent / included[1]).read_text(encoding="utf-8")
    match = re.search("^# (.*)$", text, re.MULTILINE)
    assert match is not None, page.name
    return re.sub("[`*]", "", match[1]).strip()


def broken(manual: Path, links: dict[str, Links], page: str) -> Iterator[str]:
    """Yield the addresses of a page that lead to no file, or to no place in it."""
    for address in links[page].addresses:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
        target = target if parts.path else page
        if not (manual / target).is_file() or (
            parts.fragment and target in links and unquote(parts.fragment) not in links[target].ids
        ):
            yield address


def section(manual: Path, page: str, start: str) -> str:
    """Return the HTML from the id of a section to the end of its page."""
    text = (manual / page).read_text(encoding="utf-8")
    return text[text.index(f'id="{start}"') :]


def test_every_page_holds_its_own_heading(manual: Path) -> None:
    wrong = []
    for page in PAGES:
        built = manual / f"{page.stem}.html"
        match = re.search(r"<h1>(.*?)<a class=\"headerlink\"", built.read_text("utf-8"), re.DOTALL)
        title = html.unescape(re.sub("<[^>]*>", "", match[1])).strip() if match else None
        if title != heading(page):
            wrong.append((page.name, title, heading(page)))
    assert wrong == []


def test_links_images_and_anchors_are_not_broken(manual: Path, links: dict[str, Links]) -> None:
    assert sum(len(page.addresses) for page in links.values()) > 1000
    wrong = {page: sorted(set(broken(manual, links, page))) for page in links}
    assert {page: addresses for page, addresses in wrong.items() if addresses} == {}


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="x"><a href="#x"><a href="#y"><img src="z.png">')
    found = list(broken(tmp_path, {"a.html": Links(tmp_path / "a.html")}, "a.html"))
    assert found == ["#y", "z.png"]


def test_the_front_page_lists_every_page(manual: Path) -> None:
    front = (manual / "index.html").read_text(encoding="utf-8")
    listed = set(re.findall(r'<li class="toctree-l1[^"]*"><a [^>]*href="([\w-]+)\.html"', front))
    assert listed == {page.stem for page in PAGES} - {"index"}


def test_every_public_class_has_a_page_of_its_own(manual: Path, links: dict[str, Links]) -> None:
    public = [name for name in penchant.__all__ if inspect.isclass(getattr(penchant, name))]
    public.remove("PenchantError")  # errors are on one page
    assert len(public) >= 25
    for name in public:
        assert f"penchant.{name}" in links[f"reference/penchant.{name}.html"].ids
    assert "penchant.Ranking.recommend" in links["reference/penchant.Ranking.html"].ids
    pages = {page for page in links if page.startswith("reference/")}
    anchors = {anchor for page in pages for anchor in links[page].ids}
    assert {anchor for anchor in anchors if re.search(r"\._(?!_)", anchor)} == set()
    listed = {address.partition("#")[0] for address in links["api.html"].addresses}
    assert pages <= listed


def test_titles_of_pages_do_not_clash(manual: Path) -> None:
    titles: dict[str, list[str]] = {}
    for page in manual.rglob("*.html"):
        match = re.search("<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.DOTALL)
        assert match is not None, page
        titles.setdefault(match[1], []).append(page.name)
    assert {title: pages for title, pages in titles.items() if len(pages) > 1} == {}


def test_pages_fetch_nothing_from_the_network(manual: Path) -> None:
    pattern = re.compile(r"<(?:script|img|iframe)[^>]*src=\"(https?:|//)|<link[^>]*href=\"//")
    fetched = re.compile(r"<link[^>]*rel=\"(?:stylesheet|preload)\"[^>]*href=\"https?:")
    for page in manual.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not pattern.search(text), page
        assert not fetched.search(text), page
    assert "<math" in (manual / "solver.html").read_text(encoding="utf-8")


def test_the_reference_has_every_command_and_option(manual: Path) -> None:
    from tests.cli.conftest import APP
    from typer.main import get_command

    page = (manual / "cli-reference.html").read_text(encoding="utf-8")
    commands = get_command(APP).commands  # type: ignore[attr-defined]
    assert len(commands) >= 15
    for name, command in commands.items():
        assert f'id="command-{name}"' in page
        flags = {flag for param in command.params for flag in getattr(param, "opts", [])}
        shown = {flag for flag in flags if flag.startswith("-")} - {"--help", "-h"}
        assert {flag for flag in shown if f'<span class="pre">{flag}</span>' not in page} == set()
    assert "dataclasses" not in page


def test_the_reference_has_every_request(manual: Path) -> None:
    page = (manual / "http-reference.html").read_text(encoding="utf-8")
    for request in ('GET</span> <span class="pre">/api/v1/recommend', "/api/v1/admin/people"):
        assert request in page
    problem = section(manual, "http-reference.html", "schema-problem")
    assert "kind" in problem[:3000] or "error" in problem[:3000]
