"""Help pages: short at first sight, whole at 80 columns."""

from __future__ import annotations

import re

import pytest
from tests.cli.conftest import run

from penchant.cli.app import _MODULES


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


@pytest.mark.parametrize("command", [name for name in _MODULES if name != "datasets"])
@pytest.mark.parametrize("more", [(), ("--help-all",)])
def test_nothing_is_cut_off(command, more) -> None:
    text = run(command, *(more or ("--help",))).out
    panels = [line for line in text.splitlines() if line.startswith("│")]
    assert panels
    assert not [line for line in panels if "…" in line.replace("0…1", "")]
    assert max(map(len, text.splitlines())) <= 80
