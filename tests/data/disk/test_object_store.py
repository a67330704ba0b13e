"""Sources and data sets in an object store: moto's S3 server, and fsspec's memory."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import run
from tests.data.disk.logs import COLUMNS, assert_equal, write_log

import penchant
from penchant.data.disk import merging
from penchant.data.disk import target as place
from penchant.data.disk.describe import check
from penchant.errors import DataError, DatasetError, MissingExtraError


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    threaded = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    threaded.start()
    yield f"http://127.0.0.1:{port}"
    threaded.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The address of an empty bucket."""
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PENCHANT_CACHE": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    fs = s3fs.S3FileSystem()
    fs.mkdir("likes")
    yield "s3://likes"
    fs.rm("likes", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def put(address: str, path: Path) -> None:
    import fsspec

    fs, there = fsspec.core.url_to_fs(address)
    fs.put_file(str(path), there)


def test_from_s3_to_s3(bucket: str, tmp_path: Path) -> None:
    for seed in (1, 2):
        path = write_log(tmp_path, seed=seed).rename(tmp_path / f"part{seed}.csv")
        put(f"{bucket}/logs/{path.name}", path)
    read = penchant.read_interactions(str(tmp_path / "part*.csv"), **COLUMNS)
    address = f"{bucket}/models/plays.dataset"
    stored = penchant.ingest(f"{bucket}/logs/part*.csv", address, **COLUMNS)
    cache = tmp_path / "cache"
    check(address)  # by range reads
    assert stored.blocks is not None
    assert sum(part.nnz for _, part in stored.blocks.users) == read.nnz
    assert not cache.exists()
    assert_equal(stored, read)
    assert cache.exists()
    local = penchant.ingest(f"{bucket}/logs/part1.csv", tmp_path / "x.dataset", **COLUMNS)
    assert_equal(local, penchant.read_interactions(tmp_path / "part1.csv", **COLUMNS))


def test_the_commands(bucket: str, tmp_path: Path) -> None:
    address = f"{bucket}/plays.dataset"
    ran = run("ingest", write_log(tmp_path), "-o", address)
    assert ran.code == 0, ran.err
    told = run("info", address, "--check", "--json")
    assert told.json["checked"] is True, told.err
    ran = run("fit", address, "--model", "popularity", "-o", tmp_path / "m.penchant")
    assert ran.code == 0, ran.err


def test_an_interrupted_upload_is_incomplete(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, address = write_log(tmp_path), f"{bucket}/plays.dataset"
    with monkeypatch.context() as patched:
        patched.setattr(place._RemoteTarget, "remove_unused", lambda self: None)
        patched.setattr(place, "to_json", lambda manifest: {}["killed"])
        with pytest.raises(DatasetError, match="can't write"):
            penchant.ingest(log, address, **COLUMNS)
    with pytest.raises(DatasetError, match="is incomplete"):
        penchant.open_dataset(address)
    stored = penchant.ingest(log, address, **COLUMNS)
    assert_equal(stored, penchant.read_interactions(log, **COLUMNS))
    write_log(tmp_path, seed=9)
    penchant.ingest(log, address, **COLUMNS)
    names = penchant.data.disk.storage.storage_of(address).sizes()
    assert len([name for name in names if name.startswith("data-")]) == 1


def test_files_of_parquet_in_pieces(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in range(3):
        log = write_log(tmp_path, 300, seed=part)
        file = tmp_path / f"{part}.parquet"
        columns = "user, item, value, time" if part % 2 else "time, item, value, user"
        duckdb.execute(f"COPY (SELECT {columns} FROM read_csv('{log}')) TO '{file}'")
        put(f"{bucket}/pieces/{part}.parquet", file)
    monkeypatch.setattr("penchant.data.disk.pieces.PIECE_BYTES", 1)
    stored = penchant.ingest(f"{bucket}/pieces/*.parquet", tmp_path / "x.dataset", **COLUMNS)
    assert_equal(stored, penchant.read_interactions(str(tmp_path / "*.parquet"), **COLUMNS))


def test_an_interrupted_ingest_continues_if_the_objects_are_the_same(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log, address = write_log(tmp_path), f"{bucket}/interrupted.csv"
    settings = {**COLUMNS, "temp_folder": tmp_path, "name": "plays"}
    put(address, log)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def interrupt() -> None:
        with monkeypatch.context() as patched:
            patched.setattr("penchant.data.disk.merging.merge", interrupted)
            with pytest.raises(KeyboardInterrupt):
                penchant.ingest(address, f"{bucket}/x.dataset", **settings)

    steps: list[str] = []
    interrupt()
    penchant.ingest(address, f"{bucket}/x.dataset", **settings,
                    on_progress=lambda share, what: steps.append(what))  # fmt: skip
    assert steps[0] == "continuing the ingest that was interrupted"
    interrupt()
    n_bytes = log.stat().st_size
    log.write_text(log.read_text().replace("u1,", "u2,"))
    assert log.stat().st_size == n_bytes
    put(address, log)
    stored = penchant.ingest(address, f"{bucket}/x.dataset", **settings)
    assert "one that has changed since" in caplog.text
    assert list(stored.users) == list(penchant.read_interactions(log, **COLUMNS).users)
    assert list(tmp_path.glob("penchant-*")) == []


def test_what_is_not_there(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        penchant.open_dataset(f"{bucket}/none.dataset")
    with pytest.raises(DataError, match="there is no file"):
        penchant.ingest(f"{bucket}/none-*.csv", tmp_path / "x.dataset")
    with pytest.raises(DataError):
        penchant.ingest("s3://no-bucket/a.csv", tmp_path / "x.dataset")
    assert not (tmp_path / "x.dataset").exists()


def test_a_lack_of_memory_is_not_one_of_the_source(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise duckdb.OutOfMemoryException("too much")

    put(f"{bucket}/plays.csv", write_log(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(merging, "count_cells", fail)
        with pytest.raises(DataError, match="reading needs more than memory_limit='1GB': raise it"):
            penchant.ingest(f"{bucket}/plays.csv", tmp_path / "x.dataset", **COLUMNS)
    penchant.ingest(f"{bucket}/plays.csv", tmp_path / "x.dataset", **COLUMNS)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gcsfs", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'penchant\[gcs\]'"):
        penchant.open_dataset("gs://bucket/x.dataset")


def test_a_file_address(tmp_path: Path) -> None:
    log = write_log(tmp_path)
    stored = penchant.ingest(log, (tmp_path / "x.dataset").as_uri(), **COLUMNS)
    assert_equal(stored, penchant.read_interactions(log, **COLUMNS))
    assert (tmp_path / "x.dataset" / "manifest.json").exists()
