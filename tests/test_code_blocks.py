"""The Python code of the README and the manual is run, and its models rank better than popularity.

A model counts if a block fits it, or leaves it in a variable. Whatever data it was fitted on, it is
fitted again on a part of them, with its own settings, and measured on the rest: three likes of each
user, which no model has seen, since the code may have learned from all likes.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.conftest import run as run_command

import penchant
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.models.base import Model
from penchant.tuning.published import read_grid_log

ROOT = Path(__file__).resolve().parents[1]
PAGES = [Path("README.md"), *(path.relative_to(ROOT) for path in (ROOT / "docs").glob("*.md"))]
WITH_BLOCKS = {
    page.name for page in PAGES if "\n```python\n" in (ROOT / page).read_text(encoding="utf-8")
}
RUN_ELSEWHERE = {"postgresql.md"}  # tests/smoke/test_postgres_page.py
NOT_MEASURED = {
    "add-a-data-set.md": "it reads a data set, and has no model",
    "cluster-tutorial.md": "its commands fit the model",
    "data.md": "it makes a matrix of three likes, and has no model",
    "data-sets-on-disk.md": "it shows how a data set is opened, and has no model",
    "ids.md": "its three likes show how ids are looked up; nothing can be held out of them",
    "plots.md": "it draws the results of a tuning run, and has no model",
    "serving-data.md": "it reads a database, and has no model",
}


@dataclass
class Run:
    """What the blocks of a page left: their variables, and each model with the data it is for."""

    page: str
    names: dict[str, Any]
    models: list[tuple[Model, Interactions]] = field(default_factory=list)

    def exec(self, code: str) -> None:
        """Run code of the page; note the models that it leaves in variables."""
        exec(compile(code, self.page, "exec"), self.names)
        for model in [value for value in self.names.values() if isinstance(value, Model)]:
            self.note(model, model._interactions or self.names["likes"])

    def note(self, model: Model, data: Interactions) -> None:
        """Note the settings of a model, and the data; the same settings once."""
        if isinstance(model, penchant.Popularity):
            return
        if not any(_same(model, other) for other, _ in self.models):
            self.models.append((model.with_settings(), data))


def _same(model: Model, other: Model) -> bool:
    if isinstance(model, penchant.Content) and model.vectors is not other.vectors:
        return False
    return type(model) is type(other) and model.settings == other.settings


def fit_noted(fit: Any, run: Run) -> Any:
    """A model's ``fit`` that notes calls by a block of a page; those by the library it does not."""

    def noted(self: Model, interactions: Any, *arguments: Any, **options: Any) -> Model:
        if sys._getframe(1).f_code.co_filename == run.page:
            run.note(self, interactions)
        fitted: Model = fit(self, interactions, *arguments, **options)
        return fitted

    return noted


def blocks_of(page: str) -> list[str]:
    path = ROOT / (page if page == "README.md" else f"docs/{page}")
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that prepares the run of a page in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def begun(page: str, **names: Any) -> Run:
        run = Run(page, names)
        for kind in penchant.models.kinds():
            cls = penchant.models.class_of(kind)
            monkeypatch.setattr(cls, "fit", fit_noted(cls.fit, run))
        return run

    return begun


@pytest.fixture
def ran(begin: Any) -> Any:
    """Return a function that runs the blocks of a page."""

    def run_page(page: str, **names: Any) -> Run:
        run: Run = begin(page, **names)
        for block in blocks_of(page):
            run.exec(block)
        return run

    return run_page


def output_of(page: str, source: str) -> str:
    """Return the output that a page shows, after the comment that names what prints it."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    pattern = rf"<!-- output of (?:the )?{source} -->\n```text\n(.*?)^```"
    match = re.search(pattern, text, flags=re.MULTILINE | re.DOTALL)
    assert match is not None, source
    return match[1]


def assert_alike(printed: str, shown: str) -> None:
    """Check that outputs agree but for the last digits of numbers, which depend on the machine."""
    texts = [re.sub(r"\d+\.\d+ s$", "… s", text, flags=re.MULTILINE) for text in (printed, shown)]
    for ours, theirs in zip(*(text.split() for text in texts), strict=True):
        if re.fullmatch(r"[±-]?\d+\.\d+", ours):
            assert float(ours.strip("±")) == pytest.approx(float(theirs.strip("±")), abs=0.0021)
        else:
            assert ours == theirs


def ndcg(model: Model, split: penchant.split.Split) -> float:
    fitted = model.with_settings().fit(split.train)
    return float(penchant.evaluate(fitted, split, k=10, metrics=["ndcg"], bootstrap=0)["ndcg@10"])


def check_models(run: Run, n: int) -> None:
    """Check that a page has n models, and that each ranks better than popularity does."""
    assert len(run.models) == n, run.models
    for model, data in run.models:
        split = penchant.split.leave_k_out(data, k=3, seed=11)
        assert split.test.nnz >= 500
        assert ndcg(model, split) > ndcg(penchant.Popularity(), split), (run.page, model)


def shapes(n_items: int, n_users: int) -> Interactions:
    return penchant.datasets.shapes(n_items=n_items, n_users=n_users)


def write_shapes() -> None:
    """Write the built-in catalog in the form of the articles' files, in the working folder."""
    data = shapes(200, 400)
    catalog = data.catalog
    assert catalog is not None
    pairs = zip(data.csr.row_of_entry, data.csr.indices, strict=True)
    likes = [f"{data.items[column]}|{data.users[row]}" for row, column in pairs]
    models = [f"{catalog.name(item)}|{item}" for item in data.items]
    for name, lines in (("likes", ["mid|uid", *likes]), ("models", ["modelname|mid", *models])):
        Path(f"{name}.psv").write_text("\n".join(lines) + "\n", encoding="utf-8")


# --- the pages --------------------------------------------------------------------------


def test_every_page_with_code_is_run_here() -> None:
    tests = Path(__file__).read_text(encoding="utf-8").split("\ndef test_")
    measured: dict[str, bool] = {}
    for test in tests:
        for _, page in re.findall(r'\b(ran|begin)\(\s*"([\w.-]+)"', test):
            measured[page] = "check_models(" in test
    assert len(WITH_BLOCKS) >= 13
    assert set(measured) == (WITH_BLOCKS | {"articles.md"}) - RUN_ELSEWHERE
    assert {page for page in measured if not measured[page]} == set(NOT_MEASURED)


def test_the_readme(real_data, ran) -> None:
    for name in ("user_artists.dat", "artists.dat"):
        shutil.copy(real_data(f"lastfm-2k/{name}"), name)
    run = ran("README.md")
    assert Path("artists.penchant").exists()
    check_models(run, 1)


def test_the_front_page_shows_what_its_code_prints(ran, capsys) -> None:
    run = ran("index.md")
    assert_alike(capsys.readouterr().out, output_of("index.md", "Python code"))
    check_models(run, 1)


def test_the_front_page_shows_what_its_commands_print(real_data, tmp_path, monkeypatch) -> None:
    for name in ("user_artists.dat", "artists.dat"):
        shutil.copy(real_data(f"lastfm-2k/{name}"), tmp_path)
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    commands = re.findall(r"^penchant ((?:fit|similar) .*)$", page, flags=re.MULTILINE)
    printed = [run_command(*shlex.split(words)).out for words in commands]
    assert_alike(printed[1], output_of("index.md", "penchant similar"))


def test_the_page_on_which_model(ran, capsys) -> None:
    check_models(ran("which-model.md"), 3)
    assert "to the best" in capsys.readouterr().out


def test_the_page_on_other_libraries(begin) -> None:
    data = shapes(200, 400)
    matrix = data.to_scipy()
    tags = penchant.Features.of_tags(data.catalog).aligned(data.items).to_scipy()
    frame = data.to_pandas()[["user", "item"]]
    frame["user"] = "u" + data.users.codes(frame["user"]).astype(str)
    frame["item"] = "i" + data.items.codes(frame["item"]).astype(str)
    frame.assign(plays=2).to_parquet("plays.parquet")
    ratings = frame.assign(rating=np.where(np.arange(len(frame)) % 9, 5, 2))
    run = begin("coming-from.md", user_items=matrix, ratings=ratings, item_features=tags)
    for block in blocks_of("coming-from.md"):
        run.exec(block)
    assert Path("top.parquet").exists()
    check_models(run, 4)


def test_the_page_on_production(ran) -> None:
    data = shapes(200, 400).to_pandas()
    data.rename(columns={"user": "uid", "item": "mid"}).to_csv("likes.csv", index=False)
    run = ran("production.md")
    assert Path("shop.penchant").exists()
    check_models(run, 1)


def test_the_page_on_performance(ran) -> None:
    run = ran("performance.md")
    assert Path("top.parquet").exists()
    check_models(run, 1)


def test_the_guide(begin, capsys) -> None:
    write_shapes()
    run = begin("guide.md")
    page = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    pattern = r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?"
    blocks = re.findall(pattern, page, flags=re.MULTILINE | re.DOTALL)
    assert [code for code, _ in blocks] == blocks_of("guide.md")
    for code, shown in blocks:
        run.exec(code)
        printed = capsys.readouterr().out
        if "print(" in code:
            assert_alike(printed, shown)
    check_models(run, 1)


def test_the_page_on_features(ran) -> None:
    check_models(ran("features.md"), 1)


def test_the_page_on_content(ran, capsys) -> None:
    pytest.importorskip("sklearn")
    run = ran("content.md")
    assert "300 of 300" in capsys.readouterr().out
    check_models(run, 3)


def test_the_page_on_training_beyond_memory(ran) -> None:
    run = ran("beyond-one-machine.md")
    assert Path("likes.training").exists()
    check_models(run, 2)


def test_the_page_on_a_cluster(begin, capsys) -> None:
    pytest.importorskip("distributed")
    run = begin("cluster-tutorial.md")
    page = (ROOT / "docs" / "cluster-tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(python|sh)\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert [code for kind, code in blocks if kind == "python"] == blocks_of("cluster-tutorial.md")
    commands = 0
    for kind, code in blocks:
        if kind == "python":
            run.exec(code)
            continue
        for line in re.findall(r"^penchant (.*)$", code, flags=re.MULTILINE):
            ran = run_command(*shlex.split(line))
            assert ran.code == 0, ran.err
            commands += 1
    assert commands == 6
    assert re.search(r"2000 │ +6000 ", capsys.readouterr().out)
    model = penchant.load("likes.penchant")
    expected = model.recommend(list(model.users), 3).to_dicts()
    rows = run.names["top"].order("user, rank").fetchall()
    key = sorted((row["user"], row["rank"], row["item"]) for row in expected)
    assert [row[:3] for row in rows] == key
    assert all(Path(to, "_manifest.json").exists() for to in ("similar", "new", "factors"))


def test_the_page_on_blends(ran, capsys) -> None:
    run = ran("blend.md")
    assert "for user new-user, by popular" in capsys.readouterr().out
    assert run.names["answer"].sources == ["als + near", "popular"]
    assert run.names["best"].recommend(run.names["likes"].users[0], k=3)
    check_models(run, 2)


def test_the_page_on_choosing_settings(ran, capsys) -> None:
    run = ran("tuning.md")
    told = capsys.readouterr().out
    assert "epochs |    p@5 train |" in told
    assert "12 trials" in told
    assert "took no part in tuning" in told
    check_models(run, 3)


def test_the_page_on_models(ran) -> None:
    data = shapes(300, 600)
    features = penchant.Features.of_tags(data.catalog)
    users = IdMap([str(number) for number in range(data.n_users)], "user")
    likes = Interactions(data.csr, users, data.items, catalog=data.catalog)
    days = np.random.default_rng(0).integers(0, 100, likes.nnz) * 86_400
    timed = replace(likes, timestamps=days)
    names = {"likes": likes, "timed": timed, "catalog": data.catalog, "features": features}
    names |= {"user": "2", "item": data.items[3], "other": data.items[8]}
    check_models(ran("models.md", penchant=penchant, **names), 8)


def test_the_lines_beside_the_articles(begin, capsys) -> None:
    write_shapes()
    page = (ROOT / "docs" / "articles.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\|.*\| `(.*)` \|$", page, flags=re.MULTILINE)
    assert len(lines) >= 25
    run = begin("articles.md", penchant=penchant)
    for line in lines:
        if "user" not in run.names and "likes" in run.names:
            likes = run.names["likes"]
            run.names |= {"user": likes.users[3], "item": likes.items[5]}
        run.exec(line.replace("\\|", "|"))
    assert run.names["html"]
    assert 0 <= run.names["mse"] <= 1
    assert "before" in capsys.readouterr().out
    check_models(run, 4)


def test_the_page_on_measuring(ran, capsys) -> None:
    likes = shapes(200, 400).threshold(5, 5)
    split = penchant.split.leave_k_out(likes)
    model = penchant.ALS(factors=8, iterations=2).fit(split.train)
    run = ran("measuring.md", penchant=penchant, likes=likes, split=split, model=model)
    assert "recall@20" in capsys.readouterr().out
    assert set(run.names["figures"]) == {"train", "test"}
    check_models(run, 1)


def test_the_page_on_pictures(real_data, ran) -> None:
    pytest.importorskip("plotly")
    log = real_data("sketchfab/wrmf_gridsearch.log")
    shutil.copy(log, ".")
    ran("plots.md", result=read_grid_log(log))
    assert Path("alpha-factors.png").exists()
    assert Path("traces.html").exists()


def test_the_page_on_reading(ran) -> None:
    assert ran("data.md").names["again"].n_users == 2


def test_the_page_on_data_sets_on_disk(ran) -> None:
    plays = "user,artist,plays\nann,Emma,3\nbo,Emma,1\nann,Air,2\n"
    Path("plays.csv").write_text(plays, encoding="utf-8")
    log = "user,item,what,at\nann,x,view,0\nann,x,buy,2592000\nbo,y,skip,9\n"
    Path("log.csv").write_text(log, encoding="utf-8")
    names = ran("data-sets-on-disk.md").names
    assert names["largest"] == 3
    assert names["events"].history("ann") == {"x": 5.5}


def test_the_page_on_ids(ran) -> None:
    assert ran("ids.md").names["answer"].ids == ["mug"]


def test_the_page_on_stores(begin) -> None:
    with closing(sqlite3.connect("shop.db")) as con:
        con.execute("CREATE TABLE likes (customer TEXT, product TEXT)")
        con.executemany("INSERT INTO likes VALUES (?, ?)", [("ann", "mug"), ("bo", "cup")])
        con.commit()
    run = begin("serving-data.md", penchant=penchant)
    for block in blocks_of("serving-data.md"):
        run.exec("read = " + block.replace("postgresql://me@host/shop", "sqlite:///shop.db"))
    assert run.names["read"].nnz == 2


def test_the_page_on_new_data_sets(ran) -> None:
    rows = "\n".join(f"{user},{book},{1 + book}" for user, book in np.ndindex(3, 4))
    Path("ratings.csv").write_text(f"user_id,book_id,rating\n{rows}\n", encoding="utf-8")
    Path("books.csv").write_text("book_id,title\n0,Emma\n1,Ulysses\n", encoding="utf-8")
    books = ran("add-a-data-set.md", penchant=penchant).names["read_books"](Path())
    assert (books.n_users, books.n_items, books.name) == (3, 4, "books")
    assert books.catalog.name("1") == "Ulysses"
