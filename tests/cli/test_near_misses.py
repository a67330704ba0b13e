"""Options that are nearly right, encodings, and help that names what the command has."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import run


def test_the_nearest_option_comes_first(log_file: Path) -> None:
    assert "(did you mean --user, " in run("fit", log_file, "--users", "user").err


def test_another_encoding_in_the_words_of_the_command(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes("user,item\nann,Röyksopp\n".encode("cp1252"))
    ran = run("fit", log, "-o", tmp_path / "m.penchant")
    assert ran.code == 1
    assert "give --encoding cp1252 or --encoding latin-1 (with the first, it reads" in ran.err
    assert "Röyksopp" in ran.err
    assert run("fit", log, "--encoding", "cp1252", "-o", tmp_path / "m.penchant").code == 0


def test_help_speaks_of_models_where_there_is_a_choice() -> None:
    assert "--model NAME --help" in run("fit", "--help").out
    for command in ("recommend", "serve", "export"):
        shown = run(command, "--help").out
        assert "--help-all lists all of them" in shown
        assert "--model NAME" not in shown


def test_a_log_in_the_place_of_a_model(log_file: Path) -> None:
    ran = run("recommend", log_file, "u0001")
    assert ran.code == 1
    assert "is not a penchant model" in ran.err
    assert "models are written by model.save or penchant fit" in ran.err
