from __future__ import annotations

import json

import numpy as np
import pytest
from tests.results.parts import Page, explanation

from penchant.errors import DataError


def test_an_explanation_prints_as_a_table() -> None:
    assert str(explanation()).splitlines() == [
        "Alpha for user 2: score 0.650",
        "  because of                              adds  share",
        "  Sigur Rós                             +0.600    71%",
        "  <script>alert('x')</script>\\n\"\\u202e  +0.150    18%",
        "  d                                     -0.100   -12%",
        "  sum                                    0.650",
    ]
    assert str(explanation(user=None)).startswith("Alpha for this history:")


def test_a_long_explanation_still_adds_up() -> None:
    long = explanation(ids=list(range(50)), contributions=np.full(50, 0.01), score=0.5)
    assert str(long).splitlines()[-2].split() == [
        "…",
        "and",
        "30",
        "more",
        "items",
        "+0.300",
        "60%",
    ]
    assert "… and 40 more items, together +0.400" in long._repr_html_()


def test_shares() -> None:
    shares = explanation().shares
    assert np.abs(shares).sum() == pytest.approx(1)
    assert shares[2] < 0
    assert explanation(contributions=np.zeros(3)).shares.tolist() == [0, 0, 0]


def test_an_explanation_without_contributions() -> None:
    nothing = explanation(ids=[], contributions=np.array([]), score=0.0)
    assert "no past item contributes" in str(nothing)
    Page(nothing._repr_html_())


def test_an_explanation_as_columns() -> None:
    result = explanation()
    assert list(result.to_pandas().columns) == ["item", "name", "contribution", "share"]
    assert result.to_polars()["contribution"].to_list() == [0.6, 0.15, -0.1]
    assert result.to_arrow().num_rows == len(result) == 3
    fields = json.loads(result.to_json())
    assert (fields["user"], fields["item"], fields["score"]) == (2, "a", 0.65)
    assert fields["because"][0]["name"] == "Sigur Rós"


def test_an_explanation_in_a_notebook() -> None:
    page = Page(explanation()._repr_html_())
    assert len(page.all("li")) == 3
    bars = [bar for bar in page.all("rect") if bar.get("height") == "8" and "class" not in bar]
    assert [bar["width"] for bar in bars] == ["70.6", "17.6", "11.8"]
    classes = [svg["class"] for svg in page.all("svg") if "share-bar" in str(svg["class"])]
    assert classes == ["share-bar", "share-bar", "share-bar negative"]
    assert not page.all("script")


def test_json_of_an_explanation_with_numpys_integers() -> None:
    fields = json.loads(explanation(user=np.int64(2), item=np.int64(3)).to_json())
    assert (fields["user"], fields["item"]) == (2, 3)


def test_contributions_must_match_the_items() -> None:
    with pytest.raises(DataError, match="3 items with 2 contributions"):
        explanation(contributions=np.zeros(2))
