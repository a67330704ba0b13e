"""Completion follows the protocols of bash, zsh and fish."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.test_app import penchant_process

LOG = "customer_id,product_id,quantity\nann,tea,1\nbo,tea,2\n"


def completed(line: str, folder: Path, shell: str = "bash") -> list[str]:
    """Return what a shell is told to offer at the end of a command line."""
    words = line.split(" ")
    variables = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    ran = subprocess.run(
        [sys.executable, "-m", "penchant"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **variables, "_PENCHANT_COMPLETE": f"complete_{shell}"},
        check=True,
    )
    assert ran.stderr == ""
    return [line for line in ran.stdout.splitlines() if line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(LOG)
    (tmp_path / "last.csv").write_text(LOG)
    (tmp_path / "m.penchant").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("penchant ev", ["evaluate"]),
        ("penchant fit la", ["lastfm-2k", "lastfm-360k", "last.csv"]),
        ("penchant fit orders.csv --model item", ["item-neighbors"]),
        ("penchant fit orders.csv --model ease --drop", ["--dropout"]),
        ("penchant fit orders.csv --catalog-s", ["--catalog-sep"]),
        ("penchant fit orders.csv --user c", ["customer_id"]),
        ("penchant fit orders.csv --sep s", ["semicolon", "space"]),
        ("penchant fit orders.csv --confidence l", ["linear", "log"]),
        ("penchant evaluate orders.csv --metric n", ["ndcg", "novelty"]),
        ("penchant evaluate orders.csv --split cold", ["cold-items", "cold-users"]),
        ("penchant tune orders.csv --models als,gr", ["als,graph-filter"]),
        ("penchant tune orders.csv --model slim --range l", ["l1=", "l2="]),
        ("penchant datasets f", ["fetch"]),
        ("penchant datasets info movielens-1", ["movielens-100k", "movielens-1m"]),
        ("penchant info ", ["m.penchant"]),
        ("penchant similar m.penchant --metric c", ["cosine"]),
        ("penchant export m.penchant --format s", ["sqlite"]),
        ("penchant fit orders.csv --output x", []),
    ],
)
def test_words_in_bash(line: str, offered: list[str], folder: Path) -> None:
    assert completed(line, folder) == offered


def test_zsh_and_fish_get_values_and_descriptions(folder: Path) -> None:
    line = "penchant fit orders.csv --model item"
    assert "item-neighbors" in "".join(completed(line, folder, "zsh"))
    assert completed(line, folder, "fish") == ["item-neighbors"]
    names = completed("penchant fit orders.csv --min-per", folder, "fish")
    assert [name.partition("\t")[0] for name in names] == ["--min-per-user", "--min-per-item"]
    assert "Leave out users" in names[0]


def test_files_are_left_to_zsh(folder: Path) -> None:
    assert completed("penchant fit orders.csv --output x", folder, "zsh") == ["_files"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    ran = penchant_process(
        "--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert ran.returncode == 0, ran.stderr
    assert f"_PENCHANT_COMPLETE=complete_{shell}" in ran.stdout
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=ran.stdout, text=True, check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script(folder: Path) -> None:
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    command = bin_folder / "penchant"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m penchant "$@"\n')
    command.chmod(0o755)
    script = penchant_process(
        "--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    ).stdout
    ran = subprocess.run(
        ["bash", "--norc"],
        input=script + "\nCOMP_WORDS=(penchant fit orders.csv --model gra); COMP_CWORD=4\n"
        '_penchant_completion penchant\necho "${COMPREPLY[@]}"\n',
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"},
        check=True,
    )
    assert ran.stdout.strip() == "graph-filter"
