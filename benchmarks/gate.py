"""Compare penchant's speed with one peer (implicit) and fail when a ratio has fallen.

``make bench-gate`` takes one to two minutes. A ratio is the peer's seconds over penchant's, so that
the machine's speed cancels; both take turns, each measurement in a process of its own.
benchmarks/gate.json holds the median ratio of each case and its noise: the largest relative
deviation of a round from the median. A case fails when the median of its rounds is below
ratio · (1 − noise then − noise now), since both medians are noisy.
``--write`` replaces the file by the figures of this run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import datasets, machine
from benchmarks.run import BLAS
from benchmarks.targets import epoch_seconds

BASELINE = Path(__file__).with_name("gate.json")
DATASET = "sketchfab"  # generated from a seed: no download
FACTORS = 64
THREADS = 2
ROUNDS = 5
MAX_NOISE = 0.5  # noisier cases are not judged: measure on a quieter machine
LIMIT = 120.0  # seconds for one measurement


@dataclass(frozen=True)
class GateCase:
    """One comparison: a job of benchmarks.jobs, and the engines that it is run with."""

    name: str
    job: str
    ours: str
    peer: str
    arguments: dict[str, Any]


CASES = (
    GateCase("fit, exact", "fit", "penchant exact", "implicit exact",
             {"epochs": 3, "with_loss": False}),
    GateCase("fit, conjugate gradients", "fit", "penchant cg", "implicit cg",
             {"epochs": 4, "with_loss": False}),
    GateCase("recommend", "serve", "penchant auto", "implicit cg",
             {"work": "recommend", "repeat": 2}),
)  # fmt: skip


@dataclass(frozen=True)
class Ratio:
    """The median ratio of some rounds, and the largest relative deviation from it."""

    ratio: float
    noise: float

    @classmethod
    def of_rounds(cls, ratios: list[float]) -> Ratio:
        middle = median(ratios)
        return cls(middle, max(abs(ratio / middle - 1) for ratio in ratios))

    def has_fallen(self, before: Ratio) -> bool:
        """Return whether this ratio is lower than before by more than the noise of both."""
        return self.ratio < before.ratio * (1 - self.noise - before.noise)

    @property
    def is_too_noisy(self) -> bool:
        return self.noise > MAX_NOISE


def seconds(case: GateCase, engine: str, data: Path) -> float:
    """Return the seconds of one epoch, or of one call, measured in a new process."""
    arguments = {
        "engine": engine, "data": str(data), "threads": THREADS, "factors": FACTORS,
        **case.arguments,
    }  # fmt: skip
    completed = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", case.job, json.dumps(arguments)],
        env={**os.environ, **dict.fromkeys(BLAS, "1")},
        capture_output=True, text=True, timeout=LIMIT, check=False, cwd=machine.ROOT,
    )  # fmt: skip
    lines = completed.stdout.strip().splitlines()
    result = json.loads(lines[-1]) if lines else {"error": completed.stderr[-300:]}
    if "error" in result:
        raise SystemExit(f"{case.name}, {engine}: {result['error']}")
    if "epochs" in result:
        return epoch_seconds(result["epochs"])
    return float(min(result["times"]))


def measure(case: GateCase, data: Path, rounds: int) -> Ratio:
    """Return the ratio of one case; the engines take turns."""
    ratios = []
    for _ in range(rounds):
        ours = seconds(case, case.ours, data)  # first, since the peer scores its factors
        ratios.append(seconds(case, case.peer, data) / ours)
    return Ratio.of_rounds(ratios)


def read_baseline(path: Path = BASELINE) -> dict[str, Ratio]:
    """Return the committed ratios by case; none if there is no file."""
    if not path.exists():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {name: Ratio(**values) for name, values in stored["ratios"].items()}


def write_baseline(ratios: dict[str, Ratio], path: Path = BASELINE) -> None:
    """Store ratios with the machine that they were measured on."""
    facts = machine.facts(THREADS)
    stored = {
        "machine": {key: facts[key] for key in ("date", "processor", "cores", "isa", "versions")},
        "ratios": {
            name: {"ratio": round(value.ratio, 2), "noise": round(value.noise, 3)}
            for name, value in ratios.items()
        },
    }
    path.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def verdict(measured: Ratio, before: Ratio | None) -> str:
    """Return "ok", or what is wrong."""
    if before is None:
        return "not in gate.json"
    if measured.is_too_noisy:
        return "too noisy, measure again"
    return "FALLEN" if measured.has_fallen(before) else "ok"


def main() -> int:
    """Measure all cases; return 1 if one has fallen or can't be judged."""
    parser = argparse.ArgumentParser(prog="benchmarks.gate", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="measurements of each case")
    parser.add_argument("--write", action="store_true", help="write gate.json from this run")
    options = parser.parse_args()
    data, baseline = datasets.prepare(DATASET), read_baseline()
    print(f"{'case':28} {'before':>8} {'now':>8} {'noise':>7}")
    measured, passed = {}, True
    for case in CASES:
        measured[case.name] = now = measure(case, data, options.rounds)
        before = baseline.get(case.name)
        text = verdict(now, before)
        shown = f"{before.ratio:8.2f}" if before else f"{'–':>8}"
        print(f"{case.name:28} {shown} {now.ratio:8.2f} {now.noise:7.0%}  {text}", flush=True)
        passed = passed and text == "ok"
    if options.write:
        write_baseline(measured)
        return 0
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
