"""Compressed files that expand to very much are refused before they fill the disk."""

from __future__ import annotations

import gzip
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant
from penchant.data import expansion
from penchant.data.datasets.archives import unpack
from penchant.data.expansion import Expansion
from penchant.errors import DataError, SettingsError

BYTES = 8 << 20


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "FREE", 1 << 20)
    monkeypatch.delenv("PENCHANT_MAX_EXPANSION", raising=False)


def bomb(path: Path) -> Path:
    """A log whose lines are alike: a thousandth of its size once it is compressed."""
    line = b"user,item\n"
    with gzip.open(path, "wb") as file:
        file.write(line + b"a,b\n" * (BYTES // 4))
    assert path.stat().st_size < BYTES / 300
    return path


def zstd_bomb(path: Path) -> Path:
    zstd = pytest.importorskip("zstandard")
    path.write_bytes(zstd.ZstdCompressor().compress(b"user,item\n" + b"a,b\n" * (BYTES // 4)))
    return path


@pytest.mark.parametrize(("make", "name"), [(bomb, "log.csv.gz"), (zstd_bomb, "log.csv.zst")])
def test_a_log_that_expands_to_too_much_is_refused(make, name: str, tmp_path: Path) -> None:
    path = make(tmp_path / name)
    with pytest.raises(DataError, match=r"expands to more than 2 MB|expands to more than 1 MB"):
        penchant.read_interactions(path)


@pytest.mark.parametrize("place", ["python", "command line"])
def test_the_message_names_the_factor_that_helps(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(tmp_path / "log.csv.gz")
    if place == "python":
        with pytest.raises(DataError) as caught:
            penchant.read_interactions(path)
        message = str(caught.value)
    else:
        ran = run("fit", path, "-o", tmp_path / "m.penchant")
        assert ran.code != 0
        message = " ".join(ran.err.split())
    assert "log.csv.gz expands to more than" in message
    factor = re.search(
        r"environment variable PENCHANT_MAX_EXPANSION to a factor above (\d+)", message
    )
    assert factor is not None
    monkeypatch.setenv("PENCHANT_MAX_EXPANSION", str(10 * int(factor[1])))
    assert penchant.read_interactions(path).nnz == 1


def test_the_limit_can_be_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bomb(tmp_path / "log.csv.gz")
    monkeypatch.setenv("PENCHANT_MAX_EXPANSION", "5000")
    assert penchant.read_interactions(path).nnz == 1
    monkeypatch.setenv("PENCHANT_MAX_EXPANSION", "many")
    with pytest.raises(SettingsError, match="PENCHANT_MAX_EXPANSION must be a number"):
        penchant.read_interactions(path)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_that_expands_to_too_much_leaves_nothing(kind: str, tmp_path: Path) -> None:
    archive, plain = tmp_path / f"data.{kind}", tmp_path / "plays.csv"
    plain.write_bytes(b"0" * BYTES)
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.write(plain, "plays.csv")
    else:
        with tarfile.open(archive, "w:gz") as tape:
            tape.add(plain, "plays.csv")
    plain.unlink()
    with pytest.raises(DataError, match="expands to more than"):
        unpack(archive, ["plays.csv"], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


def test_ordinary_ratios_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x" * 100_000)
    expansion_of_file = Expansion(file)
    expansion_of_file.add(199 * 100_000)
    with pytest.raises(DataError, match="200 times its size"):
        expansion_of_file.add(2 * 100_000)
