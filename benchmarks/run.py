"""Run penchant and its peers in turns, each measurement in a process of its own.

``python -m benchmarks.run --help`` tells what may be chosen. Results are written after every
case, so that a run that is cut short keeps what it has.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import datasets, flops, machine, peers_state, targets
from benchmarks.engines import ENGINES
from benchmarks.jobs import ingest
from benchmarks.plan import QUICK, WORKS, Case, Wanted, cases

RESULTS = Path(__file__).parent / "results"
BLAS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
GRACE = 240.0  # seconds beyond its limit after which a process is ended
SCHEMA = 1


class Run:
    """A run: its results so far, and their file."""

    def __init__(self, wanted: Wanted, threads: int, out: Path) -> None:
        self.wanted, self.threads, self.out = wanted, threads, out
        self.blas: dict[str, dict[str, Any]] = {}
        self.result: dict[str, Any] = {
            "schema": SCHEMA,
            "machine": machine.facts(threads),
            "fma_peak_gflops": machine.fma_peak(threads),
            "wanted": dataclasses.asdict(wanted),
            "absent": peers_state.absent(),
            "datasets": {},
            "flops": {},
            "blas": self.blas,
            "records": [],
        }

    def run(self, case: Case) -> None:
        """Run all rounds of a case; engines take turns."""
        data = self._data(case)
        if data is None:
            return
        for number in range(case.rounds):
            for engine in case.engines:
                if engine in ENGINES and ENGINES[engine].version() is None:
                    continue
                self._record(case, engine, data, number)
        self.write()

    def write(self) -> None:
        self.out.parent.mkdir(parents=True, exist_ok=True)
        part = self.out.with_suffix(".part")
        part.write_text(json.dumps(self.result, indent=1) + "\n", encoding="utf-8")
        part.replace(self.out)

    def _data(self, case: Case) -> Path | None:
        try:
            place = datasets.prepare(case.dataset)
            if case.work == "ingest":
                ingest.write(place)
        except Exception as error:  # a missing data set does not stop the run
            self.result["absent"][case.dataset] = f"{type(error).__name__}: {error}"[:300]
            print(f"{case.dataset} is not here: {error}", flush=True)
            return None
        self.result["datasets"][case.dataset] = datasets.facts(place)
        if case.work == "fit" and case.factors:
            name = f"{case.dataset}, {case.factors}"
            self.result["flops"][name] = flops.of_epoch(datasets.load(place), case.factors)
        return place

    def _record(self, case: Case, engine: str, data: Path, number: int) -> None:
        if self._was_too_slow(case, engine):
            return
        env = self._environment(case, engine, data)
        figures = self._work(case, engine, data, env)
        label = {"work": case.work, "dataset": case.dataset, "engine": engine}
        self.result["records"].append(
            {**label, "factors": case.factors, "round": number, **figures}
        )
        size = f" f={case.factors}" if case.factors else ""
        print(f"{case.work:10} {case.dataset}{size}  {engine:15} {_summary(figures)}", flush=True)

    def _was_too_slow(self, case: Case, engine: str) -> bool:
        """Return whether this engine exceeded the time limit in an earlier round."""
        return any(
            "over" in r
            for r in self.result["records"]
            if (r["work"], r["dataset"], r["engine"], r["factors"])
            == (case.work, case.dataset, engine, case.factors)
        )

    def _environment(self, case: Case, engine: str, data: Path) -> dict[str, str]:
        """Return the faster number of BLAS threads, one or all, tried once per engine."""
        info = ENGINES.get(engine)
        if info is None or not info.probes_blas:
            return {}
        kind = case.job if case.job == "fit" else case.work
        key = f"{engine}, {kind}"
        if key not in self.blas:
            chosen = self._probe(case, engine, data)
            self.blas[key] = chosen
        return _pinned(self.blas[key]["threads"])

    def _probe(self, case: Case, engine: str, data: Path) -> dict[str, Any]:
        small = dataclasses.replace(case, arguments={**case.arguments, "limit": 20.0})
        if case.job == "fit":
            small.arguments["epochs"] = 3
        tried = {
            number: _seconds(self._work(small, engine, data, _pinned(number)))
            for number in (1, self.threads)
        }
        best = min(tried, key=lambda number: tried[number])
        return {"threads": best, "seconds": tried, "on": case.dataset, "factors": case.factors}

    def _work(self, case: Case, engine: str, data: Path, env: dict[str, str]) -> dict[str, Any]:
        arguments = {"engine": engine, "data": str(data), "threads": self.threads}
        if case.factors:
            arguments["factors"] = case.factors
        arguments |= case.arguments
        command = [sys.executable, "-m", "benchmarks.worker", case.job, json.dumps(arguments)]
        seconds = float(case.arguments.get("limit", 3600.0)) + GRACE
        try:
            completed = subprocess.run(
                command, env={**os.environ, **env}, capture_output=True, text=True,
                timeout=seconds, check=False, cwd=machine.ROOT,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"over": seconds}
        try:
            figures: dict[str, Any] = json.loads(completed.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError):
            return {"error": f"ended with {completed.returncode}: {completed.stderr[-300:]}"}
        return figures


def _pinned(threads: int) -> dict[str, str]:
    return dict.fromkeys(BLAS, str(threads))


def _seconds(figures: dict[str, Any]) -> float:
    """Return the figure that settings of an engine are compared by."""
    epochs = figures.get("epochs")
    if epochs:
        return float(targets.epoch_seconds(epochs))
    return min(figures.get("times") or [float("inf")])


def _summary(figures: dict[str, Any]) -> str:
    if "error" in figures:
        return f"failed: {figures['error']}"
    if "over" in figures:
        return f"over {figures['over']:.0f} s"
    if "absent" in figures:
        return str(figures["absent"])
    seconds = _seconds(figures)
    text = f"{seconds:9.3f} s"
    if figures.get("epochs") and figures["epochs"][-1]["loss"] is not None:
        last = figures["epochs"][-1]
        text += f"  loss {last['loss']:.6g} after {last['number']}"
    if figures.get("ndcg") is not None:
        text += f"  NDCG {figures['ndcg']:.4f}"
    return text + (f"  {figures['memory'] / 2**20:.0f} MiB" if "memory" in figures else "")


def wanted_of(options: argparse.Namespace) -> Wanted:
    base = QUICK if options.quick else Wanted()
    options_by_name = {
        "works": options.works,
        "datasets": options.datasets,
        "factors": options.factors and tuple(int(f) for f in options.factors),
        "epochs": options.epochs,
        "repeat": options.repeat,
        "limit": options.limit,
        "grid_sample": options.grid_sample,
        "engines": _only(options.only),
    }
    return dataclasses.replace(
        base, **{name: v for name, v in options_by_name.items() if v is not None}
    )


def _only(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if not names:
        return None
    return tuple(e for e in ENGINES if any(e.startswith(name) for name in names))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__.splitlines()[0])
    p.add_argument("--quick", action="store_true", help="a small part, in under three minutes")
    p.add_argument("--works", type=_listed, help=", ".join(WORKS))
    p.add_argument("--datasets", type=_listed, help=", ".join(datasets.NAMES))
    p.add_argument("--factors", type=_listed, help="such as 40,64,128,256")
    p.add_argument("--only", type=_listed, help="engines, or libraries: penchant,implicit")
    p.add_argument("--epochs", type=int, help="a fit, for seconds per epoch")
    p.add_argument("--repeat", type=int, help="rounds in which the engines take turns")
    p.add_argument("--limit", type=float, help="seconds after which a fit is stopped")
    p.add_argument("--grid-sample", type=int, help="of the grid's 180 settings; default: all")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--out", type=Path, help="the JSON file; default: benchmarks/results/DATE.json")
    return p


def main() -> None:
    options = parser().parse_args()
    wanted = wanted_of(options)
    run = Run(wanted, options.threads, options.out or Path())
    if options.out is None:
        stamp = run.result["machine"]["date"][:16].replace(":", "")
        run.out = RESULTS / f"{stamp}{'-quick' if options.quick else ''}.json"
    for name, why in run.result["absent"].items():
        print(f"{name} is not installed: {why.splitlines()[-1]}", flush=True)
    for case in cases(wanted):
        run.run(case)
    run.write()
    print("\n" + targets.as_text(targets.reached(run.result)))
    print(f"\n{run.out}\npython -m benchmarks.report {run.out} writes tables and plots of it")


if __name__ == "__main__":
    main()
