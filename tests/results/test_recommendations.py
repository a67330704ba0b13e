from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.results.parts import CATALOG, HOSTILE, NAMES, Page, recommendations, similar

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.errors import DataError, MissingExtraError, UnknownIdError
from penchant.results import Recommendations, Row

# --- rows -------------------------------------------------------------------------------


def test_rows() -> None:
    result = recommendations()
    assert len(result) == 5
    rows = list(result)
    assert rows[1] == Row(2, 2, "b", "Sigur Rós", 0.5)
    assert [row.query for row in rows] == [2, 2, 2, 9, 9]
    assert result.ranks.tolist() == [row.rank for row in rows] == [1, 2, 3, 1, 2]
    assert result.names == [row.name for row in rows]
    assert result.names[3] == "d"


def test_rows_hold_plain_python_values() -> None:
    result = recommendations(
        queries=np.array([2, 5, 9]), ids=np.array([1, 2, 3, 4, 5]), catalog=None
    )
    row = next(iter(result))
    assert [type(value) for value in row] == [int, int, int, str, float]


def test_the_answers_to_one_query() -> None:
    result = recommendations().for_(9)
    assert (list(result.queries), list(result.ids), len(result)) == ([9], ["d", "a"], 2)
    assert result.ranks.tolist() == [1, 2]
    assert len(recommendations().for_(5)) == 0
    assert list(recommendations().for_(9).for_(9)) == list(result)


@pytest.mark.parametrize("query", [7, "2", True, None, [2], 2.0])
def test_a_query_that_was_not_made(query: Any) -> None:
    with pytest.raises(UnknownIdError, match="not among the 3 queries: 2, 5, 9"):
        recommendations().for_(query)


@pytest.mark.parametrize(
    "changes",
    [
        {"offsets": np.array([0, 5])},
        {"offsets": np.array([0, 3, 3, 4])},
        {"offsets": np.array([1, 3, 3, 5])},
        {"ids": ["a"]},
        {"scores": np.zeros(4, np.float32)},
    ],
    ids=str,
)
def test_lengths_must_match(changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="don't fit"):
        recommendations(**changes)


def test_results_are_immutable() -> None:
    with pytest.raises(ValueError, match="read-only"):
        recommendations().scores[0] = 1
    with pytest.raises(AttributeError):
        recommendations().ids = []  # type: ignore[misc]


def test_sources_of_each_query() -> None:
    result = recommendations(sources=["one", "two", "one + two"])
    assert result.to_pandas()["source"].tolist() == ["one"] * 3 + ["one + two"] * 2
    assert json.loads(result.to_json())[-1]["source"] == "one + two"
    assert "for user 5, by two\n  nothing to recommend" in repr(result)
    assert result.for_(9).sources == ["one + two"]
    assert result.with_scaled_scores().sources == result.sources
    assert "source" not in recommendations().columns()
    with pytest.raises(DataError, match="2 sources for 3 queries"):
        recommendations(sources=["one", "two"])


# --- scaled scores ----------------------------------------------------------------------


def test_scaled_scores() -> None:
    scaled = recommendations().with_scaled_scores()
    np.testing.assert_allclose(scaled.scores, [1, 0.5, 0, 1, 0], atol=1e-6)
    assert scaled.scores.dtype == np.float32
    assert scaled.ids == recommendations().ids


def test_lists_of_one_or_of_equals_scale_to_one() -> None:
    result = recommendations(
        offsets=np.array([0, 1, 1, 5]), scores=np.array([-3, 2, 2, 2, 2], np.float32)
    )
    assert result.with_scaled_scores().scores.tolist() == [1, 1, 1, 1, 1]


@given(st.lists(st.lists(st.floats(-(2.0**99), 2.0**99, width=32), max_size=6), max_size=6))
def test_scaling_keeps_the_order_and_the_range(lists: list[list[float]]) -> None:
    scores = [score for values in lists for score in sorted(values, reverse=True)]
    result = Recommendations(
        list(range(len(lists))),
        "history",
        "item",
        np.cumsum([0, *map(len, lists)]),
        list(range(len(scores))),
        np.array(scores, np.float32),
    )
    scaled = result.with_scaled_scores()
    for query, values in enumerate(lists):
        part = scaled.for_(query).scores
        assert (np.diff(part) <= 0).all()
        if values:
            assert part[0] == 1
            assert part[-1] == (0 if min(values) < max(values) else 1)


# --- frames -----------------------------------------------------------------------------

WANTED = {
    "user": [2, 2, 2, 9, 9],
    "rank": [1, 2, 3, 1, 2],
    "item": ["a", "b", "c", "d", "a"],
    "name": ["Alpha", "Sigur Rós", HOSTILE, "d", "Alpha"],
    "score": np.array([0.9, 0.5, 0.1, 7, 3], np.float32).tolist(),
}


def test_frames() -> None:
    result = recommendations()
    assert result.to_pandas().to_dict("list") == WANTED
    assert result.to_polars().to_dict(as_series=False) == WANTED
    assert result.to_arrow().to_pydict() == WANTED


def test_types_of_frames_do_not_depend_on_the_rows() -> None:
    empty = recommendations(
        offsets=np.array([0, 0, 0, 0]), ids=np.array([], object), scores=np.array([], np.float32)
    )
    for some in (recommendations(), empty):
        assert [str(t) for t in some.to_arrow().schema.types] == [
            "int64",
            "int64",
            "string",
            "string",
            "float",
        ]
        assert some.to_polars().schema.names() == list(WANTED)
        assert [str(t) for t in some.to_pandas().dtypes] == [
            "int64",
            "int64",
            "str",
            "str",
            "float32",
        ]


@pytest.mark.parametrize(
    ("kinds", "columns"),
    [
        (("user", "item"), ["user", "rank", "item", "score"]),
        (("history", "item"), ["history", "rank", "item", "score"]),
        (("item", "item"), ["item", "rank", "similar_item", "score"]),
        (("user", "user"), ["user", "rank", "similar_user", "score"]),
    ],
)
def test_columns_are_named_by_their_content(kinds: tuple[str, str], columns: list[str]) -> None:
    result = recommendations(query_kind=kinds[0], answer_kind=kinds[1], catalog=None)
    assert list(result.columns()) == columns


def test_dictionaries_and_json() -> None:
    result = recommendations()
    assert result.to_dicts()[1] == {
        "user": 2,
        "rank": 2,
        "item": "b",
        "name": "Sigur Rós",
        "score": 0.5,
    }
    assert result.to_dicts()[0]["score"] == 0.9
    assert json.loads(result.to_json()) == result.to_dicts()
    assert "Sigur Rós" in result.to_json()


def test_json_of_a_lone_surrogate() -> None:
    result = recommendations(ids=["a", "b", "c", "d", "x\ud800"])
    assert json.loads(result.to_json().encode())[4]["item"] == "x\ud800"


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    method = "to_arrow" if library == "pyarrow" else f"to_{library}"
    with pytest.raises(MissingExtraError, match=f"pip install {library}"):
        getattr(recommendations(), method)()


# --- text -------------------------------------------------------------------------------


def test_it_prints_as_a_table() -> None:
    assert str(recommendations()).splitlines() == [
        "for user 2",
        "  rank  item  name                                  score",
        "     1  a     Alpha                                 0.900",
        "     2  b     Sigur Rós                             0.500",
        "     3  c     <script>alert('x')</script>\\n\"\\u202e  0.100",
        "",
        "for user 5",
        "  nothing to recommend",
        "",
        "for user 9",
        "  rank  item  name   score",
        "     1  d     d      7.000",
        "     2  a     Alpha  3.000",
    ]


def test_titles_describe_the_query() -> None:
    assert str(similar()).startswith("like Alpha (a)\n")
    assert str(similar(None)).startswith("like a\n")
    users = recommendations(answer_kind="user", ids=[1, 2, 3, 4, 5])
    assert str(users).startswith("like user 2\n  rank  similar_user  score")
    several = recommendations(query_kind="history")
    assert str(several).startswith("for history 2\n")
    assert str(several.for_(2)).startswith("for the history\n")


def test_long_lists_are_shortened() -> None:
    many = Recommendations(
        list(range(100)),
        "user",
        "item",
        np.arange(101) * 30,
        np.arange(3000),
        np.ones(3000, np.float32),
    )
    assert str(many).count("… and 10 more items") == 5
    assert str(many).endswith("… and 95 more users")
    assert "… and 95 more users" in many._repr_html_()
    assert str(recommendations(queries=[], offsets=np.array([0]), ids=[], scores=np.array([])))


# --- pictures ---------------------------------------------------------------------------


def test_the_query_is_shown_before_similar_items() -> None:
    page = Page(similar()._repr_html_())
    assert [item["class"] for item in page.all("li")] == ["card is-query", "card", "card", "card"]
    texts = [text for text in page.texts if text.strip()]
    assert texts[:4] == ["like Alpha (a)", "A", "Alpha", "input"]  # A: the tile
    assert "0.900" in page.texts


def test_only_safe_addresses_are_emitted() -> None:
    page = Page(similar()._repr_html_())
    assert [image["src"] for image in page.all("img")] == ["https://x.org/a.png"]
    assert [anchor["href"] for anchor in page.all("a")] == ["https://x.org/a"]
    assert len(page.all("svg")) == 4  # one is below the picture, for when it does not load


@pytest.mark.parametrize("catalog", [CATALOG, NAMES])
def test_hostile_names_are_shown_as_text(catalog: Catalog) -> None:
    html = similar(catalog)._repr_html_()
    page = Page(html)
    assert not page.all("script")
    assert "\u202e" not in html
    assert "<script>alert('x')</script>\\n\"\\u202e" in page.texts
    assert all(not key.startswith("on") for _, attributes in page.elements for key in attributes)


def test_hostile_ids_are_shown_as_text() -> None:
    result = recommendations(queries=[HOSTILE, 1, 2], ids=[HOSTILE] * 5, catalog=None)
    page = Page(result._repr_html_())
    assert not page.all("script")
    assert page.texts.count("<script>alert('x')</script>\\n\"\\u202e") == 5


def test_without_pictures_it_is_a_table() -> None:
    page = Page(recommendations()._repr_html_())
    assert len(page.all("table")) == 2
    assert not page.all("svg")
    assert [anchor["href"] for anchor in page.all("a")] == ["https://x.org/a"] * 2
    assert "nothing to recommend" in page.texts


def test_local_pictures_are_inline(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (300, 300)).save(tmp_path / "a.png")
    local = Catalog(IdMap(["a", "b", "c", "d"]), pictures=[str(tmp_path / "a.png"), "", "", ""])
    html = similar(local)._repr_html_()
    (image,) = Page(html).all("img")
    assert str(image["src"]).startswith("data:image/webp;base64,")
    assert str(tmp_path) not in html
