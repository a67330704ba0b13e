"""The examples run, and the tables of the README and the manual are what is measured.

Their code is run in ``test_code_blocks.py``, their commands in ``smoke/test_examples.py``.
"""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import penchant
from penchant.tuning.published import read_grid_log

ROOT = Path(__file__).resolve().parents[1]


def test_what_looks_alike_is_alike(capsys) -> None:
    pytest.importorskip("sklearn")
    found = runpy.run_path(str(ROOT / "examples" / "visual.py"))["main"](items=200, users=400)
    color, form, _ = found["by pictures: Content"]
    assert color > 5 * found["at random"][0]
    assert form > 4 * found["at random"][1]
    assert "at random" in capsys.readouterr().out


def test_new_items_are_recommended_by_their_features() -> None:
    example = runpy.run_path(str(ROOT / "examples" / "cold_items.py"))
    data = penchant.datasets.shapes(n_items=300, n_users=800).threshold(5, 5)
    data = data.with_item_features(penchant.Features.of_tags(data.catalog).normalized("l2"))
    settings = {"alpha": 10.0, "regularization": 30.0}
    pictures = penchant.images.embed(data.catalog).features
    found = dict(example["cold"](data, settings, pictures))
    assert found["Content, pictures"]["auc"] > 0.6
    for others in ("at random", "Popularity", "popularity of features"):
        for one in ("HybridALS", "Ranking", "Content, features"):
            assert found[one].intervals["ndcg@10"][0] > 2 * found[others]["ndcg"], (one, others)
    known = dict(example["warm"](data, settings))
    for one, plain in (("HybridALS", "ALS"), ("Ranking", "Ranking without features")):
        assert known[one].intervals["ndcg@10"][1] > known[plain]["ndcg"]


def test_the_grid_of_the_sketchfab_article(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    example = runpy.run_path(str(ROOT / "examples" / "sketchfab_grid.py"))
    likes = example["drawn"](users=300, items=400, likes=6000)
    space = {"alpha": [1.0, 50.0], "factors": [8], "regularization": [0.0, 0.1]}
    for _ in range(2):  # the second time there is nothing left to do
        found = example["main"](likes, space=space, epochs=[1, 2])
    assert len(found.trials) == 4
    assert "about 0.0 min left; best so far" in capsys.readouterr().out
    assert Path("sketchfab_grid.html").exists()
    published = example["GRID"]
    assert (
        len(published["alpha"]) * len(published["factors"]) * len(published["regularization"])
        == 180
    )


def test_the_published_grid_is_drawn_beside_ours(real_data, tmp_path, monkeypatch) -> None:
    log = real_data("sketchfab/wrmf_gridsearch.log")
    monkeypatch.chdir(tmp_path)
    example = runpy.run_path(str(ROOT / "examples" / "sketchfab_grid.py"))
    example["beside"](str(log), read_grid_log(log))
    assert Path("sketchfab_grid.png").stat().st_size > 10_000


def test_the_table_of_models_is_measured_row_by_row(real_data, tmp_path) -> None:
    folder = real_data("ml-1m/ratings.parquet").parent
    script = str(ROOT / "examples" / "movielens_models.py")
    done = subprocess.run(
        [sys.executable, script, str(folder), "--only", "Popularity", "--output", "page.md"],
        capture_output=True, text=True, cwd=tmp_path, check=True,
    )  # fmt: skip
    row = re.compile(r"^\| Popularity \| defaults \| 0\.\d+ \(", flags=re.MULTILINE)
    assert row.search(done.stdout)
    assert row.search((tmp_path / "page.md").read_text(encoding="utf-8"))


def test_a_new_table_takes_the_place_of_the_old_one(tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples")
    put = runpy.run_path(str(ROOT / "examples" / "movielens_models.py"))["put"]
    page = tmp_path / "page.md"
    page.write_text("# before\n\n", encoding="utf-8")
    put(page, "| one |")
    page.write_text(page.read_text(encoding="utf-8") + "\nafter\n", encoding="utf-8")
    put(page, r"| two \1 |")
    text = page.read_text(encoding="utf-8")
    assert (text.count("one"), text.count(r"| two \1 |")) == (0, 1)
    assert text.startswith("# before\n")
    assert text.endswith("\nafter\n")


def test_the_page_of_models_has_a_row_for_every_model() -> None:
    page = (ROOT / "docs" / "models-compared.md").read_text(encoding="utf-8")
    for kind in penchant.models.kinds():
        name = penchant.models.class_of(kind).__name__
        assert re.search(rf"^\| {name}\b", page, flags=re.MULTILINE), name


def test_the_page_on_models_lists_every_model() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    for kind in penchant.models.kinds():
        name = penchant.models.class_of(kind).__name__
        assert f"| {{class}}`penchant.{name}` |" in page


def test_the_lastfm_article_replays(real_data, capsys) -> None:
    folder = real_data("lastfm-2k/user_artists.dat").parent
    runpy.run_path(str(ROOT / "examples" / "article_lastfm.py"))["main"](str(folder))
    told = capsys.readouterr().out
    assert "People who play Radiohead also play" in told
    assert "What user 2 may like" in told


def test_the_readmes_table_is_what_is_measured(real_data, capsys) -> None:
    folder = real_data("ml-1m/ratings.parquet").parent
    found = runpy.run_path(str(ROOT / "examples" / "movielens_1m.py"))["main"](str(folder))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)`.*? \| (0\.\d+) \|", readme, flags=re.MULTILINE))
    assert len(rows) == len(found) == 8
    for name, ndcg in found.items():
        written = float(rows[name.replace("'", '"')])
        assert ndcg == pytest.approx(written, abs=0.0011), name  # the last digit may round
    assert found["ALS(factors=64, regularization=30)"] >= 0.20
