"""Folders of lists in object stores, and by the processes of a real cluster."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import fsspec
import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.data.disk.test_object_store import bucket, server  # noqa: F401 — fixtures
from tests.engines.serial import SerialExecutor
from tests.models.test_lists import expected, rows_of

import penchant
from penchant import ALS, split
from penchant.engines.cluster.engine import Cluster
from penchant.errors import DataError
from penchant.models._lists import tasks

DATA = random_interactions(60, 40, seed=3)


@pytest.fixture(scope="module")
def model() -> ALS:
    return ALS(factors=4, iterations=2).fit(DATA)


def fetched(address: str, to: Path) -> Path:
    fs, path = fsspec.core.url_to_fs(address)
    fs.invalidate_cache()
    for name in fs.ls(path, detail=False):
        fs.get_file(name, str(to / name.rpartition("/")[2]))
    return to


@pytest.mark.parametrize("where", ["s3", "memory"])
def test_a_run_in_an_object_store(where, model: ALS, request, tmp_path, monkeypatch) -> None:
    at = request.getfixturevalue("bucket") if where == "s3" else f"memory://{tmp_path.name}"
    address, computed, write_part = f"{at}/top", [], tasks.write_part

    def failing(storage, number, *more):
        computed.append(number)
        if len(computed) == 3:
            raise DataError("the network is gone")
        return write_part(storage, number, *more)

    monkeypatch.setattr(tasks, "write_part", failing)
    options = {"engine": Cluster(SerialExecutor()), "per_file": 17}
    with pytest.raises(DataError, match="the network is gone"):
        model.recommend_all(3, to=address, **options)
    (tmp_path / "part").mkdir()
    names = {path.name for path in fetched(address, tmp_path / "part").iterdir()}
    assert {"part-00000.parquet", "part-00001.parquet"} <= names
    assert "_manifest.json" not in names
    assert model.recommend_all(3, to=address, **options) == address
    assert computed == [0, 1, 2, 2, 3]
    (tmp_path / "whole").mkdir()
    whole = fetched(address, tmp_path / "whole")
    files = json.loads((whole / "_manifest.json").read_text())["files"]
    assert {path.name for path in whole.iterdir()} == {
        "_manifest.json", *(file["name"] for file in files)
    }  # fmt: skip
    assert rows_of(whole) == expected(model.recommend(list(model.users), 3))
    model.recommend_all(2, to=address, **options)  # replaces it
    (tmp_path / "next").mkdir()
    assert rows_of(fetched(address, tmp_path / "next")) == (
        expected(model.recommend(list(model.users), 2))
    )


@pytest.mark.parametrize("n_workers", [1, 2])
def test_processes_of_a_cluster(n_workers, model: ALS, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    parts = split.random_fraction(DATA, 0.3, seed=1)
    fitted = ALS(factors=4, iterations=2).fit(parts.train)
    options = {"n_workers": n_workers, "threads_per_worker": 2, "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        engine = penchant.engines.Dask(client, folder=tmp_path)
        top, near, factors = (f"{tmp_path}/{name}/" for name in ("top", "near", "factors"))
        model.recommend_all(3, to=top, engine=engine, per_file=7)
        model.similar_all(3, to=near, engine=engine, per_file=7)
        model.fold_in_all(DATA, to=factors, engine=engine, per_file=7)
        there = penchant.evaluate(fitted, parts, engine=engine)
        engine.close()
    assert rows_of(top) == expected(model.recommend(list(model.users), 3))
    assert rows_of(near) == expected(model.similar_items(list(model.items), 3))
    with duckdb.connect() as con:
        rows = con.execute("FROM read_parquet(?)", [f"{factors}part-*.parquet"]).fetchall()
    found = np.array([row for _, row in rows], np.float32)
    np.testing.assert_array_equal(found, model.fold_in_users(DATA))
    assert there.figures == penchant.evaluate(fitted, parts).figures
