"""Several runs as one."""

import pytest
from benchmarks.figures import Figures
from benchmarks.joined import joined

CASE = ("fit", "ml-1m", 64)
MACHINE = {"processor": "a", "cores": 2, "threads": 2, "memory": 8, "isa": "avx2"}


def run(commit, *records, **machine):
    rows = [
        {"work": "fit", "dataset": "ml-1m", "factors": 64, "engine": engine, "times": [seconds]}
        for engine, seconds in records
    ]
    return {
        "machine": {**MACHINE, "commit": commit, **machine},
        "fma_peak_gflops": 100.0,
        "absent": {commit: "why"},
        "datasets": {},
        "flops": {},
        "blas": {},
        "records": rows,
    }


def test_what_was_measured_again_counts() -> None:
    whole = joined([run("a", ("x", 1.0), ("y", 2.0)), run("b", ("y", 3.0), ("y", 5.0))])
    figures = Figures(whole)
    assert (figures.seconds(CASE, "x"), figures.seconds(CASE, "y")) == (1.0, 4.0)
    assert whole["machine"]["commit"] == "a, b"
    assert set(whole["absent"]) == {"a", "b"}


def test_one_run_is_itself() -> None:
    one = run("a", ("x", 1.0))
    assert joined([one]) == one


def test_runs_of_other_machines_are_refused() -> None:
    with pytest.raises(ValueError, match="different machines: cores, isa differ"):
        joined([run("a"), run("b", cores=4, isa="avx512")])
