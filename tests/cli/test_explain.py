"""``penchant explain``: contributions that add up to a score."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant


def test_contributions_add_up(model_file: Path) -> None:
    told = run("explain", model_file, "u0003", "radiohead", "--json").json
    score = penchant.load(model_file).scores("u0003", ["i0000"])[0]
    assert told["score"] == pytest.approx(float(score), abs=1e-5)
    assert sum(one["contribution"] for one in told["because"]) == pytest.approx(told["score"])


def test_a_table_for_people(model_file: Path) -> None:
    ran = run("explain", model_file, "u0003", "i0000", "-k", 1)
    assert ran.code == 0
    for word in ("why Radiohead for user u0003", "… and", "the score"):
        assert word in ran.out


def test_unknown_ids_and_models_that_can_not_explain(model_file: Path, tmp_path: Path) -> None:
    assert run("explain", model_file, "u9", "i0000").code == 1
    assert run("explain", model_file, "u0003", "i9999").code == 1
    path = tmp_path / "x.penchant"
    penchant.Popularity().fit(penchant.load(model_file).interactions).save(path)
    ran = run("explain", path, "u0003", "i0000")
    assert (ran.code, "does not explain" in ran.err) == (1, True)
