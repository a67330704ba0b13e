"""``penchant demo``: the main job from end to end, on a small world."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.conftest import Ran, run

import penchant
from penchant.cli import demo
from penchant.cli.output import Output
from penchant.data import datasets
from penchant.data.catalog import Catalog
from penchant.demo import page
from penchant.demo.experiment import show_als


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    folder = tmp_path_factory.mktemp("demo") / "out"
    return run("demo", "-o", folder, "--items", 150, "--users", 300, "--json"), folder


def test_als_beats_what_is_popular_on_the_same_split(shown: tuple[Ran, Path]) -> None:
    ran, _ = shown
    assert ran.code == 0, ran.err
    found = ran.json["evaluation"]
    assert list(found) == ["popularity", "item neighbors", "ALS"]
    assert len({one["n_users"] for one in found.values()}) == 1
    ndcg = {name: one["metrics"]["ndcg@10"]["mean"] for name, one in found.items()}
    assert ndcg["ALS"] > 1.5 * ndcg["popularity"]


def test_the_model_answers_and_knows_how_good_it_is(shown: tuple[Ran, Path]) -> None:
    ran, folder = shown
    model = penchant.load(folder / "model.penchant")
    assert model.metrics == ran.json["evaluation"]["ALS"]
    assert len(ran.json["similar"]) == 10
    name = model.catalog and model.catalog.name(model.items[0])
    assert run("similar", folder / "model.penchant", name, "-k", 2).code == 0


def test_the_page_is_complete_and_needs_no_other_files(shown: tuple[Ran, Path]) -> None:
    page = (shown[1] / "report.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    for word in ("data:image/", "item neighbors", "NDCG@10", "<svg", "because you liked"):
        assert word in page
    assert "<script" not in page
    assert 'src="http' not in page


def test_the_other_models_are_there_to_be_served(shown: tuple[Ran, Path]) -> None:
    names = ["hybrid.penchant", "model.penchant", "report.html", "visual.penchant"]
    assert sorted(path.name for path in shown[1].iterdir()) == names
    kinds = {
        name: penchant.load(shown[1] / name).kind for name in names if name.endswith("penchant")
    }
    assert list(kinds.values()) == ["hybrid-als", "als", "content"]


def test_the_page_has_three_rows_for_an_item(shown: tuple[Ran, Path]) -> None:
    page = (shown[1] / "report.html").read_text(encoding="utf-8")
    labels = re.findall(r"<h4>([^<]*)<small>", page)
    assert labels == ["Liked by the same people", "Likes and tags", "Visually similar"] * 3


def test_rows_are_there_only_if_their_models_are() -> None:
    data = datasets.shapes(60, 80)
    bare = Catalog(data.items, names=data.catalog.names)
    out = Output(as_json=True, quiet=True)
    assert demo._fit_others(data.with_catalog(bare), out) == []
    shown = demo._fit_others(data, out)
    assert [other.model.kind for other in shown] == ["hybrid-als", "content"]
    als = penchant.ALS(factors=4, iterations=1).fit(data)
    rows = page.similar_items(data.items[0], [show_als(als)]).rows
    assert [row.label for row in rows] == ["Liked by the same people"]


def test_every_step_is_told_to_people(tmp_path: Path) -> None:
    ran = run("demo", "-o", tmp_path, "--items", 100, "--users", 150)
    assert ran.code == 0, ran.err
    steps = [line for line in ran.out.splitlines() if line.startswith("▸")]
    assert len(steps) == 10
    for word in ("threshold", "held out", "popularity", "they like", "ALS recommends", "the score"):
        assert word in ran.out
    assert "penchant similar" in ran.out
    served = next(line for line in ran.out.splitlines() if "penchant serve" in line)
    assert "--hybrid" in served
    assert "--visual" in served


def test_the_same_seed_makes_the_same_demo(shown: tuple[Ran, Path], tmp_path: Path) -> None:
    again = run("demo", "-o", tmp_path, "--items", 150, "--users", 300, "--json").json
    for part in ("recommendations", "similar"):
        assert again[part] == shown[0].json[part]
