from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.report import (
    Chart,
    Estimate,
    ItemExample,
    MetricColumn,
    MetricRow,
    Report,
    Series,
    SimilarItems,
    UserExample,
    render,
)
from penchant.results import Explanation, Recommendations

HOSTILE = "</style><script>alert(1)</script>\n\"'\u202e"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
CATALOG = Catalog(
    IdMap(["a", "b", "c"]), names=["Alpha", "Beta", HOSTILE], pictures=[PIXEL, "", PIXEL]
)


def answers(kind: Any, query: str, ids: list[str]) -> Recommendations:
    scores = np.linspace(0.9, 0.1, len(ids)).astype(np.float32)
    return Recommendations([query], kind, "item", np.array([0, len(ids)]), ids, scores, CATALOG)


def report(**changes: Any) -> Report:
    why = Explanation("u", "b", 0.5, ["a", "c"], np.array([0.6, -0.1]), CATALOG)
    parts: dict[str, Any] = {
        "title": "What people like",
        "lead": "A sentence.",
        "facts": [("users", "1,000")],
        "summary": "read 10 lines\n  dropped 2",
        "metrics": [
            MetricColumn("NDCG@10", meaning="order"),
            MetricColumn("MPR", higher_is_better=False),
        ],
        "measured": [
            MetricRow("Popularity", {"NDCG@10": Estimate(0.07), "MPR": Estimate(0.3)}, True),
            MetricRow("ALS", {"NDCG@10": Estimate(0.2, 0.19, 0.21), "MPR": Estimate(0.1)}),
            MetricRow("Other", {"NDCG@10": Estimate(0.2001)}),
        ],
        "similar": [
            ItemExample("a", [SimilarItems("By likes", "ALS", answers("item", "a", ["b", "c"]))])
        ],
        "people": [UserExample("user u", ["a", "c"], answers("user", "u", ["b"]), {"b": why})],
        "charts": [Chart("Training loss", "epoch", "loss", [Series("ALS", [1, 2], [3, 2])])],
        "footer": "made by penchant",
    }
    return Report(**(parts | changes))


class Page(HTMLParser):
    """Check nesting, and collect elements and texts."""

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
        if name not in ("img", "meta"):
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_it_is_one_page_with_all_sections() -> None:
    html = render(report())
    assert html.startswith("<!doctype html>")
    assert re.findall(r"<h2>(.*?)</h2>", html) == [
        "Data",
        "Metrics",
        "Similar items",
        "Recommendations",
        "Training",
    ]
    assert "read 10 lines\n  dropped 2" in html


def test_it_loads_nothing_from_the_network() -> None:
    page = Page(render(report()))
    names = {name for name, _ in page.elements}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for _, attributes in page.elements:
        assert not any(key.startswith("on") for key in attributes)
        assert "://" not in "".join(value or "" for value in attributes.values())
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'")


def test_parts_that_are_empty_are_left_out() -> None:
    html = render(Report("Nothing yet"))
    Page(html)
    assert "<h2>" not in html
    assert "<h1>Nothing yet</h1>" in html


def test_the_best_of_each_column_is_bold() -> None:
    html = render(report())
    rows = re.findall(r"<tr[^>]*><th scope=\"row\">(.*?)</th>(.*?)</tr>", html)
    assert {name: re.findall("<b>(.*?)</b>", cells) for name, cells in rows} == {
        "Popularity": [],
        "ALS": ["0.200", "0.100"],  # lower is better in the second
        "Other": ["0.200"],  # prints like the best
    }
    assert "<small>0.190–0.210</small>" in html
    assert dict(rows)["Other"].endswith("<td>–</td>")


def test_reasons_have_positive_contributions() -> None:
    html = render(report())
    because = html[html.index("because you liked") :]
    because = because[: because.index("</li>")]
    assert "<bdi>Alpha</bdi><small>86%</small>" in because
    assert "script" not in because


@pytest.mark.parametrize(
    "changes",
    [
        {"title": HOSTILE},
        {"lead": HOSTILE},
        {"summary": HOSTILE},
        {"footer": HOSTILE},
        {"measured_how": HOSTILE},
        {"facts": [(HOSTILE, HOSTILE)]},
        {"metrics": [MetricColumn(HOSTILE, meaning=HOSTILE)], "measured": [MetricRow(HOSTILE, {})]},
        {"charts": [Chart(HOSTILE, HOSTILE, HOSTILE, [Series(HOSTILE, [1, 2], [1, 2])] * 2)]},
        {"people": [UserExample(HOSTILE, [HOSTILE], answers("user", HOSTILE, ["c", HOSTILE]))]},
        {
            "similar": [
                ItemExample(
                    HOSTILE, [SimilarItems("as", "by", answers("item", HOSTILE, [HOSTILE]))]
                )
            ]
        },
        {
            "similar": [
                ItemExample("a", [SimilarItems(HOSTILE, HOSTILE, answers("item", "a", ["c"]))])
            ]
        },
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_hostile_texts_stay_text(changes: dict[str, Any]) -> None:
    html = render(report(**changes))
    page = Page(html)
    assert "script" not in {name for name, _ in page.elements}
    assert sum(name == "style" for name, _ in page.elements) == 1
    assert "\u202e" not in html
    assert any("<script>alert(1)</script>" in text for text in page.texts)


def test_each_model_has_a_row_of_similar_items() -> None:
    rows = [
        SimilarItems("Liked by the same people", "ALS", answers("item", "a", ["b", "c"])),
        SimilarItems("Visually similar", "Content", answers("item", "a", [])),
    ]
    html = render(report(similar=[ItemExample("a", rows), ItemExample("b", [])]))
    Page(html)
    part = html[html.index('class="similar-items"') : html.index("Recommendations")]
    assert re.findall(r"<h4>(.*?)<small>", part) == [row.label for row in rows]
    assert part.count("card is-query") == 1
    assert part.count('class="card"') == 2
    assert "no similar items" in part


def test_long_lists_are_shortened() -> None:
    many = UserExample("user u", ["a"] * 100, answers("user", "u", ["b"]))
    assert "… and 76 more items" in render(report(people=[many]))
