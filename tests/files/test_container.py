"""The container of arrays: layout, checksums, hostile files and atomic replacement."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penchant._files import container
from penchant.errors import ArtifactError, CorruptArtifactError, DataError, NewerFormatError

DTYPES = ["float32", "float64", "int32", "int64", "uint8", "bool"]
ARRAYS = {
    "flags": np.array([True, False, True]),
    "bytes": np.arange(7, dtype=np.uint8),
    "factors": np.linspace(0, 1, 12, dtype=np.float32).reshape(4, 3),
    "counts": np.array([3, 1, 2], dtype=np.int64),
}
MANIFEST = {"model": "als", "settings": {"factors": 3, "regularization": [0.1, 0.2]}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "x.penchant"
    container.write(target, ARRAYS, MANIFEST)
    return target


def rewrite(path: Path, header: object, data: bytes = b"") -> None:
    """Return a file with another header, with the right digest where possible."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    if container._BLANK.encode() in text:
        digest = container._header_digest(text).encode()
        text = text.replace(container._BLANK.encode(), digest, 1)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def signed(table: dict[str, object], **changes: object) -> dict[str, object]:
    metadata = {
        "format": "penchant 1",
        "header_sha256": container._BLANK,
        "arrays_sha256": "",
        "manifest": "{}",
    }
    return {"__metadata__": metadata | changes, **table}


# --- round trips ------------------------------------------------------------------------


def test_what_is_written_is_read(path: Path) -> None:
    arrays, manifest = container.read(path)
    assert manifest == MANIFEST
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


@given(
    st.dictionaries(
        st.text(max_size=8).filter(lambda name: name != "__metadata__"),
        st.sampled_from(DTYPES).flatmap(
            lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
        ),
        max_size=6,
    )
)
def test_any_arrays_survive(tmp_path_factory: pytest.TempPathFactory, arrays: dict) -> None:
    target = tmp_path_factory.mktemp("c") / "x.penchant"
    container.write(target, arrays, {})
    found, _ = container.read(target)
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype)
        np.testing.assert_array_equal(found[name], array)
        assert found[name].ctypes.data % array.dtype.itemsize == 0 or not array.size


def test_arrays_are_mapped_read_only_and_aligned(path: Path) -> None:
    arrays, _ = container.read(path)
    for array in arrays.values():
        assert not array.flags.writeable
        assert array.ctypes.data % array.itemsize == 0
        base = array
        while not isinstance(base, np.memmap):
            base = base.base
        assert Path(base.filename) == path


def test_arrays_can_be_read_into_memory(path: Path) -> None:
    arrays, _ = container.read(path, mmap=False)
    path.unlink()
    np.testing.assert_array_equal(arrays["factors"], ARRAYS["factors"])
    assert not arrays["factors"].flags.writeable


def test_other_byte_and_axis_orders_are_converted(tmp_path: Path) -> None:
    array = np.arange(6, dtype=">i4").reshape(2, 3).T
    container.write(tmp_path / "x", {"a": array}, {})
    found = container.read(tmp_path / "x")[0]["a"]
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.int32


def test_any_safetensors_reader_opens_it(path: Path) -> None:
    from safetensors.numpy import load_file

    for name, array in load_file(path).items():
        np.testing.assert_array_equal(array, ARRAYS[name])


def test_numpy_numbers_in_the_manifest_become_plain(tmp_path: Path) -> None:
    container.write(tmp_path / "x", {}, {"n": np.int64(3), "x": np.float32(0.5), "b": np.True_})
    assert container.read(tmp_path / "x")[1] == {"n": 3, "x": 0.5, "b": True}


# --- what can't be written --------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "complex64", "uint32", "O", "U3"])
def test_other_dtypes_are_refused(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(DataError, match="float32"):
        container.write(tmp_path / "x", {"a": np.zeros(2, dtype=dtype)}, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}, {"a": [b"x"]}])
def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(DataError, match="plain JSON"):
        container.write(tmp_path / "x", {}, {"value": value})
    assert not list(tmp_path.iterdir())


def test_a_huge_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="into arrays"):
        container.write(tmp_path / "x", {}, {"value": "x" * (16 * 2**20)})


def test_paths_that_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="No such file or directory"):
        container.write(tmp_path / "nowhere" / "x", ARRAYS, {})
    with pytest.raises(ArtifactError, match="is a folder"):
        container.write(tmp_path, ARRAYS, {})
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ArtifactError, match="not a regular file"):
        container.write(pipe, ARRAYS, {})
    assert pipe.is_fifo()


# --- whole or not at all ----------------------------------------------------------------


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_failure_leaves_only_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    before = path.read_bytes()

    def fail(handle: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((KeyboardInterrupt, ArtifactError)):
        container.write(path, {"a": np.zeros(1000)}, {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_model_can_replace_the_file_it_is_mapped_from(path: Path) -> None:
    arrays, manifest = container.read(path)
    container.write(path, {"factors": arrays["factors"]}, manifest)
    np.testing.assert_array_equal(arrays["factors"], ARRAYS["factors"])
    assert list(container.read(path)[0]) == ["factors"]
    assert list(path.parent.iterdir()) == [path]


def test_a_symbolic_link_stays_one(path: Path) -> None:
    link = path.with_name("latest.penchant")
    link.symlink_to(path.name)
    container.write(link, {}, {"new": True})
    assert link.is_symlink()
    assert container.read(path)[1] == {"new": True}


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        container.write(tmp_path / "x", {}, {})
        with container.replacing(tmp_path / "report") as file:
            file.write(b"public")
    finally:
        os.umask(old)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o644


def test_a_replaced_file_keeps_its_permissions(path: Path) -> None:
    path.chmod(0o640)
    container.write(path, {}, {})
    assert path.stat().st_mode & 0o777 == 0o640


# --- what is refused --------------------------------------------------------------------


def test_any_altered_byte_is_found(path: Path) -> None:
    whole = path.read_bytes()
    for at in range(len(whole)):
        for flip in (0x01, 0x80):
            altered = bytearray(whole)
            altered[at] ^= flip
            path.write_bytes(altered)
            with pytest.raises(ArtifactError):
                container.read(path, mmap=False)


def test_any_truncation_is_found_without_checksums(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptArtifactError):
            container.read(path, verify=False)


def test_bytes_at_the_end_are_found(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(CorruptArtifactError, match=r"bytes, .* are there"):
        container.read(path, verify=False)


def test_an_unverified_read_still_verifies_the_header(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'factors\\":3', b'factors\\":4'))
    with pytest.raises(CorruptArtifactError, match="header"):
        container.read(path, verify=False)


def test_a_newer_format_is_named(path: Path) -> None:
    rewrite(path, signed({}, format="penchant 2"))
    with pytest.raises(NewerFormatError, match=r"format 2.*reads up to 1.*upgrade"):
        container.read(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no model file"):
        container.read(tmp_path / "missing")
    with pytest.raises(ArtifactError, match="is a folder"):
        container.read(tmp_path)
    with pytest.raises(ArtifactError, match="not a regular file"):
        container.read("/dev/null")
    (tmp_path / "text").write_text("user,item\n" * 100)
    with pytest.raises(ArtifactError, match="not a penchant model"):
        container.read(tmp_path / "text")
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3)}, tmp_path / "plain")
    with pytest.raises(ArtifactError, match="not a penchant model"):
        container.read(tmp_path / "plain")


def entry(dtype: str = "U8", shape: object = (4,), offsets: object = (0, 4)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    "table",
    [
        {"a": entry(shape=(2**62,))},
        {"a": entry(shape=(2**40, 2**40))},
        {"a": entry(shape=(-4,))},
        {"a": entry(shape=(4.0,))},
        {"a": entry(shape=(True,) * 4)},
        {"a": entry(shape="four")},
        {"a": entry(shape=(1,) * 40 + (4,))},
        {"a": entry(dtype="F16", shape=(2,))},
        {"a": entry(dtype=["U8"])},
        {"a": entry(offsets=(0, 4, 4))},
        {"a": entry(offsets=(0, 400), shape=(400,))},
        {"a": entry(offsets=(1, 5))},
        {"a": entry(), "b": entry()},
        {"a": entry(dtype="BOOL")},
        {"a": entry(), "b": entry(shape=(0, 2**61, 2**61), offsets=(4, 4))},
        {"a": entry(shape=(2,), offsets=(0, 2)), "b": entry("F32", (1,), (2, 6))},
        {"a": None},
        {"a": 3},
        {},
    ],
)
def test_hostile_tables_are_refused(path: Path, table: dict[str, object]) -> None:
    rewrite(path, signed(table), data=b"abcd")
    with pytest.raises(CorruptArtifactError):
        container.read(path, verify=False)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b"[" * 200_000,
        b'{"__metadata__": 1}',
        b'{"__metadata__": {"format": 1}}',
        b'{"__metadata__": {"format": "penchant one"}}',
        b'{"__metadata__": {"format": "penchant ' + b"9" * 5000 + b'"}}',
        b'{"__metadata__": {"format": "penchant 1"}}',
        b'{"__metadata__": {"format": "penchant 1", "header_sha256": ""}}',
        b'{"__metadata__": {"format": "penchant 1", "header_sha256": "\\ud800"}}',
        b'{"\xff": 1}',
        json.dumps(signed({}, manifest="[" * 200_000)).encode(),
        json.dumps(signed({}, manifest="[]")).encode(),
        json.dumps(signed({}, manifest=3)).encode(),
        json.dumps(signed({}, arrays_sha256=None)).encode(),
    ],
    ids=lambda header: header[:60].decode("latin-1"),
)
def test_hostile_headers_are_refused(path: Path, header: bytes) -> None:
    rewrite(path, header)
    with pytest.raises(CorruptArtifactError):
        container.read(path)


@pytest.mark.parametrize("length", [2**64 - 1, 2**63, 2**40, 2**24 + 1, 0, 1])
def test_hostile_lengths_allocate_nothing(path: Path, length: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(length.to_bytes(8, "little") + whole[8:])
    with pytest.raises(CorruptArtifactError):
        container.read(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    target = tmp_path_factory.mktemp("junk") / "x"
    target.write_bytes(junk)
    with pytest.raises(ArtifactError):
        container.read(target)
