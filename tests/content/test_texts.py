"""``penchant.texts.embed``: TF-IDF of names, tags and texts."""

from __future__ import annotations

import numpy as np
import pytest

import penchant
from penchant import errors
from penchant.errors import DataError, EmptyDataError, MissingExtraError, SettingsError

pytest.importorskip("sklearn")

TEXTS = {
    "sofa": "A red sofa, a soft SOFA",
    "couch": "red couch",
    "lamp": "Lamp of brass",
    "blank": "",
}


def test_words_by_the_formula() -> None:
    found = penchant.texts.embed(TEXTS)
    assert set(found.names) == {"a", "red", "sofa", "soft", "couch", "lamp", "of", "brass"}
    assert found.row("blank") == {}
    row = found.row("couch")
    n, red = 4, 2
    weights = {"red": 1 + np.log((1 + n) / (1 + red)), "couch": 1 + np.log((1 + n) / 2)}
    length = np.sqrt(sum(weight**2 for weight in weights.values()))
    assert row == {name: pytest.approx(weight / length) for name, weight in weights.items()}


def test_tags_are_whole_and_case_does_not_count() -> None:
    found = penchant.texts.embed({1: ["Post Rock", "80s"], 2: ["post rock", " "]})
    assert set(found.names) == {"post rock", "80s"}
    assert found.row(2) == {"post rock": pytest.approx(1.0)}


def test_a_catalog_gives_names_and_tags() -> None:
    catalog = penchant.Catalog(["x", "y"], names=["Red sofa", ""], tags=[["warm red"], ["cold"]])
    assert set(penchant.texts.embed(catalog).names) == {"red", "sofa", "warm red", "cold"}


def test_rare_and_common_terms_are_left_out() -> None:
    assert list(penchant.texts.embed(TEXTS, min_items=2).names) == ["red"]
    assert "red" not in set(penchant.texts.embed(TEXTS, max_share=0.3).names)
    with pytest.raises(EmptyDataError, match="no term is left of 4 texts"):
        penchant.texts.embed(TEXTS, min_items=3)


def test_reduced_vectors_keep_what_goes_together() -> None:
    texts = {f"cat {n}": "cat purr fur" for n in range(5)} | {
        f"car {n}": "car wheel road" for n in range(5)
    }
    texts |= {"purrer": "purr", "wheeler": "wheel"}
    found = penchant.texts.embed(texts, dimensions=2, seed=3)
    rows = found.aligned(found.ids)
    dense = np.zeros((len(found), 2))
    dense[rows.row_of_entry, rows.indices] = rows.values
    dense /= np.linalg.norm(dense, axis=1, keepdims=True)
    like = dense @ dense.T
    ids = list(found.ids)
    at = {name: ids.index(name) for name in ("cat 0", "car 0", "purrer", "wheeler")}
    assert like[at["purrer"], at["cat 0"]] > 0.9
    assert like[at["purrer"], at["car 0"]] < 0.3
    again = penchant.texts.embed(texts, dimensions=2, seed=3)
    np.testing.assert_array_equal(again.weights.values, found.weights.values)


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="less than the 8 terms and the 4 items"):
        penchant.texts.embed(TEXTS, dimensions=4)
    for wrong in ({"dimensions": 0}, {"min_items": 0}, {"max_share": 1.5}, {"seed": -1}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            penchant.texts.embed(TEXTS, **wrong)
    with pytest.raises(DataError, match="a mapping item → text"):
        penchant.texts.embed(["a", "b"])
    for row in (3, None, [3], b"x"):
        with pytest.raises(DataError, match="a text, or a list of tags"):
            penchant.texts.embed({"a": row})

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(errors.importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"pip install 'penchant\[text\]'"):
        penchant.texts.embed(TEXTS)
