"""``penchant evaluate``: models side by side on held-out likes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run


def test_models_and_baselines_side_by_side(log_file: Path) -> None:
    ran = run("evaluate", log_file, "--factors", 4, "--iterations", 2, "--hold-out", 2)
    assert ran.code == 0, ran.err
    for word in ("ndcg@10", "popularity", "item-neighbors", "als", "±", "leave-k-out (k=2"):
        assert word in ran.out


def test_json_holds_every_figure(log_file: Path) -> None:
    told = run(
        *("evaluate", log_file, "--no-baselines", "-k", 5, "--metric", "ndcg", "--metric", "auc"),
        *("--model", "als:factors=2", "--model", "als:factors=6", "--iterations", 2),
        *("--split", "fraction", "--share", 0.3, "--split-seed", 7, "--json"),
    ).json
    assert told["split"] == {
        "kind": "random_fraction",
        "test": 0.3,
        "per_user": False,
        "seed": 7,
    }
    assert list(told["models"]) == ["als:factors=2", "als:factors=6"]
    for spec, factors in (("als:factors=2", 2), ("als:factors=6", 6)):
        one = told["models"][spec]
        assert (one["settings"]["factors"], one["settings"]["iterations"]) == (factors, 2)
        assert list(one["evaluation"]["metrics"]) == ["ndcg@5", "auc"]


@pytest.mark.parametrize(
    "words",
    [
        ["--split", "held-out-users", "--share", "0.2", "--fold-in", "0.5"],
        ["--split", "leave-k-out", "--share", "0.5", "--min-likes", "4", "--hold-out", "1"],
    ],
)
def test_other_splits(log_file: Path, words: list[str]) -> None:
    ran = run("evaluate", log_file, "--model", "popularity", "--no-baselines", *words)
    assert ran.code == 0, ran.err


def test_the_past_and_what_came_later(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = [f"u{n % 7},i{n % 11},{n}" for n in range(77)]
    log.write_text("\n".join(["user,item,time", *rows]) + "\n", encoding="utf-8")
    words = ("--user", "user", "--item", "item", "--timestamp", "time", "--split", "temporal")
    ran = run("evaluate", log, *words, "--at", 60, "--model", "popularity", "--no-baselines")
    assert ran.code == 0, ran.err
    assert "60 for training, 17 held out" in ran.out


def test_new_items_and_users_known_by_their_features(log_file: Path, tmp_path: Path) -> None:
    tags = tmp_path / "tags.csv"
    rows = [f"i{n:04d},t{n % 4}" for n in range(40)] + [f"u{n:04d},t{n % 4}" for n in range(60)]
    tags.write_text("\n".join(["id,tag", *rows]) + "\n", encoding="utf-8")
    words = ("evaluate", log_file, "--no-baselines", "--metric", "ndcg", "--iterations", 2)
    for side, options in (("item", ("--candidates", "all")), ("user", ("--min-likes", 2))):
        told = run(
            *words,
            *("--split", f"cold-{side}s", "--share", 0.2, *options, "--model", "hybrid-als"),
            *(f"--{side}-features", tags, f"--{side}-features-id", "id"),
            *(f"--{side}-features-name", "tag", "--json"),
        ).json
        assert told["split"]["kind"] == f"cold_{side}s"
        assert told["split"]["fraction"] == 0.2
        figure = told["models"]["hybrid-als"]["evaluation"]["metrics"]["ndcg@10"]["mean"]
        assert 0 < figure <= 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--split", "fraction", "--hold-out", "2"], 2, "--hold-out does not go with"),
        (["--split", "cold-users", "--candidates", "all"], 2, "--candidates does not go with"),
        (["--split", "cold-items", "--fold-in", "0.5"], 2, "--fold-in does not go with"),
        (["--split", "temporal"], 1, "no timestamps"),
        (["--metric", "ndgc"], 2, "did you mean 'ndcg'"),
        (["--hold-out", "100"], 1, "have 200 likes or more"),
        (["--model", "popularity", "--no-baselines", "--factors", "3"], 2, "no setting 'factors'"),
        (["--split", "sideways"], 2, "sideways"),
        (["--split", "leave-last-out"], 1, "no timestamps"),
        (["--split", "leave-last-out", "--share", "0.2"], 2, "--share does not go with"),
        (["--protocol", "sideways"], 2, "sideways"),
        (["--protocol", "ncf"], 1, "or use another --protocol"),
        (["--protocol", "lightgcn", "--split", "leave-k-out"], 2, "leave out --split"),
        (["--protocol", "global-temporal", "--split-seed", "0"], 2, "leave out --split-seed"),
        (["--protocol", "lightgcn", "-k", "10"], 2, "leave out -k"),
        (["--metric", "auc", "--metric", "ndcg@5", "-k", "10"], 2, "leave out -k"),
        (["--split", "temporal", "--split-seed", "1"], 2, "leave out --split-seed"),
        (["--split", "temporal", "--at", "1", "--share", "0.1"], 2, "leave out --share"),
        (["--item-features", "tags.csv"], 2, "have no effect on popularity and item-neighbors"),
        (
            ["--protocol", "lightgcn", "--share", "0.2"],
            2,
            "--protocol defines the split: leave out --share",
        ),
    ],
)
def test_what_can_not_be_measured(log_file: Path, words: list[str], code: int, told: str) -> None:
    ran = run("evaluate", log_file, *words)
    assert ran.code == code
    assert told in ran.err


def test_errors_of_splits_name_options(log_file: Path) -> None:
    ran = run("evaluate", log_file, "--hold-out", 100)
    assert ran.code == 1
    assert "hold out fewer, or lower --min-likes" in ran.err
    ran = run("evaluate", log_file, "--split", "temporal")
    assert "(--timestamp COLUMN)" in ran.err


def test_a_protocol_has_its_own_split_and_metrics(log_file: Path) -> None:
    words = ("evaluate", log_file, "--model", "popularity", "--no-baselines", "--json")
    told = run(*words, "--protocol", "lightgcn", "--split-seed", 4).json
    assert told["split"] == {"kind": "lightgcn", "test": 0.2, "seed": 4}
    assert list(told["models"]["popularity"]["evaluation"]["metrics"]) == ["recall@20", "ndcg@20"]


def test_the_last_like_of_each_user(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = [f"u{n % 7},i{(n * n) % 151},{n}" for n in range(140)]
    log.write_text("\n".join(["user,item,time", *rows]) + "\n", encoding="utf-8")
    words = ("evaluate", log, "--user", "user", "--item", "item", "--timestamp", "time")
    words = (*words, "--model", "popularity", "--no-baselines")
    ran = run(*words, "--split", "leave-last-out", "--hold-out", 2)
    assert "leave-last-out (k=2, min_interactions=3, seed=0)" in ran.out
    ran = run(*words, "--protocol", "leave-last-out")
    assert "hit_rate@10" in ran.out
    ran = run(*words, "--protocol", "ncf")
    assert ran.code == 1
    assert "99 negatives were asked for" in ran.err
    assert "use another --protocol" in ran.err
