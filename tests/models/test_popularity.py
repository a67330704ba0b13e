"""Popularity: shares of users, by age, since a time, and by category, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

import penchant
from penchant import Catalog, Features, Interactions, Popularity
from penchant.errors import DataError, EmptyDataError, SettingsError

DAY = 86_400
LOG = [
    ("u", "a", 1, 10 * DAY),
    ("u", "b", 1, 0),
    ("v", "b", 2, 5 * DAY),
    ("v", "c", -1, 10 * DAY),
    ("w", "b", 1, 9 * DAY),
    ("w", "c", 1, 10 * DAY),
    ("x", "a", 1, 0),
]


def timed() -> Interactions:
    return penchant.read_interactions(LOG)


def scores(model: Popularity, user: str = "u") -> dict[str, float]:
    answer = model.recommend(user, exclude_seen=False)
    return dict(zip(answer.ids, answer.scores.tolist(), strict=True))


# --- age -----------------------------------------------------------------------------------


def test_likes_are_counted_and_dislikes_are_not() -> None:
    assert scores(Popularity().fit(timed())) == {"b": 0.75, "a": 0.5, "c": 0.25}


@pytest.mark.parametrize("half_life", [5 * DAY, "5d", "120h", " 5 d "])
def test_a_like_counts_half_after_the_half_life(half_life) -> None:
    expected = {"a": (1 + 1 / 4) / 4, "b": (1 / 4 + 1 / 2 + 2**-0.2) / 4, "c": 1 / 4}
    assert scores(Popularity(half_life=half_life).fit(timed())) == pytest.approx(expected)


def test_a_very_long_half_life_changes_nothing() -> None:
    assert scores(Popularity(half_life=1e30).fit(timed())) == scores(Popularity().fit(timed()))


@pytest.mark.parametrize("since", [5 * DAY, "1970-01-06", "1970-01-06T01:00+01:00", "5d"])
def test_only_likes_since_a_time_count(since) -> None:
    assert scores(Popularity(since=since).fit(timed())) == {"b": 0.5, "a": 0.25, "c": 0.25}


def test_since_and_half_life_together() -> None:
    found = scores(Popularity(since="5d", half_life="5d").fit(timed()))
    assert found == pytest.approx({"a": 1 / 4, "b": (1 / 2 + 2**-0.2) / 4, "c": 1 / 4})


@pytest.mark.parametrize("settings", [{"half_life": "5d"}, {"since": 3}])
def test_without_timestamps_there_is_no_age(settings) -> None:
    data = penchant.read_interactions([row[:3] for row in LOG])
    (name,) = settings
    with pytest.raises(DataError, match=f"{name}= needs timestamps: name their column"):
        Popularity(**settings).fit(data)


def test_nothing_since_a_time() -> None:
    with pytest.raises(EmptyDataError, match="no likes in 'interactions' since '1971-01-01'"):
        Popularity(since="1971-01-01").fit(timed())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"half_life": 0}, "half_life must be a finite number above 0, got 0"),
        ({"half_life": -1.5}, "above 0"),
        ({"half_life": float("nan")}, "above 0"),
        ({"half_life": True}, "above 0"),
        ({"half_life": "0d"}, "above 0"),
        ({"half_life": "-3d"}, "above 0"),
        ({"half_life": "soon"}, "a duration such as '12h', '30d' or '8w', got 'soon'"),
        ({"half_life": "3"}, "such as '12h'"),
        ({"half_life": "1.2.3d"}, "such as '12h'"),
        ({"half_life": "30 moons"}, "such as '12h'"),
        ({"half_life": ""}, "such as '12h'"),
        ({"since": 1.5}, "since must be a whole number, got 1.5"),
        ({"since": "yesterday"}, "a date such as '2024-01-31' or a duration"),
        ({"since": "2024-13-01"}, "a date such as"),
        ({"since": "1e300w"}, "since must be"),
        ({"since": ["2024"]}, "whole number"),
        ({"category": ""}, "category must be a text, got ''"),
        ({"category": 3}, "category must be a text, got 3"),
    ],
)
def test_settings_out_of_range(settings, message) -> None:
    with pytest.raises(SettingsError, match=message):
        Popularity(**settings)


# --- categories ----------------------------------------------------------------------------

TAGS = {"a": ["rock"], "b": ["rock", "pop"], "c": ["pop"], "d": []}


def tagged(tags: dict[str, list[str]] = TAGS) -> Interactions:
    likes = [("u", "a"), ("v", "a"), ("v", "b"), ("w", "c"), ("x", "d"), ("y", "b")]
    catalog = Catalog(list(tags), tags=list(tags.values()))
    return penchant.read_interactions(likes).with_catalog(catalog)


def test_categories_of_the_history_computed_by_hand() -> None:
    """P(c | user) · P(item | c), for likes a 2, b 2, c 1, d 1: rock 3, pop 2, none 1."""
    model = Popularity(category="tags").fit(tagged())
    rock, pop, none = {"a": 2 / 3, "b": 1 / 3}, {"b": 1 / 2, "c": 1 / 2}, {"d": 1}
    overall = {"a": 2 / 6, "b": 2 / 6, "c": 1 / 6, "d": 1 / 6}

    def mixed(*parts) -> dict[str, float]:
        return {item: sum(w * p.get(item, 0) for w, p in parts) for item in overall}

    expected = mixed((1 / 2, rock), (1 / 2, overall))  # u likes a
    assert scores(model, "u") == pytest.approx(expected)
    expected = mixed((1.5 / 3, rock), (0.5 / 3, pop), (1 / 3, overall))  # v likes a and b
    assert scores(model, "v") == pytest.approx(expected)
    assert scores(model, "x") == pytest.approx(mixed((1 / 2, none), (1 / 2, overall)))
    answer = model.recommend(history=[], k=4)
    assert dict(zip(answer.ids, answer.scores, strict=True)) == pytest.approx(overall)
    assert sum(scores(model, "v").values()) == pytest.approx(1)


def test_dislikes_say_nothing_of_categories() -> None:
    model = Popularity(category="tags").fit(tagged())
    liked = model.recommend(history={"a": 3.0}, exclude_seen=False)
    both = model.recommend(history={"a": 1.0, "c": -1.0}, exclude_seen=False)
    assert list(liked.ids) == list(both.ids)
    np.testing.assert_array_equal(liked.scores, both.scores)


def test_similar_items_are_those_for_a_user_who_likes_the_item() -> None:
    model = Popularity(category="tags").fit(tagged())
    similar = model.similar_items("c", k=3)
    assert list(similar.ids) == list(model.recommend(history=["c"], k=3).ids)
    assert similar.ids[0] == "b"


def test_a_column_of_features_is_the_same_as_tags() -> None:
    names = {item: [f"genre={tag}" for tag in tags] + ["year=1999"] for item, tags in TAGS.items()}
    by_tags = Popularity(category="tags").fit(tagged())
    data = tagged().with_item_features(Features.of(names))
    by_genre = Popularity(category="genre").fit(data)
    for user in "uvwxy":
        assert scores(by_genre, user) == scores(by_tags, user)
    year = Popularity(category="year").fit(data)
    assert scores(year, "u") == pytest.approx(scores(year, "w"))


def test_categories_of_recent_likes() -> None:
    data = timed().with_catalog(Catalog(["a", "b", "c"], tags=[["x"], ["x"], ["y"]]))
    model = Popularity(category="tags", since="5d").fit(data)
    a, b, c = 1 / 4, 1 / 2, 1 / 4
    expected = {"a": (2 * a / (a + b) + a) / 3, "b": (2 * b / (a + b) + b) / 3, "c": c / 3}
    assert scores(model, "u") == pytest.approx(expected)


def test_only_dislikes_leave_all_scores_at_zero() -> None:
    data = penchant.read_interactions([("u", "a", -1), ("v", "b", -1)])
    data = data.with_catalog(Catalog(["a", "b"], tags=[["x"], ["y"]]))
    assert set(scores(Popularity(category="tags").fit(data)).values()) == {0.0}


def test_a_saved_model_has_its_categories(tmp_path) -> None:
    model = Popularity(category="tags", half_life=None).fit(tagged())
    back = penchant.load(model.save(tmp_path / "x.penchant"))
    for user in "uvwxy":
        assert scores(back, user) == scores(model, user)


def test_a_column_that_is_not_there() -> None:
    plain = penchant.read_interactions([("u", "a"), ("v", "b")])
    with pytest.raises(DataError, match="no such column: add a catalog with tags by with_catalog"):
        Popularity(category="tags").fit(plain)
    with pytest.raises(DataError, match=r"category='genre': .* no such column: there are 'tags'"):
        Popularity(category="genre").fit(tagged())
    features = Features.of({"a": ["year=1", "genre=x"], "b": ["plain"]})
    with pytest.raises(DataError, match="there are 'genre', 'year'"):
        Popularity(category="tags").fit(plain.with_item_features(features))


def test_categories_beat_popularity_on_real_ratings(real_data) -> None:
    data = penchant.read_interactions(
        real_data("ml-1m/ratings.parquet"), user="userID", item="movieID"
    )
    films = real_data("ml-1m/movies.dat").read_text(encoding="latin-1").splitlines()
    rows = [film.split("::") for film in films]
    catalog = Catalog([row[0] for row in rows], tags=[row[2].split("|") for row in rows])
    split = penchant.split.leave_k_out(data.with_catalog(catalog), 5)
    models = [Popularity(category=category).fit(split.train) for category in (None, "tags")]
    overall, personal = (
        penchant.evaluate(model, split, metrics=["ndcg"], bootstrap=0)["ndcg"] for model in models
    )
    assert personal > 1.3 * overall
