"""Files of bundles: everything that is written is read, and damaged files are refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import penchant
from penchant._files import artifact, container
from penchant._files.artifact import Bundle
from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr
from penchant.errors import ArtifactError, CorruptArtifactError, DataError, SettingsError

ITEMS = IdMap(["b", "a", "NA", "1e5"])
BUNDLE = Bundle(
    model="als",
    settings={"factors": 2, "regularization": [0.1, 0.2], "seed": None},
    arrays={"user_factors": np.ones((3, 2), np.float32), "popularity": np.arange(4)},
    matrices={
        "seen": Csr(
            np.array([0, 2, 2, 3]),
            np.array([0, 3, 1], np.int32),
            np.array([1, -2, 0.5], np.float32),
            4,
        )
    },
    users=IdMap([10, 20, -30], "user"),
    items=ITEMS,
    catalog=Catalog(
        ITEMS,
        names=["Bé", "", "<script>", "名"],
        pictures=["", "https://x.org/1.png", "", ""],
        tags=[("red", "blue"), (), ("red",), ()],
    ),
    info={"metrics": {"ndcg@10": 0.2}, "epochs": [1.0, 0.5]},
)
names = st.text(st.characters(exclude_categories=["Cs"]))
ids = st.one_of(
    st.lists(names, unique=True), st.lists(st.integers(-(2**63), 2**63 - 1), unique=True)
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "model.penchant"
    artifact.write(BUNDLE, target)
    return target


def assert_same(found: Bundle, wanted: Bundle) -> None:
    for name in ("model", "settings", "users", "items", "info"):
        assert getattr(found, name) == getattr(wanted, name)
    assert set(found.arrays) == set(wanted.arrays)
    for name, array in wanted.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, strict=True)
    for name, matrix in wanted.matrices.items():
        for part in ("indptr", "indices", "values", "n_columns"):
            np.testing.assert_array_equal(
                getattr(found.matrices[name], part), getattr(matrix, part), strict=True
            )


def test_a_bundle_is_read_as_written(path: Path) -> None:
    found = artifact.read(path)
    assert_same(found, BUNDLE)
    assert found.users is not None
    assert found.users.kind == "user"
    assert found.users.code(-30) == 2
    assert found.items is not None
    assert found.items.code("NA") == 2
    assert found.catalog is not None
    assert found.catalog.items is found.items
    assert found.catalog.fields() == ["names", "pictures", "tags"]
    assert found.catalog.names == ["Bé", "", "<script>", "名"]
    assert list(found.catalog.tags) == [("red", "blue"), (), ("red",), ()]


def test_the_time_and_version_of_writing(path: Path) -> None:
    found = artifact.read(path)
    assert found.penchant_version == penchant.__version__
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(found.created)
    assert dt.timedelta(0) <= age < dt.timedelta(minutes=1)


def test_the_same_bundle_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    artifact.write(artifact.read(path), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_an_empty_bundle_is_read_as_written(tmp_path: Path) -> None:
    artifact.write(Bundle("popularity"), tmp_path / "x")
    found = artifact.read(tmp_path / "x")
    assert (found.users, found.items, found.catalog) == (None, None, None)
    assert (found.arrays, found.matrices) == ({}, {})


@given(ids, ids)
def test_any_ids_survive(
    tmp_path_factory: pytest.TempPathFactory, users: list[Any], items: list[Any]
) -> None:
    target = tmp_path_factory.mktemp("ids") / "x"
    written = Bundle("als", users=IdMap(users, "user"), items=IdMap(items))
    artifact.write(written, target)
    found = artifact.read(target)
    assert_same(found, written)
    assert found.users is not None
    assert [found.users.code(user) for user in users] == list(range(len(users)))


@given(st.lists(st.tuples(names, st.lists(names)), max_size=8))
def test_any_catalog_survives(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str]]]
) -> None:
    target = tmp_path_factory.mktemp("catalog") / "x"
    written = Catalog(
        IdMap.range(len(rows)),
        names=[name for name, _ in rows],
        links=[name for name, _ in rows],
        tags=[tuple(tags) for _, tags in rows],
    )
    artifact.write(Bundle("als", catalog=written), target)
    found = artifact.read(target).catalog
    assert found is not None
    assert found.fields() == ["names", "links", "tags"]
    for name in ("items", "names", "links", "tags"):
        assert getattr(found, name) == getattr(written, name)


def test_a_catalog_may_have_other_items_than_the_model(tmp_path: Path) -> None:
    other = Catalog(IdMap([7, 8]), names=["seven", "eight"])
    artifact.write(dataclasses.replace(BUNDLE, catalog=other), tmp_path / "x")
    found = artifact.read(tmp_path / "x")
    assert found.items == BUNDLE.items
    assert found.catalog is not None
    assert found.catalog.name(8) == "eight"


@pytest.mark.parametrize("where", ["users", "catalog"])
def test_lone_surrogates_are_refused(tmp_path: Path, where: str) -> None:
    bad = IdMap(["a\ud800"])
    given = bad if where == "users" else Catalog(IdMap([1]), names=["a\ud800"])
    with pytest.raises(DataError, match="surrogate"):
        artifact.write(Bundle("als", **{where: given}), tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_describe_reads_no_arrays(path: Path) -> None:
    told = artifact.describe(path)
    assert told["model"] == "als"
    assert told["arrays"]["user_factors"] == {"dtype": "float32", "shape": [3, 2]}
    assert told["bytes"] == path.stat().st_size


# --- what is refused though its checksums are right -------------------------------------


def forge(
    path: Path, drop: str = "", arrays: dict[str, Any] | None = None, **manifest: Any
) -> None:
    """Rewrite the file, complete, but with parts that don't fit each other."""
    old, told = container.read(path, mmap=False)
    kept = {name: array for name, array in old.items() if name != drop}
    container.write(path, kept | (arrays or {}), {**told, **manifest})


@pytest.mark.parametrize(
    "forged",
    [
        {"drop": "matrices/seen/indptr"},
        {"drop": "items/text"},
        {"drop": "catalog/names/text"},
        {"drop": "catalog/tags/rows"},
        {"arrays": {"matrices/seen/indices": np.array([0, 4, 1], np.int32)}},
        {"arrays": {"matrices/seen/indices": np.array([0, -1, 1], np.int32)}},
        {"arrays": {"matrices/seen/indices": np.array([0, 1, 1])}},
        {"arrays": {"matrices/seen/indptr": np.array([0, 9, 2, 3])}},
        {"arrays": {"matrices/seen/indptr": np.array([0, 2, 2, 2])}},
        {"arrays": {"matrices/seen/indptr": np.array([], np.int64)}},
        {"arrays": {"matrices/seen/values": np.zeros(2, np.float32)}},
        {"arrays": {"items/offsets": np.array([0, 100])}},
        {"arrays": {"items/text": np.full(7, 255, np.uint8)}},
        {"arrays": {"users/ids": np.zeros((3, 1), np.int64)}},
        {"arrays": {"catalog/tags/rows": np.array([0, 2, 2, 3, 9])}},
        {"arrays": {"catalog/names/offsets": np.array([0, 16])}},
        {"columns": {"seen": -1}},
        {"columns": {"seen": "4"}},
        {"columns": {"other": 4}},
        {"columns": 3},
        {"catalog": 3},
        {"model": 3},
        {"settings": []},
        {"info": None},
        {"created": None},
    ],
    ids=str,
)
def test_parts_that_do_not_fit_are_refused(path: Path, forged: dict[str, Any]) -> None:
    forge(path, **forged)
    with pytest.raises(CorruptArtifactError, match=r"model\.penchant"):
        artifact.read(path)


def test_a_missing_part_of_the_manifest_is_refused(path: Path) -> None:
    arrays, told = container.read(path, mmap=False)
    for name in told:
        container.write(path, arrays, {key: told[key] for key in told if key != name})
        with pytest.raises(CorruptArtifactError, match=name):
            artifact.read(path)


def test_altered_arrays_pass_only_unverified(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    at = whole.index(np.ones(6, np.float32).tobytes())
    whole[at] ^= 1
    path.write_bytes(whole)
    with pytest.raises(CorruptArtifactError, match="checksum"):
        artifact.read(path)
    assert artifact.read(path, verify=False).arrays["user_factors"][0, 0] != 1


def test_errors_are_of_one_tree(tmp_path: Path) -> None:
    with pytest.raises(penchant.PenchantError):
        artifact.read(tmp_path / "missing")
    assert issubclass(CorruptArtifactError, ArtifactError)
    assert not issubclass(ArtifactError, SettingsError)
