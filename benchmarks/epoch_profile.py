"""Processor seconds of an ALS epoch by phase, and the share of the measured FMA peak.

    python -m benchmarks.epoch_profile [--data NAME …] [--factors F …] [--epochs 4] [--scaled]

One thread, a fit of its own for each line; the first epoch, which has no momentum, is left out.
The weights are those of the other benchmarks, with the same λ for all rows; with ``--scaled`` λ
grows with the entries of the row. GFLOP are those of dense products by the formulation that solves
these rows (:mod:`benchmarks.flops`), without decompositions and rows, and their share is that of
the whole epoch. Since processor time is measured, other processes matter little, except for the
peak: give one of a quiet moment by ``--peak``. ``--out`` writes the file that
``benchmarks.report`` reads.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import datasets, flops, machine
from benchmarks.engines.penchant_als import interactions
from benchmarks.markdown import line, table
from benchmarks.objective import Weights
from penchant import ALS
from penchant.engines.local import PHASES, LocalEngine
from penchant.engines.whitening import WHITENED_FROM
from penchant.models.epoch import Epoch

DATA = ("sketchfab", "ml-1m")
FACTORS = (256, 512, 1024, 2048)


@dataclass(frozen=True)
class Profile:
    """Processor seconds of one epoch, by phase."""

    data: str
    factors: int
    seconds: dict[str, float]
    flops: float

    def cells(self, peak: float) -> list[str]:
        """Return a row of the table; ``peak`` in GFLOP/s."""
        total = sum(self.seconds.values())
        return [
            f"{self.data}, {self.factors}",
            f"{total:.3f}",
            *(f"{self.seconds[phase]:.3f}" for phase in PHASES),
            f"{self.flops / 1e9:.1f}",
            f"{self.flops / 1e9 / total / peak:.0%}",
        ]


COLUMNS = ["", "seconds", *PHASES, "GFLOP", "of the peak"]


def section(stored: dict[str, Any]) -> str:
    """Return the section of the manual on a file of ``--out``."""
    rows = [Profile(**values).cells(stored["peak"]) for values in stored["profiles"]]
    return (
        "## Processor seconds of an epoch by phase, many factors\n\n"
        f"One thread, {stored['processor']}, instruction set {stored['isa']}, FMA peak of a core "
        f"{stored['peak']:.0f} GFLOP/s. GFLOP are those of the dense products; the share is that "
        "of the whole epoch (`python -m benchmarks.epoch_profile`).\n\n" + table(COLUMNS, rows)
    )


def profile(name: str, factors: int, epochs: int, *, scaled: bool) -> Profile:
    """Fit on one thread and return the median seconds of an epoch after the first.

    Parameters
    ----------
    name
        The data set.
    factors, epochs
        Settings of the fit; at least two epochs.
    scaled
        Whether λ grows with the entries of a row.
    """
    rows, weights = datasets.load(datasets.prepare(name)), Weights()
    engine = LocalEngine(1)
    snapshots: list[dict[str, float]] = []

    def after(_: Epoch) -> None:
        snapshots.append(dict(engine.seconds))

    model = ALS(
        factors=factors,
        iterations=epochs,
        alpha=weights.alpha,
        regularization=weights.regularization,
        regularization_scaling=0.5 if scaled else 0.0,
        seed=0,
        threads=1,
    )
    model.fit(interactions(rows), on_epoch=after, engine=engine)
    each = {
        phase: float(np.median(np.diff([snapshot[phase] for snapshot in snapshots])))
        for phase in PHASES
    }
    whitened = factors >= WHITENED_FROM and not scaled
    count = flops.of_whitened_epoch if whitened else flops.of_rotated_epoch
    return Profile(name, factors, each, count(rows.n_rows, rows.n_columns, factors))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=DATA, choices=datasets.NAMES)
    parser.add_argument("--factors", nargs="+", type=int, default=FACTORS)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--scaled", action="store_true")
    parser.add_argument("--peak", type=float, help="GFLOP/s of one core")
    parser.add_argument("--out", type=Path, help="file to write, see benchmarks.report")
    options = parser.parse_args()
    peak = options.peak or machine.fma_peak(1) or math.nan
    print(f"peak of one core: {peak:.0f} GFLOP/s\n\n{table(COLUMNS, [])}", end="")
    profiles = []
    for name in options.data:
        for factors in options.factors:
            profiles.append(profile(name, factors, options.epochs, scaled=options.scaled))
            print(line(profiles[-1].cells(peak)), flush=True)
    if options.out is not None:
        facts = machine.facts(1)
        stored = {
            **{key: facts[key] for key in ("date", "processor", "isa", "versions")},
            "peak": peak,
            "profiles": [asdict(result) for result in profiles],
        }
        options.out.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
