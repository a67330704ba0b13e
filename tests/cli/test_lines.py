"""Errors on a terminal are wrapped at words and in color; elsewhere they are one plain line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.terminal import in_terminal
from tests.cli.test_app import penchant_process

from penchant.cli.lines import wrapped

UNKNOWN = ("datasets", "info", "nonsense")


@pytest.mark.parametrize("columns", [60, 80])
def test_a_terminal_gets_lines_of_its_width(columns: int, tmp_path: Path) -> None:
    shown = in_terminal(*UNKNOWN, COLUMNS=str(columns), folder=tmp_path, NO_COLOR="")
    assert "\x1b[1;31merror\x1b[0m" in shown.raw
    lines = shown.text.rstrip("\n").split("\n")
    assert len(lines) > 1
    assert max(map(len, lines)) < columns
    piped = penchant_process(*UNKNOWN).stderr
    assert " ".join(shown.text.split()) == " ".join(piped.split())


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colors_can_be_turned_off(variables: dict[str, str]) -> None:
    assert "\x1b[" not in in_terminal(*UNKNOWN, **variables).raw


def test_a_pipe_gets_one_line_without_color() -> None:
    ran = penchant_process(*UNKNOWN, COLUMNS="60")
    assert ran.stderr.count("\n") == 1
    assert "\x1b" not in ran.stderr


def test_words_stay_whole() -> None:
    text = "there is no file '" + "a/long-folder/" * 8 + "x' (from here)"
    lines = wrapped(text, 40).split("\n")
    assert "".join(lines[1].split()) == "'" + "a/long-folder/" * 8 + "x'"
    assert wrapped("first\nsecond", 40) == "first\nsecond"


def test_other_letters_in_the_c_locale(tmp_path: Path) -> None:
    ran = penchant_process("info", tmp_path / "né.penchant", LC_ALL="C", PYTHONIOENCODING="")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
