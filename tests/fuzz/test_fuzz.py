"""Short runs of the fuzz suites, each in a process of its own: a crash is a failure, not the end.

`make fuzz` runs them for longer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = {"model_files": 250, "public_interface": 800, "reading": 200, "http_requests": 1500}


@pytest.mark.parametrize("suite", CASES)
def test_only_errors_of_penchants_tree_come(suite: str) -> None:
    arguments = ["--cases", str(CASES[suite]), "--seed", os.environ.get("PENCHANT_FUZZ_SEED", "1")]
    command = [sys.executable, "-X", "faulthandler", "-m", f"tests.fuzz.{suite}", *arguments]
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PENCHANT_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment)
    progress = run.stderr.splitlines()[-3:]
    assert run.returncode == 0, f"{run.stdout[-4000:]}\n{progress}"
