"""``penchant fit --save-interactions``: model files with less than all interactions."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import run

import penchant


def test_a_model_file_without_interactions(log_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.penchant"
    words = ("fit", log_file, "--factors", 4, "--iterations", 2, "-o", path)
    assert run(*words, "--save-interactions", "seen").code == 0
    model = penchant.load(path)
    assert model.kept_interactions == "seen"
    assert run("recommend", path, model.users[0]).code == 0
    assert run(*words, "--save-interactions", "none").code == 0
    ran = run("recommend", path, model.users[0])
    assert ran.code == 1
    assert "--no-exclude-seen" in ran.err
    assert "pass --like in place of the user" in ran.err
    ran = run("explain", path, model.users[0], model.items[0])
    assert ran.code == 1
    assert "history=" not in ran.err
    ran = run("recommend", path, "--all", "--to", tmp_path / "x.csv")
    assert ran.code == 1
    assert "history=" not in ran.err
    ran = run("export", path, "--to", tmp_path / "x.csv")
    assert ran.code == 1
    assert "history=" not in ran.err
    assert not (tmp_path / "x.csv").exists()
    assert run("recommend", path, model.users[0], "--no-exclude-seen").code == 0
    assert run("recommend", path, "--like", model.items[0]).code == 0


def test_models_that_need_their_interactions_say_so_before_they_are_fitted(
    log_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "x.penchant"
    words = ("fit", log_file, "--save-interactions", "seen", "-o", path)
    for kind in ("ease", "user-neighbors"):
        ran = run(*words, "--model", kind)
        assert ran.code == 1
        assert "--save-interactions all" in ran.err
        assert "rows of" not in ran.out
    assert "--auto may choose" in run(*words, "--auto").err
    assert run(*words[:-4], "half", "-o", path).code == 2
    assert not path.exists()
