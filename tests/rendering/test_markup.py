from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.rendering.cards import NameCell, table
from penchant.rendering.markup import Markup, address, escape
from penchant.rendering.templates import create_environment, macros


def render(template: str, **content: object) -> str:
    return create_environment().from_string(template).render(**content)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((name, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@given(st.text(), st.text())
def test_texts_and_attributes_never_become_markup(inside: str, attribute: str) -> None:
    html = render('<p title="{{ title }}">{{ text }}</p>', title=attribute, text=inside)
    result = read(html)
    assert [name for name, _ in result.tags] == ["p"]
    assert list(result.tags[0][1]) == ["title"]


def test_elements() -> None:
    assert render("<p>{{ a }}{{ b }}</p>", a="<", b=Markup("<b>x</b>")) == "<p>&lt;<b>x</b></p>"
    assert render("{{ n }}", n=1) == "1"
    assert render("{{ a }}{{ b }}", a="<", b=Markup("<br>")) == "&lt;<br>"
    assert macros().linked_name("\u202ex") == "<bdi>\\u202ex</bdi>"
    assert isinstance(escape("x"), Markup)


@pytest.mark.parametrize(
    "good", ["https://x.org/a?b=1&c=2", "http://x.org", " HTTPS://x.org/é ", "http://x/#a"]
)
def test_addresses(good: str) -> None:
    assert address(good) == good.strip()


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "//x.org/a",
        "vbscript:x",
        "https://",
        'https://x.org/"onload=',
        "https://x.org/a b",
        "https://x.org/\njavascript:x",
        "x https://x.org",
    ],
)
def test_other_texts_are_never_linked(bad: str) -> None:
    assert address(bad) is None
    assert macros().linked_name("name", bad) == "<bdi>name</bdi>"


def test_links_open_a_new_tab_without_a_referrer() -> None:
    elements = read(macros().linked_name("<i>", "https://x.org/?a=1&b=2")).tags
    assert elements == [
        (
            "a",
            {"href": "https://x.org/?a=1&b=2", "target": "_blank", "rel": "noopener noreferrer"},
        ),
        ("bdi", {}),
    ]


def test_tables() -> None:
    html = table(["a", "n"], [["<", 1], [NameCell("x", "https://x.org"), 2]], {1})
    assert "<td>&lt;</td>" in html
    assert '<td class="number">1</td>' in html
    assert 'href="https://x.org"' in html
