"""Results to test, and a parser of their HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import numpy as np

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.results import Explanation, Recommendations

HOSTILE = "<script>alert('x')</script>\n\"\u202e"
CATALOG = Catalog(
    IdMap(["a", "b", "c", "d"]),
    names=["Alpha", "Sigur Rós", HOSTILE, ""],
    links=["https://x.org/a", "javascript:alert(1)", "", ""],
    pictures=["https://x.org/a.png", "javascript:alert(1)", "data:text/html,x", "missing.png"],
)
NAMES = Catalog(CATALOG.items, names=CATALOG.names, links=CATALOG.links)


def recommendations(**changes: Any) -> Recommendations:
    parts: dict[str, Any] = {
        "queries": [2, 5, 9],
        "query_kind": "user",
        "answer_kind": "item",
        "offsets": np.array([0, 3, 3, 5]),
        "ids": ["a", "b", "c", "d", "a"],
        "scores": np.array([0.9, 0.5, 0.1, 7, 3], np.float32),
        "catalog": NAMES,
    }
    return Recommendations(**(parts | changes))


def similar(catalog: Catalog | None = CATALOG) -> Recommendations:
    return recommendations(
        queries=["a"],
        query_kind="item",
        offsets=np.array([0, 3]),
        ids=["b", "c", "d"],
        scores=np.array([0.9, 0.5, 0.1], np.float32),
        catalog=catalog,
    )


def explanation(**changes: Any) -> Explanation:
    parts: dict[str, Any] = {
        "user": 2,
        "item": "a",
        "score": 0.65,
        "ids": ["b", "c", "d"],
        "contributions": np.array([0.6, 0.15, -0.1]),
        "catalog": CATALOG,
    }
    return Explanation(**(parts | changes))


class Page(HTMLParser):
    """Collect elements, their attributes and the texts between them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))
        if name != "img":
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for element, attributes in self.elements if element == name]
