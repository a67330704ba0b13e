"""Items for a tag and tags for an item, by models with features of items and without."""

from __future__ import annotations

import numpy as np
import pytest

import penchant
from penchant import ALS, Content, Features, HybridALS, Popularity, Ranking
from penchant.errors import DataError, SettingsError, UnknownIdError, UnsupportedError

SHAPES = penchant.datasets.shapes(n_items=300, n_users=900).threshold(5, 5)
CATALOG = SHAPES.catalog
TAGS = Features.of_tags(CATALOG)
TAGGED = SHAPES.with_item_features(TAGS.normalized("l2"))
MAKERS = {
    "als": lambda: ALS(factors=16, iterations=8, alpha=10.0, regularization=5.0).fit(SHAPES),
    "hybrid": lambda: HybridALS(factors=16, iterations=8, alpha=10.0, regularization=30.0).fit(
        TAGGED
    ),
    "ranking": lambda: Ranking(factors=16, iterations=10).fit(TAGGED),
    "content": lambda: Content(TAGS).fit(SHAPES),
}


@pytest.fixture(scope="module", params=MAKERS)
def model(request):
    return MAKERS[request.param]()


def test_items_for_a_tag_have_the_tag(model) -> None:
    found = penchant.items_for_tag(model, ["navy", "heart", "glass"], k=5)
    assert (found.query_kind, found.answer_kind) == ("tag", "item")
    right = [
        query in CATALOG.tags_of(item) for query in found.queries for item in found.for_(query).ids
    ]
    assert np.mean(right) > 0.9
    assert np.abs(found.scores).max() <= 1 + 1e-5


def test_tags_of_an_item_come_first(model) -> None:
    items = list(SHAPES.items)[:60]
    found = penchant.suggest_tags(model, items, k=3, include_own=True)
    assert (found.query_kind, found.answer_kind) == ("item", "tag")
    right = [tag in CATALOG.tags_of(item) for item in items for tag in found.for_(item).ids]
    assert np.mean(right) > 0.75


def test_own_tags_can_be_left_out(model) -> None:
    lacking = penchant.items_for_tag(model, "navy", k=400, tagged=False)
    assert not any("navy" in CATALOG.tags_of(item) for item in lacking.ids)
    item = SHAPES.items[7]
    suggested = penchant.suggest_tags(model, item, k=100)
    assert set(suggested.ids) == set(TAGS.names) - set(CATALOG.tags_of(item))


def test_a_removed_tag_is_suggested_again() -> None:
    rows = {item: set(CATALOG.tags_of(item)) for item in SHAPES.items}
    lost = {item: next(iter(sorted(rows[item]))) for item in list(rows)[:60]}
    fewer = Features.of({item: sorted(tags - {lost.get(item)}) for item, tags in rows.items()})
    model = MAKERS["als"]()
    found = penchant.suggest_tags(model, list(lost), k=3, of=fewer)
    hits = np.mean([lost[item] in found.for_(item).ids for item in lost])
    assert hits > 0.5  # three of some thirty at random: one in ten


def test_lists_limit_items() -> None:
    model, some = MAKERS["content"](), list(SHAPES.items)[:5]
    assert set(penchant.items_for_tag(model, "navy", allow=some).ids) <= set(some)
    assert not set(penchant.items_for_tag(model, "navy", k=400, deny=some).ids) & set(some)


def test_they_print_as_tables() -> None:
    model, item = MAKERS["content"](), SHAPES.items[7]
    name = CATALOG.name(item)
    assert f"tags for {name}" in repr(penchant.suggest_tags(model, item))
    assert "<table" in penchant.suggest_tags(model, item).to_html()
    assert "for tag navy" in repr(penchant.items_for_tag(model, "navy"))
    assert list(penchant.suggest_tags(model, item).columns()) == ["item", "rank", "tag", "score"]
    assert "input" not in penchant.items_for_tag(model, "navy").to_html()


def test_a_saved_model_gives_the_same(model, tmp_path) -> None:
    back = penchant.load(model.save(tmp_path / "model.penchant"))
    one, other = (penchant.items_for_tag(which, "navy") for which in (model, back))
    assert one.ids == other.ids
    np.testing.assert_array_equal(one.scores, other.scores)


def test_invalid_arguments_are_refused() -> None:
    model = MAKERS["content"]()
    with pytest.raises(UnknownIdError, match=r"'nav'.*'navy'"):
        penchant.items_for_tag(model, "nav")
    with pytest.raises(UnknownIdError, match="unknown item"):
        penchant.suggest_tags(model, "nothing")
    with pytest.raises(SettingsError, match="k must be"):
        penchant.suggest_tags(model, SHAPES.items[0], k=0)
    with pytest.raises(UnsupportedError, match="Popularity has no vectors of items"):
        penchant.items_for_tag(Popularity().fit(SHAPES), "navy")
    plain = ALS(factors=4, iterations=1).fit(SHAPES.with_catalog(None))
    with pytest.raises(DataError, match="no tags are known: pass of="):
        penchant.items_for_tag(plain, "navy")
    with pytest.raises(DataError, match="features are needed"):
        penchant.items_for_tag(plain, "navy", of=["navy"])
