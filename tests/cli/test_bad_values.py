"""A bad value of any option of any command: the message names the option as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import APP, run
from typer.main import get_command

from penchant.models import class_of, kinds

BASES = {
    "fit": "fit LOG -o out.penchant",
    "evaluate": "evaluate LOG --hold-out 2",
    "learning-curve": "learning-curve LOG --epochs 2 --hold-out 2",
    "tune": "tune LOG --grid factors=2,3 --epochs 2 --hold-out 2 --storage tuned.db",
    "recommend": "recommend MODEL u0000",
    "similar": "similar MODEL i0000",
    "fold-in": "fold-in MODEL LOG --to x/",
    "explain": "explain MODEL u0000 i0000",
    "ingest": "ingest sqlite:///none.db --query SELECT -o x.csv",
    "export": "export MODEL --to x.csv",
    "serve": "serve MODEL",
    "update": "update MODEL -o u.penchant",
    "forget": "forget x",
    "demo": "demo",
}
"""Verb → a command line that runs, without the option under test."""

ANY_TEXT = {
    "--tuning-name": "any text names a run",
    "--token": "any text is a token",
    "--allow-host": "any text may be a host name",
    "--category": "checked when the features are read, by another message",
    "--like": "replaces the users of the command line under test",
    "--user-feature": "as --like",
    "--picture-cache": "a folder that is made",
    "demo --output": "a folder that is made",
}
"""Options without a bad value, and why."""

NEEDS = {
    "--weight": "--event count",
    "--time-format": "--user user --item item --timestamp count",
    "--user": "--item item",
    "--item": "--user user",
    "--value": "--user user --item item",
    "--timestamp": "--user user --item item",
    "--budget": "--auto",
    "--table": "--to sqlite:///x.db",
    "--min-rating": "",
    "--memory-limit": "-o x.dataset",
    "--temp-folder": "-o x.dataset",
}
"""Option → others that it goes with."""

BAD = {
    "--since": ["soon"],
    "--output": ["nowhere/x.penchant"],
    "--report": ["nowhere/x.html"],
    "--to": ["nowhere/x.csv", "x.nonsense"],
    "--storage": ["nowhere/x.db"],
    "--checkpoint": ["nowhere/x.checkpoint"],
    "--temp-folder": ["nowhere"],
    "--table": ["a\nb"],
    "--sep": ["nonsense"],
    "--catalog-sep": ["nonsense"],
    "--features-sep": ["nonsense"],
    "--host": ["example.invalid"],
    "--hybrid": ["nowhere.penchant"],
    "--visual": ["nowhere.penchant"],
}
"""Option → its bad values, where they do not follow from its type."""

PYTHON = re.compile(r"(?<![\w.\-:,'])[a-z_]\w*=(?!\d)")


def cases() -> Iterator[tuple[str, str, str, str]]:
    """Yield (verb, other options, option, bad value); options that fit has are tested there."""
    commands = get_command(APP).commands  # type: ignore[attr-defined]
    shared = {param.name for param in commands["fit"].params}
    for verb in BASES:
        for param in commands[verb].params:
            flag = max(param.opts, key=len)
            if (
                not flag.startswith("-")
                or param.is_flag
                or {flag, f"{verb} {flag}"} & set(ANY_TEXT)
            ):
                continue
            if verb != "fit" and param.name in shared and flag not in ("--output", "--model"):
                continue
            for value in bad_values(flag, param.bare_type()):
                yield verb, needs(verb, flag, param.name), flag, value


def bad_values(flag: str, kind: str) -> list[str]:
    if flag in BAD:
        return BAD[flag]
    if "int" in kind:
        return ["many", "-5"]
    return ["much", "-1", "nan"] if "float" in kind else ["nonsense"]


def needs(verb: str, flag: str, name: str) -> str:
    """Return the options that make an option count."""
    if name.startswith("setting_"):
        setting = name.removeprefix("setting_")
        return "--model " + next(k for k in kinds() if setting in class_of(k).settings_names())
    if flag.startswith("--catalog-") or flag in ("--name", "--link", "--picture", "--tags"):
        return "" if flag == "--catalog-query" else "--catalog NAMES"
    if "-features-" in flag:
        side = "user" if flag.startswith("--user") else "item"
        return f"--{side}-features NAMES" + (" --model hybrid-als" if verb == "fit" else "")
    if flag in ("--features-at-least", "--features-norm") or flag.startswith("--features-"):
        return "--item-features NAMES --model hybrid-als"
    return NEEDS.get(flag, "")


@pytest.mark.parametrize(("verb", "others", "flag", "value"), list(cases()))
def test_the_message_names_the_option(
    verb: str,
    others: str,
    flag: str,
    value: str,
    log_file: Path,
    catalog_file: Path,
    model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"LOG": str(log_file), "MODEL": str(model_file), "NAMES": str(catalog_file)}
    words = [files.get(word, word) for word in f"{BASES[verb]} {others}".split()]
    ran = run(*words, f"{flag}={value}")
    assert ran.code in (1, 2), ran.out + ran.err
    line = next(line for line in ran.err.splitlines() if line.startswith("penchant: error: "))
    assert re.search(rf"(?<![\w-]){flag}(?![\w-])", line), line
    assert not PYTHON.search(line), line
    assert "None" not in line
    assert not [file for file in tmp_path.iterdir() if file.suffix in (".penchant", ".csv")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--factors many", "--factors must be a whole number"),
        ("--min-per-user=-1", "--min-per-user must be 0 or more"),
        ("--confidence much", "--confidence: 'much' is not one of 'auto', 'linear', 'log'"),
        ("--facters 3", "there is no option --facters (did you mean"),
        ("--factors", "--factors needs a value"),
        ("--model als:factors=0", "--model 'als:factors=0': factors must be 1 or more"),
        ("--model als:unobserved-share=-1", "--model 'als:unobserved-share=-1': unobserved_share"),
        ("--model popularity --factors 3", "--factors: popularity has no setting 'factors'"),
        ("--quote nonsense", '--quote must be one character, none or "auto", got'),
    ],
)
def test_messages(log_file: Path, tmp_path: Path, words: str, message: str) -> None:
    ran = run("fit", log_file, "-o", tmp_path / "m.penchant", *words.split())
    assert ran.code == 2
    assert f"penchant: error: {message}" in ran.err


def test_an_option_is_named_as_it_is_written(model_file: Path) -> None:
    assert "-k must be 1 or more" in run("similar", model_file, "i0000", "-k", "0").err
    assert "--top must be 1 or more" in run("similar", model_file, "i0000", "--top", "0").err


def test_a_value_of_tuning_is_named(log_file: Path) -> None:
    ran = run("tune", log_file, "--grid", "factors=8", "--factors", "3")
    assert "--factors is named twice" in ran.err
