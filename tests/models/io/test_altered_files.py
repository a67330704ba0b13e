"""Model files from strangers: right checksums, and arrays that lead out of bounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import models
from penchant._files import artifact, container
from penchant._files.arrays import ArrayMismatchError, ArraySpec, check_arrays
from penchant._files.manifest import ManifestMismatchError, check_form
from penchant.data.catalog import Catalog
from penchant.errors import CorruptArtifactError


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    """A model of each kind whose file is altered."""
    data = random_interactions(9, 8, density=0.5)
    catalog = Catalog(data.items, tags=[("a", "b")] * 8)
    data = data.with_catalog(catalog).with_item_features(penchant.Features.of_tags(catalog))
    options: dict[str, Any] = {"factors": 3, "iterations": 2}
    near = penchant.ItemNeighbors(neighbors=3).fit(data)
    return {
        "near": near,
        "als": penchant.ALS(**options).fit(data),
        "hybrid": penchant.HybridALS(**options).fit(data),
        "ranking": penchant.Ranking(**options, schedule="adadelta").fit(data),
        "ease": penchant.EASE().fit(data),
        "slim": penchant.SLIM(l1=0.1, l2=2.0).fit(data),
        "popularity": penchant.Popularity().fit(data),
        "seen": penchant.ALS(**options).fit(data),
        "blend": penchant.Blend({"near": near, "popular": penchant.Popularity()}).fit(data),
    }


@pytest.fixture
def altered(fitted: dict[str, Any], tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of a model in which one array, or the manifest, is another."""

    def write(kind: str, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
        kept: Any = "seen" if kind == "seen" else "all"
        path = fitted[kind].save(tmp_path / "x.penchant", interactions=kept)
        arrays, manifest = container.read(path, mmap=False)
        copies = {name: array.copy() for name, array in arrays.items()}
        change(copies, manifest)
        container.write(path, copies, manifest)
        return path

    return write


def put(name: str, value: float, place: int = 0) -> Callable[..., None]:
    def change(arrays: dict[str, Any], _: dict[str, Any]) -> None:
        arrays[name].reshape(-1)[place] = value

    return change


def replace(name: str, make: Callable[[Any], Any]) -> Callable[..., None]:
    def change(arrays: dict[str, Any], _: dict[str, Any]) -> None:
        arrays[name] = make(arrays[name])

    return change


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("near", put("arrays/neighbors", 2**30), "'neighbors' holds 1073741824, expected less"),
        ("near", put("arrays/neighbors", -1), "'neighbors' holds -1, expected 0 or more"),
        ("near", put("arrays/offsets", 2**40, -1), "'offsets' runs from 0 to 1099511627776"),
        ("near", put("arrays/offsets", 20, 1), "'offsets' falls from 20"),
        ("near", put("arrays/similarities", np.nan), "'similarities' holds nan at 0"),
        ("near", replace("arrays/similarities", lambda a: a[:-1]), "has shape"),
        ("blend", put("arrays/near/neighbors", 2**30), "part 'near': array 'neighbors' holds"),
        ("als", put("arrays/user_factors", np.inf), "'user_factors' holds inf"),
        ("als", replace("arrays/item_factors", lambda a: a[:-1]), r"shape \(7, 3\), expected"),
        ("als", replace("arrays/item_factors", np.float64), "float64, expected float32"),
        ("hybrid", replace("arrays/item_coefficients", lambda a: a[1:]), "'item_coefficients'"),
        ("ranking", put("arrays/item_squares", -1), "'item_squares' holds -1.0, expected 0"),
        ("ranking", replace("arrays/user_steps", lambda a: a[1:]), "'user_steps' has shape"),
        ("slim", put("arrays/weight_items", 2**30), "'weight_items' holds 1073741824, expected"),
        ("slim", put("arrays/weight_offsets", 2**40, -1), "'weight_offsets' runs from 0 to"),
        ("ease", replace("arrays/weights", lambda a: a.reshape(-1)), "'weights' has shape"),
        ("popularity", put("arrays/shares", -np.inf), "'shares' holds -inf, expected 0 or more"),
        ("als", put("matrices/interactions/indices", 2**30), "entries outside its 8 columns"),
        ("als", put("matrices/interactions/values", np.nan), "the interactions hold nan"),
        ("als", put("matrices/interactions/values", 0), "the interactions hold 0"),
        ("als", put("matrices/item_features/values", np.inf), "finite"),
        ("seen", put("arrays/item_counts", -1), "'item_counts' holds -1, expected 0 or more"),
        ("seen", put("arrays/seen_counts", 9), "'seen_counts' holds 9, expected less than 9"),
        ("seen", put("arrays/seen_counts", 0), "sets of seen items have .* bytes, expected|other"),
        ("seen", replace("arrays/seen_low", lambda a: a[:-1]), "bytes, expected"),
        ("seen", replace("arrays/seen_high", lambda a: a * 0), "other sizes than they should"),
        ("seen", replace("arrays/seen_high", lambda a: a * 0 + 255), "other sizes|not the model's"),
        ("als", replace("users/text", lambda a: a * 0 + 97), "come more than once"),
    ],
)
def test_an_array_that_is_not_as_declared_is_named(
    kind: str, change: Callable[..., None], message: str, altered: Callable[..., Path]
) -> None:
    with pytest.raises(CorruptArtifactError, match=message):
        penchant.load(altered(kind, change))


def test_columns_that_do_not_rise_are_refused(altered: Callable[..., Path]) -> None:
    def swap(arrays: dict[str, Any], _: dict[str, Any]) -> None:
        indices = arrays["matrices/interactions/indices"]
        indices[:2] = indices[:2][::-1].copy()

    with pytest.raises(CorruptArtifactError, match="columns do not rise"):
        penchant.load(altered("als", swap))


def test_arrays_that_have_no_place_or_are_missing_are_named(altered: Callable[..., Path]) -> None:
    def add(arrays: dict[str, Any], _: dict[str, Any]) -> None:
        arrays["arrays/user_coefficients"] = np.zeros((2, 3))

    with pytest.raises(CorruptArtifactError, match="'user_coefficients' has no place"):
        penchant.load(altered("hybrid", add))
    with pytest.raises(CorruptArtifactError, match="'item_factors' is missing"):
        penchant.load(altered("als", lambda arrays, _: arrays.pop("arrays/item_factors")))


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("info", "metrics"), [1], r"info\.metrics is"),
        (("info", "training", 0), {"number": "x"}, r"info\.training"),
        (("info", "training", 0, "seconds"), "long", r"info.training\[0\].seconds is 'long'"),
        (("info", "data", "notes"), [1], r"info.data.notes\[0\] is 1, expected a text"),
        (("info", "data", "steps"), [{"what": 1}], r"info\.data\.steps"),
        (("catalog",), "tags", r"manifest\.catalog is 'tags'"),
        (("settings", "factors"), 10**9, "factors must be"),
        (("settings", "cg_steps"), 2**70, "cg_steps must be"),
        (("settings",), {"unknown": 1}, "unknown"),
    ],
)
def test_a_manifest_of_another_form_is_refused(
    keys: tuple[Any, ...], value: Any, message: str, altered: Callable[..., Path]
) -> None:
    def change(_: dict[str, Any], manifest: Any) -> None:
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value

    with pytest.raises(CorruptArtifactError, match=message):
        penchant.load(altered("als", change))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("interactions", "half", "info.kept.interactions is 'half'"),
        ("newest", "today", "info.kept.newest is 'today'"),
        ("facts", {}, "the weights of ALS are"),
        ("facts", {"confidence": "log"}, "the weights of ALS are"),
    ],
)
def test_an_altered_description_of_what_is_kept_is_refused(
    key: str, value: Any, message: str, altered: Callable[..., Path]
) -> None:
    def change(_: dict[str, Any], manifest: Any) -> None:
        manifest["info"]["kept"][key] = value

    with pytest.raises(CorruptArtifactError, match=message):
        penchant.load(altered("seen", change))


def test_without_verification_sets_of_seen_items_are_checked_where_they_are_read(
    altered: Callable[..., Path],
) -> None:
    model = penchant.load(
        altered("seen", replace("arrays/seen_high", lambda a: a * 0)), verify=False
    )
    with pytest.raises(penchant.PenchantError, match="seen items"):
        model.recommend(model.users[0])


def test_without_verification_bounds_are_checked_all_the_same(
    altered: Callable[..., Path],
) -> None:
    path = altered("near", put("arrays/neighbors", 2**30))
    with pytest.raises(CorruptArtifactError, match="neighbors"):
        penchant.load(path, verify=False)
    path = altered("near", put("arrays/similarities", np.nan))
    penchant.load(path, verify=False)  # numbers are not looked at: see Model.recommend


def test_what_is_saved_is_compared_with_the_declarations(monkeypatch, tmp_path: Path) -> None:
    model = penchant.Popularity().fit(random_interactions(5, 4))
    monkeypatch.setattr(type(model), "_arrays", lambda _: {"others": np.zeros(4)})
    with pytest.raises(ArrayMismatchError, match="'others' has no place in this model"):
        model.save(tmp_path / "x.penchant")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", models.kinds())
def test_every_model_declares_its_arrays(kind: str) -> None:
    cls = models.class_of(kind)
    assert cls.arrays or kind in ("content", "blend")  # vectors of the data; the parts' own
    assert all(isinstance(spec, ArraySpec) for spec in cls.arrays.values())


def test_lengths_that_a_file_determines_must_agree() -> None:
    specs = {
        "values": ArraySpec("float32", ("?n",)),
        "codes": ArraySpec("int32", ("?n",), below="n_items"),
    }
    values, codes = np.zeros(3, np.float32), np.zeros(3, np.int32)
    check_arrays({"values": values, "codes": codes}, specs, {"n_items": 1})
    with pytest.raises(ArrayMismatchError, match=r"'codes' has shape \(2,\), expected \(3,\)"):
        check_arrays({"values": values, "codes": codes[:2]}, specs, {"n_items": 1})
    with pytest.raises(ArrayMismatchError, match="expected less than 0"):
        check_arrays({"values": values, "codes": codes}, specs, {"n_items": 0})


def test_schemas() -> None:
    schema = {"a": [(float, None)], "b?": {"c": bool}}
    check_form({"a": [1, 0.5, None]}, schema, "x")
    check_form({"a": [], "b": {"c": True}}, schema, "x")
    for wrong, message in (
        ({}, "expected the keys a, b"),
        ({"a": [True]}, r"x.a\[0\] is True, expected a number or null"),
        ({"a": {}}, "expected a list"),
        ({"a": [], "b": {"c": 1}}, "x.b.c is 1, expected true or false"),
        ([], "x is \\[\\], expected a mapping"),
    ):
        with pytest.raises(ManifestMismatchError, match=message):
            check_form(wrong, schema, "x")


def test_a_damaged_description_is_refused_where_it_is_shown(altered: Callable[..., Path]) -> None:
    path = altered("als", lambda _, manifest: manifest.update(info=3))
    with pytest.raises(CorruptArtifactError, match=r"manifest\.info is 3"):
        artifact.describe(path)
