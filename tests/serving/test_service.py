"""Answers without HTTP: lists, filters, diversity, explanations, overrides."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.serving.conftest import HOSTILE, small_data

from penchant.errors import SettingsError, UnknownIdError, UnsupportedError
from penchant.models._scoring.index import BUILD_AFTER, MIN_ITEMS
from penchant.models.als.model import ALS
from penchant.models.popularity import Popularity
from penchant.serving.catalog.filters import Filters
from penchant.serving.mmr import rerank
from penchant.serving.process.loader import Artifacts
from penchant.serving.query import MAX_RESULTS
from penchant.serving.service import Service
from penchant.serving.store.base import Override


def ids(scored) -> list[str]:
    return [entry.item.id for entry in scored]


def test_recommendations_match_the_model(service):
    user = service.likes.users[3]
    expected = service.likes.recommend(user, 7)
    scored = service.recommend(user, k=7)
    assert ids(scored) == list(expected.ids)
    assert [entry.score for entry in scored] == expected.scores.tolist()
    assert ids(service.recommend(user, k=3, offset=4)) == list(expected.ids)[4:]


def test_the_history_of_a_user_gets_the_same_items(service):
    user = service.likes.users[3]
    history = service.history(user)
    assert ids(service.recommend(history=history, k=5)) == ids(service.recommend(user, k=5))


def test_an_empty_history_gets_popular_items(service):
    assert service.recommend(history={}, k=4) == service.popular(4)
    counts = [entry.score for entry in service.popular(40)]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == service.likes.interactions.nnz


def test_filters_are_applied(service):
    user = service.likes.users[0]
    everything = ids(service.recommend(user, k=40, exclude_seen=False))
    assert len(everything) == 40
    allowed = everything[5:9]
    assert (
        ids(service.recommend(user, filters=Filters(allow=allowed), exclude_seen=False)) == allowed
    )
    denied = service.recommend(user, k=40, filters=Filters(deny=allowed), exclude_seen=False)
    assert set(ids(denied)) == set(everything) - set(allowed)
    slow_rock = service.recommend(user, k=40, filters=Filters(tags=["ROCK", "slow"]))
    assert slow_rock
    assert all({"rock", "slow"} <= set(entry.item.tags) for entry in slow_rock)
    assert not service.recommend(user, filters=Filters(tags=["polka"]))
    assert all(
        "rock" in entry.item.tags for entry in service.popular(40, filters=Filters(tags=["rock"]))
    )


def test_seen_items_are_left_out(service):
    user = service.likes.users[0]
    seen = set(service.history(user))
    assert not seen & set(ids(service.recommend(user, k=40)))
    assert seen & set(ids(service.recommend(user, k=40, exclude_seen=False)))


def test_diversity_makes_items_differ(service):
    user = service.likes.users[0]

    def mean_similarity(scored) -> float:
        vectors = service.likes.item_factors[service.likes.items.codes(ids(scored))]
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return float((unit @ unit.T).mean())

    plain, varied = service.recommend(user, k=5), service.recommend(user, k=5, diversity=0.8)
    assert varied[0] == plain[0]
    assert mean_similarity(varied) < mean_similarity(plain)
    pages = ids(service.recommend(user, k=5, diversity=0.8))
    assert ids(service.recommend(user, k=2, diversity=0.8)) == pages[:2]


def test_diversity_needs_item_vectors():
    service = Service({"likes": Popularity().fit(small_data())})
    with pytest.raises(UnsupportedError, match="no vectors"):
        service.recommend(service.likes.users[0], diversity=0.5)
    assert len(service.diverse(5)) == 5


def test_rerank_follows_the_formula():
    rng = np.random.default_rng(0)
    scores, vectors, d = rng.random(30), rng.normal(size=(30, 4)), 0.4
    scored = rerank(scores, vectors, 10, d).tolist()
    worth = (scores - scores.min()) / np.ptp(scores)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    taken = [int(np.argmax(scores))]
    while len(taken) < 10:
        left = [entry for entry in range(30) if entry not in taken]
        value = {j: (1 - d) * worth[j] - d * max(unit[taken] @ unit[j]) for j in left}
        taken.append(max(left, key=value.__getitem__))
    assert scored == taken
    assert rerank(scores, vectors, 40, 0).tolist() == np.argsort(-scores).tolist()
    assert rerank([], np.empty((0, 4)), 3, 0.5).tolist() == []


def test_similar_items_by_role(service):
    item = service.likes.items[4]
    expected = service.likes.similar_items(item, 6).ids
    assert ids(service.similar(item, k=6)) == list(expected)
    assert ids(service.similar(item, k=3, offset=3)) == list(expected)[3:]
    assert ids(service.similar(item, "hybrid", k=6)) == list(
        service.models["hybrid"].similar_items(item, 6).ids
    )
    with pytest.raises(UnsupportedError, match="no visual model"):
        service.similar(item, "visual")


def test_explanations_list_past_items(service):
    user = service.likes.users[0]
    best = service.recommend(user, k=1)[0]
    why = service.explain(user, item=best.item.id, k=3)
    assert why.score == pytest.approx(best.score, rel=1e-4)
    assert 0 < len(why.reasons) <= 3
    assert set(ids(why.reasons)) <= set(service.history(user))


def test_unknown_ids_are_rejected(service):
    with pytest.raises(UnknownIdError, match="unknown-user"):
        service.recommend("unknown-user")
    for ask in (
        service.item,
        service.similar,
        lambda entry: service.explain(history=["i0000"], item=entry),
    ):
        with pytest.raises(UnknownIdError, match="unknown item 'nothing'"):
            ask("nothing")


@pytest.mark.parametrize(
    ("k", "offset"), [(0, 0), (MAX_RESULTS + 1, 0), (10, MAX_RESULTS - 5), (1, -1)]
)
def test_pages_have_limits(service, k, offset):
    with pytest.raises(SettingsError):
        service.recommend(service.likes.users[0], k=k, offset=offset)


def test_search_corrects_typing_errors(service):
    assert service.search("radoihead", 3)[0].name == "Radiohead"
    assert len(service.search("band", 7)) == 7


def test_overrides_change_what_is_shown(service):
    changed = service.with_overrides(
        {"i0000": Override(name="Another"), "i0001": Override(hidden=True)}
    )
    assert changed.item("i0000").name == "Another"
    assert changed.item("i0000").picture == service.item("i0000").picture
    assert service.item("i0000").name == "Radiohead"
    assert service.item("i0002").name == HOSTILE
    with pytest.raises(UnknownIdError):
        changed.item("i0001")
    user = service.likes.users[0]
    assert "i0001" in ids(service.recommend(user, k=40, exclude_seen=False))
    assert "i0001" not in ids(changed.recommend(user, k=40, exclude_seen=False))
    assert "i0001" not in [entry.id for entry in changed.search("Sigur Rós")]
    assert [entry.id for entry in changed.search("anotehr", 1)] == ["i0000"]
    assert "i0000" not in [entry.id for entry in changed.search("Radiohead")]


def test_the_summary_describes_the_models(service):
    likes, hybrid = service.summary()
    assert (likes["role"], likes["kind"], hybrid["role"], hybrid["kind"]) == (
        "likes",
        "als",
        "hybrid",
        "item-neighbors",
    )
    assert (likes["users"], likes["items"]) == (60, 40)
    assert likes["settings"]["factors"] == 8
    assert likes["created"]


def test_without_a_catalog_ids_are_names():
    data = dataclasses.replace(small_data(), catalog=None)
    service = Service({"likes": ALS(factors=4, iterations=2).fit(data)})
    assert service.item("i0003").name == "i0003"
    assert service.search("i0003")[0].id == "i0003"


def test_an_answer_uses_one_thread(files: Artifacts):
    assert Service.open(files).likes.threads == 1
    assert Service.open(files, threads=None).likes.threads is None


def test_requests_build_no_index_and_an_index_changes_no_answer():
    likes = ALS(factors=4, iterations=1).fit(random_interactions(40, MIN_ITEMS, density=0.01))
    service = Service({"likes": likes})
    before = [(service.recommend(user), service.similar("i0007")) for user in likes.users]
    index = likes._index("items", likes.item_factors)
    indexes = [index, index.normalized]
    assert [index._n_queries >= BUILD_AFTER for index in indexes] == [True, True]
    assert [index._pruning for index in indexes] == [None, None]
    service.prepare()
    assert None not in [index._pruning for index in indexes]
    assert [(service.recommend(user), service.similar("i0007")) for user in likes.users] == before
