"""A data set that is not as it was written is refused, with the file that is damaged."""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
from tests.data.disk.logs import COLUMNS, write_log

import penchant
from penchant.data.disk.describe import check, describe
from penchant.data.disk.stored import StoredInteractions
from penchant.errors import DatasetError

ARRAYS = ["indptr", "indices", "values", "times", "text", "offsets"]
FILES = [f"{side}.{array}" for side in ("users", "items") for array in ARRAYS]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    penchant.ingest(write_log(folder), folder / "x.dataset", **COLUMNS)
    return folder / "x.dataset"


@pytest.fixture
def dataset(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "x.dataset")


def test_each_process_compares_a_block_at_its_first_reading(dataset: Path) -> None:
    opened, path = penchant.open_dataset(dataset), file_of(dataset, "users.values")
    assert isinstance(opened, StoredInteractions)
    before = opened.blocks.users.read(0)
    raw = bytearray(path.read_bytes())
    raw[0] ^= 4
    path.write_bytes(raw)
    assert opened.blocks.users.read(0).values[0] != before.values[0]
    with pytest.raises(DatasetError, match=r"users\.values: .*checksum"):
        penchant.open_dataset(dataset).blocks.users.read(0)


def file_of(dataset: Path, name: str) -> Path:
    (path,) = dataset.glob(f"data-*/{name}")
    return path


def test_it_says_what_it_holds(dataset: Path) -> None:
    contents = describe(dataset)
    assert set(contents["files"]) == set(FILES)
    sizes = {path.name: path.stat().st_size for path in dataset.glob("data-*/*")}
    assert contents["files"] == sizes
    assert contents["bytes"] == sum(sizes.values())
    assert contents["users"]["ids"] == "text"
    check(dataset)


@pytest.mark.parametrize("name", FILES)
def test_an_altered_byte_is_found_by_the_check(dataset: Path, name: str) -> None:
    path = file_of(dataset, name)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)
    with pytest.raises(DatasetError, match=f"is damaged: data-.*/{name}: .*checksum"):
        check(dataset)


@pytest.mark.parametrize("name", [file for file in FILES if file.split(".")[1] in ARRAYS[:4]])
def test_an_altered_block_is_not_read(dataset: Path, name: str) -> None:
    path = file_of(dataset, name)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    blocks = penchant.open_dataset(dataset).blocks
    assert blocks is not None
    with pytest.raises(DatasetError, match=name):
        list(getattr(blocks, name.split(".")[0]))


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_or_missing_file(dataset: Path, name: str) -> None:
    path = file_of(dataset, name)
    stored = penchant.open_dataset(dataset)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DatasetError, match=f"{name}: it has .* bytes, .* are expected"):
        penchant.open_dataset(dataset)
    with pytest.raises(DatasetError, match=name.split(".")[0]):  # truncated after it was opened
        _ = (stored.csr, stored.by_item(), list(stored.users), list(stored.items))
    path.unlink()
    with pytest.raises(DatasetError, match=f"{name}: it is missing"):
        penchant.open_dataset(dataset)


def test_columns_out_of_bounds_never_reach_native_code(dataset: Path) -> None:
    path = file_of(dataset, "users.indices")
    columns = np.fromfile(path, dtype="<i4")
    columns[5] = 10**6
    columns.tofile(path)
    stored = penchant.open_dataset(dataset)
    with pytest.raises(DatasetError, match=r"users.indices: its rows lead out"):
        _ = stored.csr
    assert isinstance(stored, StoredInteractions)


def rewrite(dataset: Path, change) -> None:
    """Change the manifest, with a right checksum."""
    path = dataset / "manifest.json"
    whole = json.loads(path.read_text())
    change(whole)
    whole["crc32"] = zlib.crc32(json.dumps(whole["dataset"], sort_keys=True).encode())
    path.write_text(json.dumps(whole))


def put(*keys, value):
    def change(whole) -> None:
        part = whole
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("dataset", "nnz", value=10**12),
        put("dataset", "nnz", value="many"),
        put("dataset", "data", value="data-../../secret"),
        put("dataset", "data", value=3),
        put("dataset", "sides", "users", "n", value=-1),
        put("dataset", "sides", "users", "id_type", value="object"),
        put("dataset", "sides", "users", "id_type", value=["text"]),
        put("dataset", "sides", "users", "text_bytes", value=-8),
        put("dataset", "sides", "items", "blocks", 0, "rows", value=[0, 10**9]),
        put("dataset", "sides", "items", "blocks", 0, "entries", value=[0, 10**9]),
        put("dataset", "sides", "items", "blocks", 0, "entries", value=[0.0, 1.5]),
        put("dataset", "sides", "items", "blocks", 0, "crc32", value={}),
        put("dataset", "sides", "items", "blocks", value=[]),
        put("dataset", "report", value=None),
        put("dataset", "steps", value=[1]),
        put("dataset", value=[]),
        put("dataset", "is_timed", value="no"),
        put("dataset", "name", value=None),
    ],
)
def test_an_altered_manifest_is_refused(dataset: Path, change) -> None:
    rewrite(dataset, change)
    with pytest.raises(DatasetError):
        penchant.open_dataset(dataset)


def test_other_versions_and_folders(dataset: Path, tmp_path: Path) -> None:
    text = (dataset / "manifest.json").read_text()
    (dataset / "manifest.json").write_text(text.replace('"nnz"', '"nnw"'))
    with pytest.raises(DatasetError, match="doesn't match its checksum"):
        penchant.open_dataset(dataset)
    (dataset / "manifest.json").write_text("{}")
    with pytest.raises(DatasetError, match="no JSON of a data set"):
        penchant.open_dataset(dataset)
    (dataset / "manifest.json").write_text('{"format": 2}')
    with pytest.raises(DatasetError, match=r"format 2, this penchant reads up to 1: pip install"):
        penchant.open_dataset(dataset)
    with pytest.raises(DatasetError, match="does not exist"):
        penchant.open_dataset(tmp_path / "none.dataset")
    (tmp_path / "other.dataset").mkdir()
    (tmp_path / "other.dataset" / "a.txt").write_text("")
    with pytest.raises(DatasetError, match="no data set: it has no manifest"):
        penchant.open_dataset(tmp_path / "other.dataset")
