"""``tacit.images.embed``: from pictures of any kind to vectors, and what was skipped."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from tests.content.drawn import address, noise, png
from tests.content.networks import network

import tacit
from tacit.content import images, looks
from tacit.errors import DataError, EmptyDataError, SettingsError


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
    caplog.set_level(logging.WARNING, logger="tacit")
    found = tacit.images.embed(folder)
    assert list(found.ids) == ["a", "b", "c", "same-as-a"]
    assert found.vectors.shape == (4, looks.LENGTH)
    np.testing.assert_array_equal(found.vectors[0], found.vectors[3])
    assert list(found.skipped) == ["broken"]
    assert "no picture that can be read" in found.skipped["broken"]
    assert "1 of 5 pictures are skipped, such as that of 'broken'" in caplog.text
    assert repr(found) == f"<Embedded: 4 pictures × {looks.LENGTH}, 1 skipped>"


def test_files_addresses_and_bytes_alike(folder: Path) -> None:
    listed = tacit.images.embed([folder / "a.png", str(folder / "b.PNG")])
    named = tacit.images.embed({1: address(png()), 2: png((10, 200, 30))})
    np.testing.assert_array_equal(listed.vectors, named.vectors)
    assert list(named.features.ids) == [1, 2]


def test_a_catalogue_and_who_has_no_picture_in_it() -> None:
    catalogue = tacit.Catalogue(
        ["x", "y", "z"], pictures=[address(png()), "", "https://example.org/z.png"]
    )
    found = tacit.images.embed(catalogue)
    assert list(found.ids) == ["x"]
    assert found.skipped == {
        "y": "there is no picture",
        "z": "it is on the web: fetch it first, and name the file",
    }
    with pytest.raises(DataError, match="no pictures"):
        tacit.images.embed(tacit.Catalogue(["x"]))


def test_a_network_of_ones_own(folder: Path, tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx")
    found = tacit.images.embed(folder, model=path, size=8, mean=0, std=1, batch=2)
    assert found.vectors.shape == (4, 3)
    np.testing.assert_allclose(found.vectors[0], np.array([200, 30, 30]) / 255, atol=1e-5)


def test_vectors_that_are_not_finite_are_skipped(folder: Path, tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx", scale=float("inf"))
    with pytest.raises(EmptyDataError, match="no finite numbers"):
        tacit.images.embed([folder / "a.png"], model=path, mean=0, std=1)


def test_progress_and_batches(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    small = tacit.images.embed(folder, batch=2, on_progress=lambda *how: told.append(how))
    assert told == [(2, 5), (4, 5), (5, 5)]
    whole = tacit.images.embed(folder)
    assert list(small.ids) == list(whole.ids)
    np.testing.assert_array_equal(small.vectors, whole.vectors)


def test_the_same_picture_is_looked_at_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    real = looks.looks
    monkeypatch.setattr(looks, "looks", lambda one: (seen.append(one), real(one))[1])
    cache = tmp_path / "vectors.sqlite"
    first = tacit.images.embed(folder, cache=cache, batch=1)
    assert len(seen) == 3
    again = tacit.images.embed(folder, cache=cache)
    assert len(seen) == 3
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert again.skipped == first.skipped
    (folder / "a.png").write_bytes(png((1, 2, 3)))
    changed = tacit.images.embed(folder, cache=cache)
    assert len(seen) == 4
    assert not np.array_equal(changed.vectors[0], first.vectors[0])


def test_the_cache_tells_settings_apart(folder: Path, tmp_path: Path) -> None:
    path, cache = network(tmp_path / "n.onnx"), tmp_path / "cache"
    plain = tacit.images.embed(folder, path, mean=0, std=1, cache=cache)
    other = tacit.images.embed(folder, path, mean=0, std=2, cache=cache)
    np.testing.assert_allclose(other.vectors, plain.vectors / 2, rtol=1e-5)
    assert tacit.images.embed(folder, cache=cache).vectors.shape[1] == looks.LENGTH


def test_a_cache_that_is_another_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 100)
    for path in (tmp_path / "text", tmp_path / "no folder" / "x"):
        with pytest.raises(DataError, match="can't serve as a cache"):
            tacit.images.embed(folder, cache=path)


def test_what_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        tacit.images.embed(folder / "nowhere")
    with pytest.raises(DataError, match="would be of the same item 'a'"):
        tacit.images.embed([folder / "a.png", folder / "more" / "a.jpg"])
    for wrong in (3, [3], b"bytes"):
        with pytest.raises(DataError, match="a folder, a list of files or a mapping"):
            tacit.images.embed(wrong)
    with pytest.raises(SettingsError, match="batch"):
        tacit.images.embed(folder, batch=0)
    with pytest.raises(EmptyDataError, match="none of 1 pictures could be read: 'broken'"):
        tacit.images.embed([folder / "broken.png"])
    with pytest.raises(EmptyDataError, match="there are none"):
        images.embed([])
