"""``penchant.images.embed``: from pictures of any kind to vectors, and what was skipped."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from tests.content.drawn import address, noise, png
from tests.content.networks import network

import penchant
from penchant.content import images, visual
from penchant.content.network import Network
from penchant.errors import DataError, EmptyDataError, SettingsError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "pictures" / "more"
    inner.mkdir(parents=True)
    for name, raw in {
        "a.png": png(),
        "b.PNG": png((10, 200, 30)),
        "more/c.png": noise(1),
        "more/same-as-a.png": png(),
        "broken.png": noise(2)[:200],
        "notes.txt": b"no picture",
    }.items():
        (inner.parent / name).write_bytes(raw)
    return inner.parent


def test_a_folder(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="penchant")
    found = penchant.images.embed(folder)
    assert list(found.ids) == ["a", "b", "c", "same-as-a"]
    assert found.vectors.shape == (4, visual.LENGTH)
    np.testing.assert_array_equal(found.vectors[0], found.vectors[3])
    assert list(found.skipped) == ["broken"]
    assert "not a picture that can be read" in found.skipped["broken"]
    assert "1 of 5 pictures are skipped, such as that of 'broken'" in caplog.text
    assert repr(found) == f"<Embedded: 4 pictures × {visual.LENGTH}, 1 skipped>"


def test_files_addresses_and_bytes_alike(folder: Path) -> None:
    listed = penchant.images.embed([folder / "a.png", str(folder / "b.PNG")])
    named = penchant.images.embed({1: address(png()), 2: png((10, 200, 30))})
    np.testing.assert_array_equal(listed.vectors, named.vectors)
    assert list(named.features.ids) == [1, 2]


def test_a_catalog_and_items_without_a_picture() -> None:
    catalog = penchant.Catalog(
        ["x", "y", "z"], pictures=[address(png()), "", "https://example.org/z.png"]
    )
    found = penchant.images.embed(catalog)
    assert list(found.ids) == ["x"]
    assert found.skipped == {
        "y": "there is no picture",
        "z": "it is on the web: fetch it first, and name the file",
    }
    with pytest.raises(DataError, match="no pictures"):
        penchant.images.embed(penchant.Catalog(["x"]))


def test_a_network(folder: Path, tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx")
    found = penchant.images.embed(folder, network=Network(path, size=8, mean=0, std=1), batch=2)
    assert found.vectors.shape == (4, 3)
    np.testing.assert_allclose(found.vectors[0], np.array([200, 30, 30]) / 255, atol=1e-5)


def test_vectors_that_are_not_finite_are_skipped(folder: Path, tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx", scale=float("inf"))
    with pytest.raises(EmptyDataError, match="not finite"):
        penchant.images.embed([folder / "a.png"], network=Network(path, mean=0, std=1))


def test_progress_and_batches(folder: Path) -> None:
    calls: list[tuple[int, int]] = []
    small = penchant.images.embed(folder, batch=2, on_progress=lambda *counts: calls.append(counts))
    assert calls == [(2, 5), (4, 5), (5, 5)]
    whole = penchant.images.embed(folder)
    assert list(small.ids) == list(whole.ids)
    np.testing.assert_array_equal(small.vectors, whole.vectors)


def test_the_same_picture_is_computed_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    real = visual.histograms
    monkeypatch.setattr(visual, "histograms", lambda image: (seen.append(image), real(image))[1])
    cache = tmp_path / "vectors.sqlite"
    first = penchant.images.embed(folder, cache=cache, batch=1)
    assert len(seen) == 3
    again = penchant.images.embed(folder, cache=cache)
    assert len(seen) == 3
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert again.skipped == first.skipped
    (folder / "a.png").write_bytes(png((1, 2, 3)))
    changed = penchant.images.embed(folder, cache=cache)
    assert len(seen) == 4
    assert not np.array_equal(changed.vectors[0], first.vectors[0])


def test_the_cache_tells_settings_apart(folder: Path, tmp_path: Path) -> None:
    path, cache = network(tmp_path / "n.onnx"), tmp_path / "cache"
    plain = penchant.images.embed(folder, Network(path, mean=0, std=1), cache=cache)
    other = penchant.images.embed(folder, Network(path, mean=0, std=2), cache=cache)
    np.testing.assert_allclose(other.vectors, plain.vectors / 2, rtol=1e-5)
    assert penchant.images.embed(folder, cache=cache).vectors.shape[1] == visual.LENGTH


def test_a_cache_that_is_another_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 100)
    for path in (tmp_path / "text", tmp_path / "no folder" / "x"):
        with pytest.raises(DataError, match="can't be used as a cache"):
            penchant.images.embed(folder, cache=path)


def test_what_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        penchant.images.embed(folder / "nowhere")
    with pytest.raises(DataError, match="would be of the same item 'a'"):
        penchant.images.embed([folder / "a.png", folder / "more" / "a.jpg"])
    for wrong in (3, [3], b"bytes"):
        with pytest.raises(DataError, match="a folder, a list of files or a mapping"):
            penchant.images.embed(wrong)
    with pytest.raises(SettingsError, match="batch"):
        penchant.images.embed(folder, batch=0)
    with pytest.raises(EmptyDataError, match="none of 1 pictures could be read: 'broken'"):
        penchant.images.embed([folder / "broken.png"])
    with pytest.raises(EmptyDataError, match="there are none"):
        images.embed([])
