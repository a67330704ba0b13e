"""What all verbs share: help, exit codes, how failures are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import run

import penchant
from penchant.cli import failures
from penchant.errors import DataError, MissingExtraError, SettingsError, UnknownIdError

VERBS = ["fit", "evaluate", "recommend", "similar", "explain", "info", "datasets", "demo"]


def penchant_process(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "penchant", *map(str, words)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
    )


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_examples(verb: str) -> None:
    ran = run(verb, "--help")
    assert ran.code == 0
    assert "Examples" in ran.out
    assert f"penchant {verb}" in ran.out.partition("Examples")[2]
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_help_names_the_verbs_and_the_exit_codes() -> None:
    ran = run("--help")
    assert ran.code == 0
    for word in [*VERBS, "Exit codes", "130", "--json"]:
        assert word in ran.out


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(word: str) -> None:
    heavy = "numpy scipy duckdb narwhals PIL safetensors"
    code = (
        f"import sys; sys.argv = ['penchant', {word!r}]\n"
        "from penchant.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print([m for m in '{heavy}'.split() if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_verb_that_is_named_is_made_without_the_others() -> None:
    code = (
        "import sys; sys.argv = ['penchant', '--debug', 'similar', '--help']\n"
        "from penchant.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in ('fit', 'similar') if f'penchant.cli.{m}' in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert done.stdout.endswith("['similar']\n")
    assert done.stdout.startswith(run("similar", "--help").out)


def test_version() -> None:
    assert run("--version").out.strip() == f"penchant {penchant.__version__}"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("x"), 1),
        (UnknownIdError("x"), 1),
        (FileNotFoundError(2, "No such file", "x"), 1),
        (MemoryError(), 1),
        (SettingsError("x"), 2),
        (MissingExtraError("x"), 3),
        (ZeroDivisionError("x"), 70),
    ],
)
def test_exit_codes_say_what_kind_of_failure_it_was(error: Exception, code: int) -> None:
    assert failures.exit_code(error) == code


def test_a_failure_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = penchant_process("info", tmp_path / "none.penchant")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("penchant: error: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [["--debug"], []])
def test_a_traceback_where_it_is_asked_for(tmp_path: Path, words: list[str]) -> None:
    environment = {} if words else {"PENCHANT_DEBUG": "1"}
    done = penchant_process(*words, "info", tmp_path / "none.penchant", **environment)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_with_json_a_failure_is_a_document_too(tmp_path: Path) -> None:
    ran = run("info", tmp_path / "none.penchant", "--json")
    assert ran.code == 1
    assert ran.json["error"]["kind"] == "ArtifactError"
    assert "none.penchant" in ran.json["error"]["message"]
    assert ran.err.startswith("penchant: error: ")


def test_with_json_a_misunderstood_command_is_a_document_too() -> None:
    ran = run("similar", "--json", "--nonsense")
    assert ran.code == 2
    assert ran.json["error"]["kind"] == "UsageError"
    assert "--nonsense" in ran.json["error"]["message"]


@pytest.mark.parametrize("words", [["nonsense"], ["fit"], ["fit", "x", "--factors", "many"]])
def test_what_is_not_understood_ends_with_2(words: list[str]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_a_word_after_two_dashes_is_no_switch(model_file: Path) -> None:
    ran = run("similar", model_file, "--", "--json")
    assert ran.code == 1
    assert "unknown item '--json'" in ran.err
    assert ran.out == ""


def test_stopping_leaves_with_130(monkeypatch: pytest.MonkeyPatch, log_file: Path) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("penchant.data.io.read.read_interactions", stopped)
    output = log_file.with_name("stopped.penchant")
    ran = run("fit", log_file, "-o", output)
    assert ran.code == 130
    assert "stopped" in ran.err
    assert not output.exists()


def test_a_fault_of_our_own_asks_to_be_reported(
    monkeypatch: pytest.MonkeyPatch, model_file: Path
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("penchant._files.artifact.describe", broken)
    ran = run("info", model_file)
    assert ran.code == 70
    assert "ZeroDivisionError" in ran.err
    assert "report it" in ran.err
    assert "Traceback" not in ran.err


def test_a_closed_pipe_ends_quietly(model_file: Path) -> None:
    users = [f"u{code:04d}" for code in range(60)] * 20
    words = [sys.executable, "-m", "penchant", "recommend", str(model_file), *users, "-k", "20"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == failures.BROKEN_PIPE


def test_names_that_the_terminal_can_not_show_are_escaped(model_file: Path) -> None:
    done = penchant_process("similar", model_file, "sigur rós", "-k", 1, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "Sigur R\\xf3s" in done.stdout


def test_progress_and_advice_stay_away_from_machines(log_file: Path, tmp_path: Path) -> None:
    done = penchant_process("fit", log_file, "-o", tmp_path / "x.penchant", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "als"
    assert done.stderr == ""
