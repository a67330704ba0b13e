from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.rendering.markup import Markup, address, data_table, escape, join, link, tag, text


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
    found = read(tag("p", inside, title=attribute))
    assert [name for name, _ in found.tags] == ["p"]
    assert list(found.tags[0][1]) == ["title"]


def test_elements() -> None:
    assert tag("img", src="a", alt="") == '<img src="a" alt="">'
    assert tag("p", "<", tag("b", "x"), class_="c", id=None) == '<p class="c">&lt;<b>x</b></p>'
    assert tag("a", data_x=1) == '<a data-x="1"></a>'
    assert join("<", Markup("<br>")) == "&lt;<br>"
    assert text("\u202ex") == "<bdi>\\u202ex</bdi>"
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
def test_what_is_no_address_is_never_linked(bad: str) -> None:
    assert address(bad) is None
    assert link(bad, "name") == "name"


def test_links_open_elsewhere_and_tell_nothing() -> None:
    found = read(link("https://x.org/?a=1&b=2", "<i>")).tags
    assert found == [
        (
            "a",
            {"href": "https://x.org/?a=1&b=2", "target": "_blank", "rel": "noopener noreferrer"},
        )
    ]


def test_tables() -> None:
    shown = data_table(["a", "n"], [["<", 1]], numbers={1})
    assert "<td>&lt;</td>" in shown
    assert '<td class="number">1</td>' in shown
