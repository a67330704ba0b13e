from __future__ import annotations

import re
from pathlib import Path

import pytest

import penchant
from penchant.rendering.cards import CSS
from penchant.rendering.stylesheets import STYLES, stylesheet
from penchant.serving.pages.assets import asset, static_files

PACKAGE = Path(penchant.__file__).parent
OWN = [PACKAGE / "report" / "report.css", PACKAGE / "serving" / "pages" / "pages.css"]


@pytest.mark.parametrize("own", OWN, ids=lambda path: path.stem)
def test_every_custom_property_is_defined(own: Path) -> None:
    css = stylesheet("tokens", "base", "components", own=own)
    used = set(re.findall(r"var\((--[\w-]+)\)", css))
    assert used <= set(re.findall(r"(--[\w-]+):", css))


def test_style_sheets_are_joined_without_comments() -> None:
    css = stylesheet("tokens", "components")
    assert "/*" not in css
    assert css.index("--accent:") < css.index(".card")
    assert css.count("{") == css.count("}")


def test_notebook_styles_stay_inside_their_element() -> None:
    """Styles of a notebook's output must not change the notebook."""
    depth, selectors = 0, []
    for part in re.split(r"([{}])", CSS):
        if part == "{":
            depth += 1
        elif part == "}":
            depth -= 1
        elif depth == 0 and part.strip():
            selectors.append(part.strip())
    assert selectors
    assert all(selector.startswith(".penchant") for selector in selectors)


def test_the_server_has_the_shared_styles_at_an_address_of_its_content() -> None:
    file = static_files()["penchant.css"]
    assert file.media_type == "text/css"
    shared = (STYLES / "components.css").read_text(encoding="utf-8")
    assert re.sub(r"/\*.*?\*/\n?", "", shared, flags=re.DOTALL).encode() in file.content
    assert re.fullmatch(r"/static/penchant\.css\?v=[0-9a-f]{12}", asset("penchant.css"))
