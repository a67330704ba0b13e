"""``penchant tune`` and ``penchant learning-curve``."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant

SHORT = ("--epochs", 4, "--every", 2, "--hold-out", 2, "--min-likes", 3)


def test_a_grid_ends_with_its_best_and_a_word_on_the_final_split(
    log_file: Path, tmp_path: Path
) -> None:
    storage = tmp_path / "s.db"
    words = ("tune", log_file, "--grid", "factors=2,4", "--grid", "alpha=1,5", *SHORT)
    ran = run(*words, "--storage", storage)
    assert ran.code == 0, ran.err
    for word in (
        "4 trials",
        "best settings",
        "defaults",
        "never saw",
        "penchant fit",
        "--iterations",
    ):
        assert word in ran.out
    again = run(*words, "--storage", storage, "--json").json
    assert len(again["trials"]) == 4
    assert [row["epoch"] for row in again["trials"][0]["curve"]] == [2, 4]
    assert again["settings"]["iterations"] in (2, 4)
    assert set(again["final"]) == {"best settings", "defaults"}


def test_a_search_can_end_with_a_model(log_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "best.penchant"
    ran = run(
        *("tune", log_file, "--range", "alpha=0.5..50:log", "--trials", 3, "--factors", 3),
        *("--folds", 2, "--storage", tmp_path / "s.db", "-o", path, *SHORT, "--json"),
    )
    assert ran.code == 0, ran.err
    assert ran.json["about"]["sampler"] == "tpe"
    assert len(ran.json["about"]["splits"]) == 2
    model = penchant.load(path)
    assert model.settings["alpha"] == ran.json["settings"]["alpha"]
    assert model.settings["factors"] == 3
    assert model.interactions.n_users == 60


def test_models_without_epochs(log_file: Path, tmp_path: Path) -> None:
    ran = run(
        *("tune", log_file, "--model", "item-neighbors", "--grid", "similarity=cosine,tfidf"),
        *("--grid", "neighbors=5,20", "--no-final", "--storage", tmp_path / "s.db", "--json"),
    )
    assert ran.code == 0, ran.err
    assert ran.json["final"] is None
    assert {one["epoch"] for one in ran.json["trials"]} == {1}


def test_another_search_in_the_same_file_is_refused_unless_begun_afresh(
    log_file: Path, tmp_path: Path
) -> None:
    words = ("tune", log_file, "--storage", tmp_path / "s.db", "--no-final", *SHORT)
    assert run(*words, "--grid", "factors=2").code == 0
    ran = run(*words, "--grid", "factors=3")
    assert (ran.code, "space is" in ran.err, "--fresh" in ran.err) == (2, True, True)
    assert run(*words, "--grid", "factors=3", "--fresh").code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--alpha", "3"], "a model and its settings are selected: leave out --alpha"),
        (["--half-life", "3"], "a model and its settings are selected: leave out --half-life"),
        (["--model", "als"], "leave out --model"),
        (["--sampler", "grid", "--trials", "3"], "leave out --sampler, --trials"),
        (["--timeout", "9", "--also", "recall"], "leave out --timeout, --also"),
        (["--folds", "1", "--no-final"], "leave out --folds, --no-final"),
        (["--no-prune"], "leave out --no-prune"),
        (["--epochs", "38", "--every", "2", "--patience", "1"], "--epochs, --every, --patience"),
        (["--models", "als", "--grid", "factors=2"], "leave out --grid"),
        (["--models", "als", "--range", "factors"], "leave out --range"),
        (["--grid", "factors=2", "--budget", "3 min"], "leave out --budget"),
        (
            ["--model", "ease", "--grid", "regularization=2", "--epochs", "2", "--prune"],
            "ease is not trained in epochs: leave out --epochs, --prune",
        ),
        (["--models", "alz"], "unknown model 'alz'"),
        (["--models", "popularity", "--budget", "soon"], "must be a time such as '10 min'"),
        (["--report", "r.html"], "leave out --report"),
        (["--grid", "factors"], "NAME=VALUE"),
        (["--grid", "factor=2"], "did you mean 'factors'"),
        (["--grid", "factors=2,2"], "a value twice"),
        (["--grid", "factors=2", "--factors", "3"], "named twice"),
        (["--range", "alpha=1"], "no range"),
        (["--range", "alpha=5..1"], "from low to high"),
        (["--range", "alpha=0..1:log"], "start above 0"),
        (["--range", "alpha=1..2", "--sampler", "grid"], "needs lists"),
        (["--grid", "factors=2", "--metric", "coverage"], "neither a higher nor a lower"),
        (["--grid", "factors=2", "--storage", "/nowhere/s.db"], "there is no folder /nowhere"),
        (["--grid", "factors=2", "--folds", "2", "--split", "temporal"], "--folds"),
        (["--grid", "factors=2", "--iterations", "3"], "every trial is a learning curve"),
    ],
)
def test_what_can_not_be_searched(
    log_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("tune", log_file, "--hold-out", 1, *words)
    assert ran.code == 2, ran.err
    assert told in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_learning_curve_is_the_articles_table(log_file: Path) -> None:
    words = ("learning-curve", log_file, "--factors", 4, *SHORT)
    ran = run(*words)
    assert ran.code == 0, ran.err
    assert "epochs |    p@5 train |     p@5 test |    mse train |     mse test" in ran.out
    assert "best precision@5 on test" in ran.out
    told = run(*words, "--metric", "ndcg", "--json").json
    assert [row["epoch"] for row in told["rows"]] == [2, 4]
    assert list(told["rows"][0]["train"]) == ["ndcg@10"]


def test_without_a_grid_families_are_compared(log_file: Path, tmp_path: Path) -> None:
    path, words = tmp_path / "m.penchant", ("--storage", tmp_path / "t.db", "--hold-out", 1)
    few = ("--models", "popularity,pure-svd", "--budget", "10 min")
    ran = run("tune", log_file, *few, *words, "-o", path)
    assert ran.code == 0
    for told in ("popularity", "pure-svd", "settings tried in", "on the test part", "wrote"):
        assert told in ran.out
    assert penchant.load(path).metrics["metrics"]["ndcg@10"]["mean"] >= 0
    again = run("tune", log_file, *few, *words, "--json").json
    assert again["chosen"] in {"popularity", "pure-svd", "blend"}
    assert {row["kind"] for row in again["families"]} >= {"popularity", "pure-svd"}
    assert "chosen model" in again["final"]
