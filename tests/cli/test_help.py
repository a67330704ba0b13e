"""Help pages: short at first sight, whole at 80 columns."""

from __future__ import annotations

import importlib
import re

import pytest
from rich.text import Text
from tests.cli.conftest import run

from penchant.cli.commands import MODULES
from penchant.models import kinds


def options(text: str) -> list[str]:
    """Return the options of a help page that start a row of its panels."""
    return re.findall(r"^│ \*?\s*(--[\w-]+|-\w)", text, flags=re.MULTILINE)


def test_fit_lists_at_most_30_options() -> None:
    listed = options(run("fit", "--help").out)
    assert 20 <= len(listed) <= 30
    assert {"--user", "--model", "--factors", "--output"} <= set(listed)
    assert "--neighbors" not in listed
    assert "--cg-steps" not in listed


@pytest.mark.parametrize(
    ("model", "own", "other"),
    [
        ("als", "--cg-steps", "--neighbors"),
        ("hybrid-als", "--feature-regularization", "--neighbors"),
        ("item-neighbors", "--shrinkage", "--factors"),
        ("ranking", "--hogwild", "--alpha"),
    ],
)
def test_a_named_model_lists_its_settings(model, own, other) -> None:
    listed = options(run("fit", "--model", model, "--help").out)
    assert own in listed
    assert other not in listed


def test_all_options_on_request() -> None:
    listed = options(run("fit", "--help-all").out)
    assert {"--neighbors", "--cg-steps", "--catalog-sep", "--hogwild"} <= set(listed)


VERBS = [*((name,) for name in MODULES), ("datasets", "info"), ("datasets", "fetch")]


def test_names_in_brackets_are_shown() -> None:
    text = " ".join(run("recommend", "--help-all", COLUMNS="200").out.replace("│", "").split())
    assert "a table such as [fit] for each command, and [data] for the options" in text


@pytest.mark.parametrize("columns", ["80", "60"])
@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("more", ["--help", "--help-all"])
def test_nothing_is_cut_off(verb, more, columns) -> None:
    if verb == ("datasets",) and more == "--help-all":
        return  # a group of commands, without options of models
    text = run(*verb, more, COLUMNS=columns).out
    assert "penchant" in text
    assert "…" not in text
    if columns == "80":
        assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("model", kinds())
@pytest.mark.parametrize("verb", ["fit", "tune", "evaluate"])
def test_nothing_is_cut_off_for_a_named_model(verb, model) -> None:
    assert "…" not in run(verb, "--model", model, "--help").out


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_examples_fit_into_80_columns(verb) -> None:
    text = importlib.import_module(f"penchant.cli.{MODULES[verb[0]]}").EXAMPLES
    plain = Text.from_markup(text).plain
    assert max(map(len, plain.splitlines())) <= 78  # a space on both sides


def test_a_setting_that_is_true_or_false_is_a_flag(log_file, tmp_path) -> None:
    text = run("fit", "--model", "ranking", "--help").out
    assert "--hogwild/--no-hogwild" in text
    assert "Default: --no-hogwild." in " ".join(text.replace("│", "").split())
    words = ("fit", log_file, "--model", "ranking", "--factors", 2, "--iterations", 1, "--json")
    for flag, value in (("--no-hogwild", False), ("--hogwild", True)):
        ran = run(*words, flag, "-o", tmp_path / "m.penchant")
        assert ran.json["settings"]["hogwild"] is value
