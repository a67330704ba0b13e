"""What penchant once wrote it must always read: every file in artifacts/ is kept for good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import penchant
import penchant.models
from penchant._files import artifact

FILES = sorted((Path(__file__).parent / "artifacts").glob("*.penchant"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_still_read(path: Path) -> None:
    bundle = artifact.read(path)
    assert bundle.model
    assert bundle.items is not None
    assert all(np.isfinite(array).all() for array in bundle.arrays.values())


@pytest.mark.parametrize("kind", penchant.models.kinds())
def test_there_is_a_file_of_each_model(kind: str) -> None:
    assert [path.name for path in FILES if path.name.endswith(f"-{kind}.penchant")]


def test_there_is_a_file_of_each_format() -> None:
    assert [path.name for path in FILES if path.name.startswith("format-1")]


def test_the_first_format_means_what_it_meant() -> None:
    bundle = artifact.read(FILES[0].with_name("format-1-bundle.penchant"))
    assert (bundle.model, bundle.settings) == ("example", {"factors": 2, "seed": 0})
    assert bundle.items is not None
    assert list(bundle.items) == ["NA", "björk", "東京"]
    assert bundle.users is not None
    assert list(bundle.users) == [2, 30]
    np.testing.assert_array_equal(
        bundle.arrays["item_factors"], np.array([[0, 1], [2, 3], [4, 5]], np.float32), strict=True
    )
    seen = bundle.matrices["seen"]
    assert (seen.indptr.tolist(), seen.indices.tolist(), seen.values.tolist()) == (
        [0, 2, 3],
        [0, 2, 1],
        [1, 5, -1],
    )
    assert bundle.catalog is not None
    assert bundle.catalog.name("björk") == "Björk"
    assert bundle.catalog.tags_of("東京") == ("city", "jazz")


@pytest.mark.parametrize(
    ("kind", "scores"),
    [
        ("als", [0.5456242, 0.2563866]),
        ("ease", [0.2085163, 0.1176360]),
        ("graph-filter", [0.1089524, -0.0804385]),
        ("hybrid-als", [0.6170266, 0.3381521]),
        ("item-neighbors", [0.9045340, 0.8090398]),
        ("popularity", [0.25, 0.25]),
        ("pure-svd", [0.3333333, -0.1666667]),
        ("slim", [0.5271494, 0.4834529]),
        ("user-neighbors", [0.8485281, 0.5417422]),
    ],
)
def test_models_of_the_first_format_answer_as_they_did(kind: str, scores: list[float]) -> None:
    model = penchant.load(FILES[0].with_name(f"format-1-{kind}.penchant"))
    assert model.kind == kind
    answer = model.recommend("ann", k=2)
    assert list(answer.ids) == ["null", "東京"]
    assert list(answer.names) == ["the null", "the 東京"]
    np.testing.assert_allclose(answer.scores, scores, rtol=1e-6)
    assert model.interactions.history("cy") == {"NA": 4, "東京": -1}
    assert model.metrics == {"ndcg@10": 0.5}
    folded = model.recommend(history=model.interactions.history("ann"), k=2)
    np.testing.assert_allclose(folded.scores, scores, rtol=1e-4)


@pytest.mark.parametrize("kept", ["seen", "none"])
def test_a_model_without_its_interactions_answers_as_it_did(kept: str) -> None:
    model = penchant.load(FILES[0].with_name(f"format-1-als-{kept}.penchant"))
    whole = penchant.load(FILES[0].with_name("format-1-als.penchant"))
    assert model.kept_interactions == kept
    exclude = kept == "seen"
    answer = model.recommend("ann", k=4, exclude_seen=exclude)
    wanted = whole.recommend("ann", k=4, exclude_seen=exclude)
    assert list(answer.ids) == list(wanted.ids)
    np.testing.assert_allclose(answer.scores, wanted.scores, rtol=1e-6)
    history = {"NA": 4.0, "東京": -1.0}
    folded = model.recommend(history=history, k=4)
    np.testing.assert_allclose(folded.scores, whole.recommend(history=history, k=4).scores, 1e-5)
    with pytest.raises(penchant.PenchantError, match="not in the file"):
        _ = model.interactions


def test_all_neighbors_of_the_first_format_mean_what_they_meant() -> None:
    model = penchant.load(FILES[0].with_name("format-1-item-neighbors-all.penchant"))
    assert isinstance(model, penchant.ItemNeighbors)
    assert (model.similarity, model.neighbors, model.confidence) == ("rp3beta", None, "log")
    answer = model.recommend("ann", k=2)
    assert list(answer.ids) == ["null", "東京"]
    np.testing.assert_allclose(answer.scores, [0.4604574, 0.1156917], rtol=1e-6)


def test_features_of_the_first_format_mean_what_they_meant() -> None:
    model = penchant.load(FILES[0].with_name("format-1-hybrid-als.penchant"))
    features = model.interactions.item_features
    assert features is not None
    assert (features.identity, features.norm, features.ids.kind) == (True, "l2", "item")
    assert features.row("null") == {"rock": 0.5, "jazz": 1.0}
    assert features.row("björk") == {"pop": 1.0}
    assert model.scores_cold_items


def test_what_ranking_learned_means_what_it_meant() -> None:
    model = penchant.load(FILES[0].with_name("format-1-ranking.penchant"))
    answer = model.recommend("ann", k=2)
    assert list(answer.ids) == ["null", "東京"]
    np.testing.assert_allclose(answer.scores, [-0.0447836, -0.0953506], rtol=1e-5)
    assert isinstance(model, penchant.Ranking)
    assert (model.loss, model.schedule, len(model.epochs)) == ("bpr", "adadelta", 5)
    new = model.recommend("ann", k=2, item_features={"new": ["jazz"], "newer": ["pop"]})
    assert list(new.ids) == ["newer", "new"]  # nothing that was trained on was "pop"
    np.testing.assert_allclose(new.scores, [0, -0.0661853], rtol=1e-5)


def test_random_orders_of_the_first_format_are_the_same() -> None:
    model = penchant.load(FILES[0].with_name("format-1-random.penchant"))
    assert isinstance(model, penchant.Random)
    assert model.seed == 3
    answer = model.recommend("ann", k=2)
    assert list(answer.ids) == ["東京", "null"]
    np.testing.assert_allclose(answer.scores, [0.7107375, 0.2696722], rtol=1e-6)
    folded = model.recommend(history=["NA"], k=2)
    assert list(folded.ids) == ["東京", "null"]
    np.testing.assert_allclose(folded.scores, [0.3543205, 0.1974199], rtol=1e-6)


def test_vectors_of_what_items_are_mean_what_they_meant() -> None:
    model = penchant.load(FILES[0].with_name("format-1-content.penchant"))
    assert isinstance(model, penchant.Content)
    answer = model.recommend("ann", k=2)
    assert list(answer.ids) == ["null", "東京"]
    np.testing.assert_allclose(answer.scores, [0.9877629, 0.5881717], rtol=1e-5)
    features = model.interactions.item_features
    assert features is not None
    assert features.row("elsewhere") == {0: 5, 1: 5}
    new = model.recommend("ann", item_features={"new": np.array([0.0, 2.0])})
    np.testing.assert_allclose(new.scores, [0.5881717], rtol=1e-5)


def test_a_blend_answers_and_tells_who_did_as_it_did() -> None:
    model = penchant.load(FILES[0].with_name("format-1-blend.penchant"))
    answer = model.recommend(["ann", "new-user"], k=2)
    assert list(answer.ids) == ["東京", "null", "Björk", "NA"]
    np.testing.assert_allclose(answer.scores, [0.0163053, 0.0162172, 0.75, 0.5], rtol=1e-5)
    assert answer.sources == ["als + near", "pop"]
    assert isinstance(model, penchant.Blend)
    assert model.parts["als"].settings["factors"] == 2
    assert model.settings["weights"] == {"als": 2, "near": 1}


def test_features_of_the_parts_of_a_blend_mean_what_they_meant() -> None:
    model = penchant.load(FILES[0].with_name("format-1-blend-features.penchant"))
    assert isinstance(model, penchant.Blend)
    for part, row in (("hybrid", {"rock": 0.5, "jazz": 1.0}), ("similar", {1: 2.0})):
        features = model.parts[part].interactions.item_features
        assert features is not None
        assert features.row("null") == row
    answer = model.recommend("ann", k=2)
    assert list(answer.ids) == ["東京", "null"]
    np.testing.assert_allclose(answer.scores, [0.5, -0.5], rtol=1e-5)
    assert answer.sources == ["hybrid + similar"]
