"""Measure the quality of every family of penchant and its peers on real data sets.

Each family on each data set is a process of its own with a time limit. Results are appended to a
file, one JSON object a line: a run that is stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.quality import merging, results
from benchmarks.quality.data import READERS
from benchmarks.quality.families import BLENDED, Family, families
from benchmarks.quality.worker import Job

GRACE = 60.0
"""Seconds beyond three times its limit of CPU time after which a process is ended."""
BLAS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS")
SIGNAL = "the library ended its process with signal"
LIBRARIES = ("penchant", "implicit", "irspack", "rectools-lightfm", "numpy", "scipy")


def run(options: argparse.Namespace) -> None:
    """Run every job that is not done, the blend of each data set last."""
    facts = machine.facts(options.threads, LIBRARIES)
    results.append(options.out, {"machine": facts, "limit": options.limit})
    for dataset in options.datasets:
        folder = options.data / dataset
        if not folder.exists():
            print(f"{dataset} is not in {options.data}", flush=True)
            continue
        for family in families():
            if options.only and not {family.library, family.name} & set(options.only):
                continue
            _run_job(options, dataset, family)


def _run_job(options: argparse.Namespace, dataset: str, family: Family) -> None:
    label = {
        "dataset": dataset,
        "library": family.library,
        "family": family.name,
        "version": family.version,
        "trials_asked": options.trials,
        "seed": options.seed,
    }
    stored = results.read(options.out)
    ends = {results.key(row) for row in stored if results.is_end(row)}
    if results.key(label) in ends and not options.again:
        return
    parts = results.best_families(stored, dataset, BLENDED) if family.name == "blend" else {}
    job = Job(
        dataset,
        str(options.data / dataset),
        family.library,
        family.name,
        options.trials,
        options.seed,
        options.limit,
        options.threads,
        parts,
    )
    if family.name == "blend" and len(parts) < BLENDED:
        status, rows = f"fewer than {BLENDED} families to blend", []
    else:
        status, rows = call(job)
    for row in rows:
        results.append(options.out, {**label, **row})
        print(f"{dataset:14} {family.library:9} {family.name:22} {_shown(row)}", flush=True)
    results.append(options.out, {**label, "status": status})
    if status != "done":
        print(f"{dataset:14} {family.library:9} {family.name:22} {status}", flush=True)


def call(job: Job) -> tuple[str, list[dict[str, Any]]]:
    """Run a job in processes of its own; return ``"done"`` or what went wrong, and its rows.

    Where a library ends its process, a trial is counted as failed and a new process goes on.
    """
    lines: list[dict[str, Any]] = []
    left = job.limit
    while True:
        used = _cpu_seconds_of_children()
        status, new = _call_once(replace(job, limit=max(left, 1.0)))
        left -= _cpu_seconds_of_children() - used
        lines += new
        steps = [line["start"] for line in new if "start" in line]
        if not status.startswith(SIGNAL) or not steps or steps[-1] == "tuned":
            break
        if steps[-1] == "defaults":
            job = replace(job, measured=["defaults"])
        else:
            lines.append({"trial": steps[-1], "failure": status})
        rows = [line for line in lines if "settings" in line]
        measured = ["defaults"] if rows else job.measured
        trials = [line for line in lines if "trial" in line and "settings" not in line]
        job = replace(job, finished=trials, measured=measured)
    first = next((line for line in lines if line.get("trial") == 0 and "failure" in line), None)
    if status == "done" and first is not None:
        status = f"the defaults failed: {first['failure']}"
    return status, [line for line in lines if "settings" in line]


def _call_once(job: Job) -> tuple[str, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "benchmarks.quality.worker", json.dumps(asdict(job))]
    threads = dict.fromkeys(
        (*BLAS, "PENCHANT_THREADS", "IRSPACK_NUM_THREADS_DEFAULT"), str(job.threads)
    )
    status = "done"
    try:
        completed = subprocess.run(
            command, env={**os.environ, **threads}, capture_output=True,
            timeout=3 * job.limit + GRACE, check=False, cwd=machine.ROOT,
        )  # fmt: skip
        output = completed.stdout
        if completed.returncode < 0:
            status = f"{SIGNAL} {-completed.returncode}"
        elif completed.returncode:
            status = f"ended with {completed.returncode}"
    except subprocess.TimeoutExpired as error:
        status, output = "over the time limit", error.stdout or b""
    lines = [_parsed(line) for line in output.decode(errors="replace").splitlines()]
    rows = [line for line in lines if line is not None]
    errors = [row["error"] for row in rows if "error" in row]
    return (errors[-1] if errors else status), rows


def _cpu_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _parsed(line: str) -> dict[str, Any] | None:
    """Return a line as a row; None if it is anything else that a library printed."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _shown(row: dict[str, Any]) -> str:
    values = "  ".join(f"{name} {value[0]:.4f}" for name, value in row["metrics"].items())
    return f"{row['settings']:8} {values}  {row['fit_cpu_seconds']:.2f} CPU s"


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__)
    p.add_argument("--data", type=Path, default=Path("../shared/data"), metavar="FOLDER",
                   help=f"with a folder for each of {', '.join(READERS)}")  # fmt: skip
    p.add_argument("--datasets", nargs="*", default=[*READERS], choices=[*READERS], metavar="NAME")
    p.add_argument("--only", nargs="*", default=[], metavar="NAME", help="libraries or families")
    p.add_argument("--trials", type=int, default=30, help="settings tried, defaults included")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument(
        "--limit", type=float, default=900.0, help="CPU seconds for a family on a data set"
    )
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--again", action="store_true", help="repeat jobs that are done")
    p.add_argument("--out", type=Path, metavar="FILE", required=True,
                   help="the results, JSON lines")  # fmt: skip
    p.add_argument("--table", action="store_true", help="run nothing: print the tables of --out")
    p.add_argument("--page", type=Path, help="with --table: write the tables into this page")
    p.add_argument("--merge", metavar="NOTE",
                   help="with --page: replace or add the rows of --out, and this line")  # fmt: skip
    return p


def main() -> None:
    options = parser().parse_args()
    if options.merge is not None and options.page is not None:
        merging.merge(options.page, results.read(options.out), options.merge)
        return
    if not options.table:
        run(options)
        return
    text = results.tables(results.read(options.out))
    if options.page is not None:
        results.put(options.page, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
