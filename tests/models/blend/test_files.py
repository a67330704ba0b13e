"""Files of blends."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models.blend.models import described, parts
from tests.models.contract import data

import penchant
from penchant import ALS, Blend, Content, Features, HybridALS, ItemNeighbors, Popularity
from penchant._files import artifact
from penchant.errors import CorruptArtifactError


def picture_vectors(items) -> Features:
    """Vectors of items, as a model of pictures would give them."""
    return Features.dense(items, [[n % 3, n % 4, 1.0] for n in range(len(items))])


def same_answers(blend: Blend, path: Path) -> None:
    loaded = penchant.load(blend.save(path))
    for ask in (
        lambda model: model.recommend(["u0001", "u0005"], k=5),
        lambda model: model.recommend(history=["i0003"], k=5),
        lambda model: model.similar_items("i0004", k=5),
    ):
        answer, expected = ask(loaded), ask(blend)
        assert answer.ids == expected.ids
        assert answer.scores.tolist() == expected.scores.tolist()
        assert answer.sources == expected.sources


def test_vectors_that_a_part_was_made_with_are_saved(tmp_path: Path) -> None:
    models = {
        "als": ALS(factors=3),
        "c": Content(picture_vectors(data().items)),
        "pop": Popularity(),
    }
    same_answers(Blend(models).fit(data()), tmp_path / "x.penchant")


def test_vectors_of_a_part_stay_apart_from_the_features_of_the_data(tmp_path: Path) -> None:
    models = {"hybrid": HybridALS(factors=3), "c": Content(picture_vectors(data().items))}
    blend = Blend(models).fit(described())
    same_answers(blend, tmp_path / "x.penchant")
    loaded = penchant.load(tmp_path / "x.penchant")
    assert loaded.interactions.item_features.n_features == 2
    assert loaded.parts["hybrid"].interactions.item_features.n_features == 2
    assert loaded.parts["c"].interactions.item_features.n_features == 3


def test_vectors_of_a_part_of_a_part_are_saved(tmp_path: Path) -> None:
    inner = Blend({"c": Content(picture_vectors(data().items)), "near": ItemNeighbors()})
    both = {
        "inner": inner,
        "c": Content(picture_vectors(list(data().items)[::-1])),
        "pop": Popularity(),
    }
    same_answers(Blend(both).fit(data()), tmp_path / "x.penchant")


def test_blends_of_blends_are_saved_too(tmp_path: Path) -> None:
    inner = Blend({"als": ALS(factors=3, regularization=(0.1, 0.2)), "near": ItemNeighbors()})
    blend = Blend({"both": inner, "pop": Popularity()}, weights={"both": 1, "pop": 0.1})
    blend.fit(data())
    back = penchant.load(blend.save(tmp_path / "x.penchant"))
    answer, expected = (one.recommend(["u0001", "new"], k=4) for one in (back, blend))
    assert (answer.ids, answer.sources) == (expected.ids, ["both + pop", "pop"])
    assert back.settings == blend.settings
    assert (
        repr(back)
        == repr(blend)
        == (
            "Blend({'both': Blend({'als': ALS(factors=3, regularization=(0.1, 0.2)), 'near': "
            "ItemNeighbors()}), 'pop': Popularity()}, weights={'both': 1, 'pop': 0.1})"
        )
    )


def test_a_file_that_lacks_a_part(tmp_path: Path) -> None:
    bundle = artifact.read(Blend(parts()).fit(data()).save(tmp_path / "x.penchant"))
    arrays = {name: one for name, one in bundle.arrays.items() if not name.startswith("near/")}
    artifact.write(artifact.Bundle(**{**vars(bundle), "arrays": arrays}), tmp_path / "y.penchant")
    with pytest.raises(CorruptArtifactError):
        penchant.load(tmp_path / "y.penchant")
