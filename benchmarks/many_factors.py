"""ALS with 512 to 2,048 factors beside the peers' solvers of the same objective.

    python -m benchmarks.many_factors --out FILE [--cases NAME …]

Each measurement has one thread and a process of its own, and its figures are processor seconds, so
that other processes matter little. Two kinds of cases: some epochs, whose median counts (without
the first); and a longer training, whose seconds to within 0.1 % of the lowest loss of any peer
count. Exact solvers of the peers are left out: with 512 factors they take minutes for an epoch.
Results are written after every measurement; a second call goes on where the first ended,
and ``benchmarks.report`` writes the section of the manual from ``results/many-factors.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import datasets, machine
from benchmarks.figures import Figures
from benchmarks.markdown import line, table
from benchmarks.run import BLAS

OURS = "penchant auto"
PEERS = ("implicit cg", "irspack cg", "irspack ials++")
LIMIT = 400.0  # processor seconds of a fit


@dataclass(frozen=True)
class Many:
    """A case: the work ("epoch" or "converge"), a data set, factors, and epochs of each engine."""

    work: str
    dataset: str
    factors: int
    epochs: int

    @property
    def name(self) -> str:
        """The name of the command line."""
        return f"{self.work}-{self.dataset}-{self.factors}"


CASES = (
    *(Many("epoch", name, f, 4) for name in ("sketchfab", "ml-1m") for f in (512, 1024)),
    Many("epoch", "sketchfab", 2048, 3),
    Many("epoch", "sketchfab", 256, 4),
    *(Many("converge", name, 512, 15) for name in ("sketchfab", "ml-1m")),
    *(Many("epoch", name, 512, 2) for name in ("ml-20m", "lastfm-360k")),
)


def measure(case: Many, engine: str, processor: str) -> dict[str, Any]:
    """Fit in a new process and return its record, with the processor of this machine."""
    arguments = {
        "engine": engine,
        "data": str(datasets.prepare(case.dataset)),
        "factors": case.factors,
        "epochs": case.epochs,
        "threads": 1,
        "limit": LIMIT,
        "clock": "processor",
    }
    completed = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", "fit", json.dumps(arguments)],
        env={**os.environ, **dict.fromkeys(BLAS, "1")},
        capture_output=True,
        text=True,
        check=False,
        cwd=machine.ROOT,
    )
    try:
        figures = json.loads(completed.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        figures = {"error": f"ended with {completed.returncode}: {completed.stderr[-300:]}"}
    names = {"work": case.work, "dataset": case.dataset, "factors": case.factors}
    return {**names, "engine": engine, "processor": processor, **figures}


def section(stored: dict[str, Any]) -> str:
    """Return the section of the manual on a stored file."""
    figures = Figures(stored)
    engines = (OURS, *PEERS)
    rows, processors = [], dict[str, list[str]]()
    for case in figures.cases():
        work, dataset, factors = case
        if work == "converge":
            seconds = {e: figures.seconds_to_converge(case, e) for e in engines}
            name = f"{dataset}, {factors}, to the loss"
        else:
            seconds = {e: figures.seconds(case, e) for e in engines}
            name = f"{dataset}, {factors}, an epoch"
        peers = [s for e in PEERS if (s := seconds[e]) is not None]
        mine = seconds[OURS]
        ratio = f"{min(peers) / mine:.1f}" if peers and mine else "–"
        memory = [figures.memory(case, e) for e in engines]
        rows.append([
            name,
            *("–" if s is None else f"{s:.2f}" for s in seconds.values()),
            ratio,
            _loss(figures, case),
            *_memory(memory),
        ])  # fmt: skip
        for processor in figures.processors(case):
            processors.setdefault(processor, []).append(name)
    head = ["", *engines, "fastest peer / penchant", "loss", "memory, MiB", "leanest peer, MiB"]
    return (
        "## Many factors\n\n"
        f"Processor seconds on one thread, {_named(processors)}, instruction set "
        f"{stored['isa']}. An epoch is the median of those after the first; the loss is "
        "penchant's relative to that of the fastest peer after as many epochs. To the loss: until "
        "the training loss is within 0.1 % of the lowest of any peer after 15 epochs. A dash: not "
        "reached (`python -m benchmarks.many_factors`).\n\n" + table(head, rows)
    )


def _named(processors: dict[str, list[str]]) -> str:
    """Name the processors, with their rows where there are several."""
    if len(processors) == 1:
        return next(iter(processors))
    return " and ".join(f"{name} ({'; '.join(rows)})" for name, rows in processors.items())


def _loss(figures: Figures, case: tuple[str, str, int | None]) -> str:
    """Compare the losses after as many epochs as both have."""
    best = figures.fastest(case, PEERS)
    if best is None:
        return "–"
    theirs = {p.number: p.loss for p in figures.curve(case, best[0]) if p.loss is not None}
    mine = {p.number: p.loss for p in figures.curve(case, OURS) if p.loss is not None}
    common = sorted(theirs.keys() & mine.keys())
    return f"{mine[common[-1]] / theirs[common[-1]] - 1:+.1%}" if common else "–"


def _memory(memory: list[float | None]) -> tuple[str, str]:
    mine, peers = memory[0], [m for m in memory[1:] if m is not None]
    return (
        "–" if mine is None else f"{mine / 2**20:.0f}",
        f"{min(peers) / 2**20:.0f}" if peers else "–",
    )


def main() -> None:
    """Measure what the file does not have yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    names = [case.name for case in CASES]
    parser.add_argument("--cases", nargs="+", default=names, choices=names)
    options = parser.parse_args()
    facts = machine.facts(1)
    stored = {key: facts[key] for key in ("date", "isa", "versions")} | {"records": []}
    if options.out.exists():
        stored = json.loads(options.out.read_text(encoding="utf-8"))
    measured = {(r["work"], r["dataset"], r["factors"], r["engine"]) for r in stored["records"]}
    for case in CASES:
        if case.name not in options.cases:
            continue
        for engine in (OURS, *PEERS):
            work = asdict(case)
            if (work["work"], work["dataset"], work["factors"], engine) in measured:
                continue
            record = measure(case, engine, facts["processor"])
            stored["records"].append(record)
            options.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
            shown = record.get("error") or [round(e["seconds"], 2) for e in record["epochs"]]
            print(line([case.name, engine, str(shown)]), flush=True)
    print(section(stored))


if __name__ == "__main__":
    main()
