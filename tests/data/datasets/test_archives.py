"""Archives: the files asked for, and nothing anywhere else."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from penchant.data.datasets.archives import is_archive, unpack
from penchant.errors import DataError


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, body in files.items():
            bundle.writestr(name, body)
    return path


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tape:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tape.addfile(info, io.BytesIO(body))
    return path


@pytest.fixture(params=["zip", "tar.gz"])
def pack(request: pytest.FixtureRequest, tmp_path: Path):
    make = zipped if request.param == "zip" else tarred
    return lambda files: make(tmp_path / f"a.{request.param}", files)


def test_the_wanted_files_and_only_those(pack, tmp_path: Path) -> None:
    archive = pack({"top/a.dat": b"a", "top/deep/a.dat": b"no", "top/b.dat": b"b", "c.dat": b"c"})
    assert is_archive(archive)
    assert unpack(archive, ["a.dat", "c.dat", "d.dat"], tmp_path / "out") == ["a.dat", "c.dat"]
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {
        "a.dat": b"a",
        "c.dat": b"c",
    }


@pytest.mark.parametrize("name", ["../../evil.dat", "/abs/evil.dat", "a/../../evil.dat"])
def test_paths_that_lead_out_stay_inside(pack, tmp_path: Path, name: str) -> None:
    archive = pack({name: b"evil"})
    out = tmp_path / "one" / "two" / "out"
    unpack(archive, ["evil.dat"], out)
    assert [p.relative_to(tmp_path) for p in tmp_path.rglob("evil.dat")] == [
        Path("one/two/out/evil.dat")
    ]


def test_links_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tape:
        link = tarfile.TarInfo("a.dat")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tape.addfile(link)
    assert unpack(path, ["a.dat"], tmp_path / "out") == []


def test_a_broken_archive_leaves_nothing(pack, tmp_path: Path) -> None:
    archive = pack({"a.dat": os.urandom(50_000), "b.dat": os.urandom(50_000)})
    whole = archive.read_bytes()
    for broken in (whole[:60_000], b"", b"hello", whole[:40_000] + b"\0" * 100 + whole[40_100:]):
        archive.write_bytes(broken)
        with pytest.raises(DataError, match=r"a\.(zip|tar)"):
            unpack(archive, ["a.dat", "b.dat"], tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == [archive.name]
