"""Compressed files that expand to very much are refused before they fill the disk."""

from __future__ import annotations

import gzip
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

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


def test_the_message_names_the_argument_that_helps(tmp_path: Path) -> None:
    path = bomb(tmp_path / "log.csv.gz")
    with pytest.raises(DataError, match=r"log\.csv\.gz expands to more than") as caught:
        penchant.read_interactions(path)
    factor = re.search(r"allow more: max_expansion=(\d+)$", str(caught.value))
    assert factor is not None
    assert penchant.read_interactions(path, max_expansion=int(factor[1])).nnz == 1


@pytest.mark.parametrize("reader", ["read_events", "read_catalog", "read_features"])
@pytest.mark.parametrize("name", ["table.csv.gz", "table.jsonl.gz"])
def test_every_reader_has_the_limit_and_the_argument(
    reader: str, name: str, tmp_path: Path
) -> None:
    line = b"a,b,c\n" if ".csv" in name else b'{"user":"a","item":"b","event":"c"}\n'
    with gzip.open(tmp_path / name, "wb") as file:
        file.write(b"user,item,event\n" if ".csv" in name else b"")
        file.write(line * (BYTES // len(line)))
    arguments: dict[str, object] = {"read_events": {"event": "event"}}.get(reader, {"item": "item"})
    read = getattr(penchant, reader)
    with pytest.raises(DataError, match=r"expands to more than .*max_expansion=\d+"):
        read(tmp_path / name, **arguments)
    read(tmp_path / name, **arguments, max_expansion=10_000)


def test_the_command_line_names_its_option(tmp_path: Path) -> None:
    words = ["fit", bomb(tmp_path / "log.csv.gz"), "--model", "popularity"]
    words += ["-o", tmp_path / "m.penchant"]
    ran = run(*words)
    assert ran.code != 0
    option = re.search(r"allow more: --max-expansion (\d+)", " ".join(ran.err.split()))
    assert option is not None
    assert run(*words, "--max-expansion", option[1]).code == 0


def test_the_option_of_the_command_line_is_for_catalogs_too(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item\nx,a\ny,a\n")
    with gzip.open(tmp_path / "names.csv.gz", "wb") as file:
        file.write(b"item,name\n" + b"a,b\n" * (BYTES // 4))
    words = ["fit", tmp_path / "log.csv", "--model", "popularity", "-o", tmp_path / "m.penchant"]
    words += ["--catalog", tmp_path / "names.csv.gz"]
    refused = run(*words)
    assert "--max-expansion" in refused.err
    assert refused.code != 0
    assert run(*words, "--max-expansion", "10000").code == 0


@pytest.mark.parametrize("factor", [0, 0.5, float("inf"), "many"])
def test_the_factor_is_a_number_of_1_or_more(factor: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="max_expansion must be"):
        penchant.read_interactions(bomb(tmp_path / "log.csv.gz"), max_expansion=factor)


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
    with pytest.raises(DataError, match=r"expands to more than .* unpack it yourself"):
        unpack(archive, ["plays.csv"], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


def test_ordinary_ratios_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x" * 100_000)
    expansion_of_file = Expansion(file)
    expansion_of_file.add(199 * 100_000)
    with pytest.raises(DataError, match="200 times its size"):
        expansion_of_file.add(2 * 100_000)
