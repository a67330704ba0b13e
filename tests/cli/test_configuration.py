"""Options from penchant.toml or --config: defaults that the command line overrides."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant

FIT = ("fit", "plays.csv", "-o", "m.penchant")


@pytest.fixture
def folder(tmp_path: Path, log_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plays.csv").write_bytes(log_file.read_bytes())
    return tmp_path


def settings(folder: Path) -> dict[str, object]:
    return dict(penchant.load(folder / "m.penchant").settings)


def test_the_file_of_the_folder_holds_defaults(folder: Path) -> None:
    (folder / "penchant.toml").write_text(
        'data.user = "user"\ndata.item = 1\n'
        "[fit]\nfactors = 4\niterations = 2\nregularization = '0.1/0.2'\nmin-per-user = 2\n"
    )
    ran = run(*FIT)
    assert ran.code == 0, ran.err
    words = "--user user --item 1 --min-per-user 2"
    assert f"penchant: options from penchant.toml: {words}" in ran.err
    assert "--factors 4" in ran.err
    assert ran.err.count("\n") == 1
    assert settings(folder)["factors"] == 4
    assert settings(folder)["regularization"] == (0.1, 0.2)
    assert run(*FIT, "--factors", 3).code == 0
    assert settings(folder)["factors"] == 3
    assert "--factors" not in run(*FIT, "--factors", 3).err


def test_another_file_or_none(folder: Path) -> None:
    (folder / "penchant.toml").write_text("[fit]\nfactors = 4\n")
    (folder / "other.toml").write_text("[fit]\nfactors = 5\niterations = 1\n")
    assert run(*FIT, "--config", "other.toml").code == 0
    assert settings(folder)["factors"] == 5
    ran = run(*FIT, "--config", "none", "--iterations", 1)
    assert settings(folder)["factors"] == 256
    assert ran.err == ""


def test_switches_lists_and_subcommands(folder: Path) -> None:
    (folder / "penchant.toml").write_text(
        '[evaluate]\nbaselines = false\nmetric = ["ndcg", "recall"]\nhold_out = 2\n'
        "model = 'popularity'\n[datasets.fetch]\npath = 'nowhere'\n"
    )
    ran = run("evaluate", "plays.csv")
    assert ran.code == 0, ran.err
    assert "--no-baselines" in ran.err
    assert "--metric ndcg --metric recall" in ran.err
    assert "recall@10" in ran.out
    assert "item-neighbors" not in ran.out
    assert "--path nowhere" in run("datasets", "fetch", "lastfm-2k").err


def test_quiet_commands_say_nothing_of_it(folder: Path) -> None:
    (folder / "penchant.toml").write_text("[fit]\nfactors = 4\n")
    assert run(*FIT, "--quiet").err == ""


def test_it_says_which_options_of_a_file_have_no_effect(folder: Path) -> None:
    text = "data.sep = 'comma'\n[fit]\niterations = 1\nbudget = '5 min'\nlink = 'user'\n"
    (folder / "penchant.toml").write_text(text)
    ran = run(*FIT)
    assert ran.code == 0, ran.err
    assert "add --auto: without effect is --budget of penchant.toml" in ran.err
    assert "they need --catalog: without effect is --link of penchant.toml" in ran.err
    assert "--sep of" not in ran.err
    penchant.ingest(folder / "plays.csv", folder / "plays.dataset")
    ran = run("fit", "plays.dataset", "-o", "m.penchant")
    assert "read already: without effect is --sep of penchant.toml" in ran.err
    assert run(*FIT, "--quiet").err == ""
    typed = run(*FIT, "--budget", "1 min")
    assert (typed.code, "leave out --budget" in typed.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit]\nfactor = 3", "penchant.toml: [fit] there is no option 'factor' (did you mean 'fa"),
        ("[fti]\nfactors = 3", "penchant.toml: [fti] is no command (did you mean 'fit'?)"),
        ("[data]\nusr = 3", "[data] there is no option 'usr' (did you mean 'user'?)"),
        ("[data]\nfactors = 3", "[data] there is no option 'factors'"),
        ("factors = 3", "factors is in no table: write it under [fit]"),
        ("[fit]\nevaluate = 3", "[fit] evaluate must be true or false, got 3"),
        ("[fit]\nfactors = [3]", "[fit] factors must be a text or a number, got [3]"),
        ("[fit]\nfactors = 0", "--factors must be 1 or more, got 0"),
        ("[fit]\nfactors = 'x'", "--factors must be a whole number"),
        ("[fit", "can't read penchant.toml"),
        ("[fit]\nconfig = 'x'", "there is no option 'config'"),
    ],
)
def test_what_is_wrong_in_a_file(folder: Path, text: str, message: str) -> None:
    (folder / "penchant.toml").write_text(text)
    ran = run(*FIT)
    assert ran.code == 2
    assert message in ran.err
    assert not (folder / "m.penchant").exists()
    assert run("fit", "--help").code == 0


def test_a_file_that_is_not_there(folder: Path) -> None:
    ran = run(*FIT, "--config", "nowhere.toml")
    assert ran.code == 2
    assert "--config: can't read nowhere.toml: No such file" in ran.err


def test_secrets_are_not_shown(folder: Path, model_file: Path) -> None:
    (folder / "penchant.toml").write_text(
        "[serve]\ntoken = 'secret'\nworkers = 0\ndb = 'postgresql://me:word@host/x'\n"
    )
    assert "secret" not in run("serve", model_file).err
    (folder / "penchant.toml").write_text("[export]\ndb = 'postgresql://me:word@host/x'\n")
    assert "word" not in run("export", model_file, "--to", "x.nonsense").err
