"""``penchant fit --cluster``: training on the processes of a Dask cluster."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import run

import penchant
from penchant.cli.cluster import client_of


def test_a_cluster_of_this_machine_fits_the_same_model(log_file: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    models = []
    for name, options in (("here", []), ("there", ["--cluster", "local:2"])):
        path = tmp_path / f"{name}.penchant"
        settings = ("--factors", 4, "--iterations", 3, "--threads", 1)
        ran = run("fit", log_file, "-o", path, *settings, *options)
        assert ran.code == 0, ran.err
        assert "3 epochs, loss" in ran.out
        models.append(penchant.load(path))
    np.testing.assert_array_equal(*(model.user_factors for model in models))  # one block


def test_monitors_of_processes_on_this_machine_are_off() -> None:
    pytest.importorskip("distributed")
    import dask

    with client_of("local:1") as client:
        (samples,) = client.run(dask.config.get, "distributed.worker.profile.enabled").values()
        (logged,) = client.run(_logged, ["a heartbeat", "lost during heartbeat"]).values()
    assert samples is False
    assert dask.config.get("distributed.worker.profile.enabled") is True
    assert logged == ["a heartbeat"]  # a scheduler that ends first is no fault


def _logged(messages: list[str]) -> list[str]:
    """Log messages as a worker of Dask does, and return those that are shown."""
    logger, shown = logging.getLogger("distributed.worker"), []
    handler = logging.Handler()
    handler.emit = lambda record: shown.append(record.getMessage())
    logger.addHandler(handler)
    for message in messages:
        logger.error(message)
    logger.removeHandler(handler)
    return shown


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--cluster", "local:none"], 2, "local:4"),
        (["--cluster", "local:0"], 2, "local:4"),
        (["--cluster-folder", "."], 2, "--cluster ADDRESS"),
        (["--cluster", "local:2", "--model", "popularity"], 1, "have no clusters"),
        (["--cluster", "local:2", "--auto"], 2, "on this machine only"),
        (["--cluster", "local:2", "--checkpoint", "x", "--auto"], 2, "--cluster, --checkpoint"),
        (["--resume"], 2, "--checkpoint FILE alone: leave out --resume"),
        (["--no-resume"], 2, "--checkpoint FILE alone: leave out --no-resume"),
        (["--checkpoint", "x", "--auto"], 2, "leave out --checkpoint"),
        (["--cluster-folder", "x", "--auto"], 2, "leave out --cluster-folder"),
        (["--resume", "--auto"], 2, "leave out --resume"),
        (["--cluster", "nonsense://x"], 1, "no cluster answers"),
    ],
)
def test_what_cannot_run_on_a_cluster_is_refused(
    options, code, message, log_file: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    path = tmp_path / "x.penchant"
    ran = run("fit", log_file, "-o", path, *options)
    assert (ran.code, path.exists()) == (code, False), ran.err
    assert message in " ".join(ran.err.split())


@pytest.mark.parametrize(
    "options",
    [["--cluster-folder", "."], ["--resume"], ["--checkpoint", "x", "--model", "popularity"]],
)
def test_options_are_checked_before_the_log_is_read(options, tmp_path: Path) -> None:
    ran = run("fit", tmp_path / "none.csv", "-o", tmp_path / "x.penchant", *options)
    assert "none.csv" not in ran.err
    assert options[0] in ran.err


def test_the_extra_that_is_missing_is_named(log_file: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    ran = run("fit", log_file, "-o", tmp_path / "x.penchant", "--cluster", "local:2")
    assert ran.code == 3
    assert "penchant[dask]" in ran.err


def test_a_training_is_continued_from_its_checkpoint(log_file: Path, tmp_path: Path) -> None:
    models = []
    for name, runs in (("whole", [5]), ("parts", [2, 5])):
        for epochs in runs:
            path, checkpoint = tmp_path / f"{name}.penchant", tmp_path / f"{name}.training"
            settings = ("--factors", 4, "--iterations", epochs, "--threads", 1)
            ran = run("fit", log_file, "-o", path, *settings, "--checkpoint", checkpoint)
            assert ran.code == 0, ran.err
        models.append(penchant.load(path))
    np.testing.assert_array_equal(*(model.user_factors for model in models))
