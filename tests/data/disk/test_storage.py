"""Files of a data set, read into memory that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from penchant.data.disk.storage import Storage, storage_of
from penchant.errors import DatasetError

pytest.importorskip("fsspec")


@pytest.fixture(params=["path", "address"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    (tmp_path / "numbers").write_bytes(bytes(range(10)))
    return storage_of(tmp_path if request.param == "path" else f"local://{tmp_path}")


@pytest.mark.parametrize(
    ("begin", "room", "expected"), [(0, 10, range(10)), (3, 4, range(3, 7)), (8, 4, (8, 9))]
)
def test_bytes_are_read_into_memory(storage: Storage, begin: int, room: int, expected) -> None:
    out = bytearray(b"\xff" * room)
    count = storage.read_into("numbers", memoryview(out), begin)
    assert count == len(expected)
    assert bytes(out) == bytes(expected) + b"\xff" * (room - count)
    assert bytes(out[:count]) == storage.read("numbers", begin, begin + room)


def test_a_file_that_is_missing_is_named(storage: Storage) -> None:
    with pytest.raises(DatasetError, match=r"can't read .*none"):
        storage.read_into("none", memoryview(bytearray(2)))
