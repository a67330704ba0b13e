"""``penchant recommend --all --cluster``: folders that the processes of a cluster write."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import run

import penchant


def test_processes_of_a_cluster_write_the_lists_of_all_users(
    model_file: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    to = f"{tmp_path}/top/"
    ran = run("recommend", model_file, "--all", "-o", to, "-k", 3, "--cluster", "local:2")
    assert ran.code == 0, ran.err
    loaded = penchant.load(model_file)
    assert f"for each of {len(loaded.users):,} users to {tmp_path}/top" in " ".join(ran.out.split())
    with duckdb.connect() as con:
        found = con.execute("FROM read_parquet(?)", [f"{to}part-*.parquet"]).fetchall()
    expected = loaded.recommend(list(loaded.users), 3).to_dicts()
    assert [row[:3] for row in found] == [tuple(row.values())[:3] for row in expected]


def test_a_file_is_not_written_by_a_cluster(model_file: Path) -> None:
    ran = run("recommend", model_file, "--all", "--to", "x.parquet", "--cluster", "local:2")
    assert ran.code == 2
    assert "--to top10/" in " ".join(ran.err.split())
