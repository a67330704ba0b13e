"""The native core under wrong names, forks and several threads of Python."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions

from penchant import ALS, _kernels
from penchant.errors import SettingsError


def run_python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["bogus", "", "AVX2", "mmx"])
def test_a_wrong_instruction_set_is_refused_and_changes_nothing(name: str) -> None:
    before = _kernels.current_isa()
    with pytest.raises(SettingsError, match=f"'{name}' is not available here; these are: baseline"):
        _kernels.set_isa(name)
    assert _kernels.current_isa() == before


def test_a_wrong_name_in_the_environment_is_an_error_and_not_a_crash() -> None:
    script = """
import penchant
try:
    penchant.ALS().fit(None)
except penchant.PenchantError as error:
    print(type(error).__name__, error)
"""
    run = run_python(script, PENCHANT_ISA="bogus")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(
        "SettingsError the environment variable PENCHANT_ISA: "
        "instruction set 'bogus' is not available"
    )


@pytest.mark.parametrize("name", _kernels.available_isas())
def test_the_environment_forces_an_instruction_set(name: str) -> None:
    run = run_python(
        "from penchant import _kernels; print(_kernels.current_isa())", PENCHANT_ISA=name
    )
    assert run.stdout == f"{name}\n", run.stderr


def test_an_empty_name_in_the_environment_is_none() -> None:
    run = run_python(
        "from penchant import _kernels; print(_kernels.current_isa())", PENCHANT_ISA=""
    )
    assert run.stdout == f"{_kernels.available_isas()[-1]}\n", run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_a_fork_of_a_process_that_has_fitted_can_fit() -> None:
    script = """
import multiprocessing, sys
import numpy as np
from tests.conftest import random_interactions
from penchant import ALS

def fit():
    model = ALS(factors=8, iterations=3, threads=3, seed=1).fit(random_interactions(60, 40))
    return model.user_factors.tobytes()

if __name__ == "__main__":
    here = fit()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = [pool.apply_async(fit) for _ in range(2)]
        same = all(result.get(timeout=30) == here for result in there)
    print("same" if same else "different")
"""
    root = os.fspath(Path(__file__).parents[1])
    run = run_python(script, PYTHONPATH=root, PYTHONWARNINGS="ignore::DeprecationWarning")
    assert run.stdout == "same\n", run.stderr


def test_two_threads_of_python_fit_at_once() -> None:
    data = [random_interactions(300, 200, seed=seed) for seed in (1, 2)]

    def fit(which: int) -> np.ndarray:
        model = ALS(factors=16, iterations=5, threads=2, seed=which).fit(data[which])
        return model.user_factors

    one_by_one = [fit(0), fit(1)]
    with ThreadPoolExecutor(2) as pool:
        at_once = list(pool.map(fit, (0, 1, 0, 1)))
    for which, factors in zip((0, 1, 0, 1), at_once, strict=True):
        np.testing.assert_array_equal(factors, one_by_one[which])
