"""Options without effect are refused, by their names, before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run

FIT = ("fit", "LOG", "-o", "NEW")


@pytest.mark.parametrize(
    ("words", "useless"),
    [
        ((*FIT, "--auto", "--evaluate"), "--evaluate"),
        ((*FIT, "--auto", "--model", "als"), "--model"),
        ((*FIT, "--auto", "--model", "ease", "--factors", "3"), "--model, --factors"),
        ((*FIT, "--auto", "--half-life", "3"), "--half-life"),
        ((*FIT, "--budget", "10 min"), "--budget"),
        ((*FIT, "--item-features", "tags.csv"), "--item-features"),
        ((*FIT, "--model", "content", "--user-features", "a.csv"), "--user-features"),
        ((*FIT, "--features-at-least", "1", "--features-norm", "l2"), "--features-at-least, "),
        ((*FIT, "--features-sep", ";"), "--features-sep"),
        ((*FIT, "--name", "title", "--catalog-header", "auto"), "--catalog-header"),
        ((*FIT, "--catalog-query", "SELECT 1"), "--catalog-query"),
        (("fit", "lastfm-2k", "--quote", "none"), "--quote"),
        (("fit", "lastfm-2k", "--weight", "a=1", "--header", "yes"), "--header, --weight"),
        (("fit", "lastfm-2k", "--on-bad-lines", "skip"), "--on-bad-lines"),
        (("fit", "x.dataset", "--on-bad-lines", "skip"), "--on-bad-lines"),
        (("fit", "x.dataset", "--max-expansion", "9"), "--max-expansion"),
        (("fit", "sqlite:///x.db", "-o", "NEW", "--query", "q", "--header", "no"), "--header"),
        (("learning-curve", "LOG", "--model", "ease", "--epochs", "2"), "--epochs"),
        (("learning-curve", "LOG", "--iterations", "2"), "--iterations"),
        (("learning-curve", "LOG", "--item-features", "x.csv"), "--item-features"),
        (("recommend", "MODEL", "u0001", "--by-name"), "--by-name"),
        (("export", "MODEL", "--to", "NEW.csv", "--metric", "cosine"), "--metric"),
        (("export", "MODEL", "--to", "NEW.csv", "--table", "best"), "--table"),
        (("export", "MODEL", "--to", "NEW.csv", "--by-name"), "--by-name"),
        (
            ("export", "MODEL", "--to", "NEW.csv", "--what", "similar", "--no-exclude-seen"),
            "--no-exclude-seen",
        ),
        (("update", "MODEL", "-o", "NEW", "--refit", "--iterations", "1"), "--iterations"),
        (("forget", "u0001", "--refit"), "--refit"),
    ],
)
def test_options_without_effect_are_refused(
    words: tuple[str, ...],
    useless: str,
    log_file: Path,
    model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"LOG": log_file, "MODEL": model_file}
    ran = run(*(files.get(word, word) for word in words))
    assert ran.code == 2, ran.err
    assert f": leave out {useless}" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_epochs_of_a_model_that_is_always_fitted_from_the_start(
    log_file: Path, tmp_path: Path
) -> None:
    path, db = tmp_path / "m.penchant", f"sqlite:///{tmp_path / 'store.db'}"
    assert run("fit", log_file, "--model", "popularity", "-o", path).code == 0
    ran = run("update", path, "-o", path, "--db", db, "--iterations", 2)
    assert (ran.code, "leave out --iterations" in ran.err) == (2, True), ran.err


def test_options_from_the_environment_are_not_refused(model_file: Path, tmp_path: Path) -> None:
    words = ("export", model_file, "--to", tmp_path / "x.csv", "--what", "similar", "-k", 2)
    assert run(*words, PENCHANT_DB="sqlite:///nowhere.db").code == 0
    assert "leave out --db" in run(*words, "--db", "sqlite:///nowhere.db").err


def test_the_default_split_can_be_chosen_for_a_selection(log_file: Path, tmp_path: Path) -> None:
    words = ("tune", log_file, "--models", "popularity", "--storage", tmp_path / "t.db", "--json")
    ran = run(*words, "--split", "leave-k-out", "--hold-out", 2, "--min-likes", 3)
    assert ran.json["about"]["final"].startswith("leave-k-out"), ran.err
    assert run(*words).json["about"]["final"].startswith("random-fraction")


@pytest.mark.parametrize("text", [("--sep", ","), ("--header", "yes"), ("--quote", "'")])
def test_options_of_text_do_not_go_with_json_lines(text: tuple[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"user": "a", "item": "x"}\n{"user": "b", "item": "x"}\n', encoding="utf-8")
    ran = run("fit", log, "-o", tmp_path / "m.penchant", *text)
    assert (ran.code, f"leave out {text[0]}" in ran.err) == (2, True), ran.err
