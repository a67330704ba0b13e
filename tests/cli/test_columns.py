"""A log without named columns: in a terminal they are proposed, elsewhere they are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run
from tests.cli.terminal import in_terminal
from tests.cli.test_app import penchant_process

import penchant

FIT = ("fit", "orders.csv", "--model", "popularity", "-o", "m.penchant")
ACCEPT = "Read these columns? [Y/n]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [f"c{n % 7},p{n % 5},{n % 3 + 1},x{n},2024-01-{n % 28 + 1:02}" for n in range(40)]
    head = "customer_id,product_id,quantity,coupon,ordered_at"
    (tmp_path / "orders.csv").write_text("\n".join([head, *rows]) + "\n")
    (tmp_path / "unclear.csv").write_text("a,b,c\n" + "p,q,r\ns,t,u\np,t,r\n" * 5)
    return tmp_path


def test_recognized_columns_are_confirmed(folder: Path) -> None:
    shown = in_terminal(*FIT, folder=folder, answers=[(ACCEPT, "")])
    assert shown.code == 0, shown.text
    text = shown.text
    for line in ("customer_id   users", "product_id    items", "coupon        not used"):
        assert line in text, text
    flags = "--user customer_id --item product_id --value quantity --timestamp ordered_at"
    assert flags in " ".join(text.split())
    assert penchant.load(folder / "m.penchant").interactions.history("c0")["p0"] > 0


def test_others_are_chosen_by_name_or_position(folder: Path) -> None:
    answers = [
        (ACCEPT, "n"),
        ("Column of users", "coupon"),
        ("Column of items", "wrong"),
        ("there is no column 'wrong'", "1"),
        ("Column of values", "-"),
        ("Column of times", "-"),
    ]
    shown = in_terminal(*FIT, folder=folder, answers=answers)
    assert shown.code == 0, shown.text
    assert "--user coupon --item product_id" in shown.text
    likes = penchant.load(folder / "m.penchant").interactions
    assert likes.history("x3") == {"p3": 1.0}
    assert likes.timestamps is None


def test_unclear_columns_are_asked_for(folder: Path) -> None:
    words = ("evaluate", "unclear.csv", "--model", "popularity", "--hold-out", 1)
    answers = [
        ("Column of users", "0"), ("Column of items", "1"), ("Column of values", "-"),
        ("Column of times", "-"),
    ]  # fmt: skip
    shown = in_terminal(*words, folder=folder, answers=answers)
    assert "can't be told" in shown.text
    assert "--user 0 --item 1" in shown.text or "--user a --item b" in shown.text, shown.text


def test_the_end_of_input_is_no_answer(folder: Path) -> None:
    shown = in_terminal(*FIT, folder=folder, answers=[(ACCEPT, "\x04")])
    assert shown.code == 2
    assert "name the columns with --user and --item" in " ".join(shown.text.split())
    assert not (folder / "m.penchant").exists()


def test_ctrl_c_at_the_question_stops(folder: Path) -> None:
    shown = in_terminal(*FIT, folder=folder, answers=[(ACCEPT, "\x03")])
    assert shown.code == 130
    assert not (folder / "m.penchant").exists()


@pytest.mark.parametrize(
    "words", [("--yes",), ("-y",), ("--quiet",), ("--user", "0", "--item", "1"), ("--json",)]
)
def test_nothing_is_asked_with(words: tuple[str, ...], folder: Path) -> None:
    shown = in_terminal(*FIT, *words, folder=folder)
    assert shown.code == 0, shown.text
    assert "?" not in shown.text


def test_elsewhere_the_report_says_what_was_assumed_and_ignored(folder: Path) -> None:
    ran = penchant_process("fit", folder / "orders.csv", "-o", folder / "m.penchant")
    assert ran.returncode == 0
    assert "user from 'customer_id', item from 'product_id'" in ran.stdout
    assert "not used: 'coupon'" in ran.stdout
    lines = (folder / "orders.csv").read_text().splitlines()
    plain = folder / "plain.csv"
    plain.write_text("\n".join(",".join(line.split(",")[:3]) for line in lines[1:]) + "\n")
    ran = penchant_process("fit", plain, "-o", folder / "m.penchant")
    assert "assumed, since no column name says so: user from column 0" in ran.stdout


def test_unclear_columns_are_an_error_elsewhere(folder: Path) -> None:
    ran = run("fit", folder / "unclear.csv", "-o", folder / "m.penchant")
    assert ran.code == 1
    assert "--user 0 --item 1" in ran.err.replace(",", "")
