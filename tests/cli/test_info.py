"""``penchant info``: what a model file holds, from its head alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant


def test_it_tells_settings_data_training_and_arrays(model_file: Path) -> None:
    ran = run("info", model_file)
    assert ran.code == 0
    for word in ("als", "factors", "random", "60 users", "5 epochs", "item_factors", "40 × 8"):
        assert word in ran.out


def test_json(model_file: Path) -> None:
    told = run("info", model_file, "--json").json
    assert told["model"] == "als"
    assert told["settings"]["factors"] == 8
    assert told["bytes"] == model_file.stat().st_size


def test_figures_that_were_saved(model_file: Path, tmp_path: Path) -> None:
    model = penchant.load(model_file)
    figures = {
        "ndcg@10": {"mean": 0.25, "interval": [0.2, 0.3]},
        "auc": {"mean": None, "interval": None},
    }
    ran = run("info", model.save(tmp_path / "x.penchant", metrics={"metrics": figures}))
    assert "0.2000 … 0.3000" in ran.out
    assert "0.2500" in ran.out
    assert "mine" in run("info", model.save(tmp_path / "y.penchant", metrics={"mine": 3})).out


def test_no_array_is_read(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penchant._files.artifact.read", None)
    assert run("info", model_file).code == 0


def test_a_data_set(log_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "plays.dataset"
    run("ingest", log_file, "-o", target)
    ran = run("info", target, "--check")
    assert ran.code == 0, ran.err
    for word in ("data set 'plays'", "all checksums match", "users.indptr", "rows of plays.csv"):
        assert word in ran.out
    told = run("info", target, "--json").json
    assert (told["users"]["n"], told["items"]["ids"]) == (60, "text")
    (values,) = target.glob("data-*/items.values")
    values.write_bytes(values.read_bytes()[:-1] + b"x")
    ran = run("info", target, "--check")
    assert ran.code == 1
    assert "items.values" in ran.err


def test_a_model_file_is_checked(model_file: Path, tmp_path: Path) -> None:
    assert "all checksums match" in run("info", model_file, "--check").out
    raw = bytearray(model_file.read_bytes())
    raw[-1] ^= 1
    (tmp_path / "m.penchant").write_bytes(raw)
    assert run("info", tmp_path / "m.penchant").code == 0
    assert run("info", tmp_path / "m.penchant", "--check").code == 1
