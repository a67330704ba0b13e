"""Processor seconds of an ALS epoch by phase, and the share of the measured FMA peak.

    python -m benchmarks.epoch_profile [--data NAME …] [--factors F …] [--epochs 3] [--scaled]

One thread, a fit of its own for each line; the first epoch, which has no momentum, is left out.
The weights are those of the other benchmarks, with the same λ for all rows; with ``--scaled`` λ
grows with the entries of the row. GFLOP are those of dense products by the formulation that solves
these rows (:mod:`benchmarks.flops`), without eigenproblems and rows, and their share is that of the
whole epoch.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np

from benchmarks import datasets, flops, machine
from benchmarks.engines.penchant_als import interactions
from benchmarks.objective import Weights
from penchant import ALS
from penchant.engines.local import PHASES, LocalEngine
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
    loss: float

    def line(self, peak: float) -> str:
        """Return a row of the table; ``peak`` in GFLOP/s."""
        total = sum(self.seconds.values())
        cells = [
            f"{self.data}, {self.factors}",
            f"{total:.3f}",
            *(f"{self.seconds[phase]:.3f}" for phase in PHASES),
            f"{self.flops / 1e9:.1f}",
            f"{self.flops / 1e9 / total / peak:.0%}",
            f"{self.loss:.6g}",
        ]
        return "| " + " | ".join(cells) + " |"


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
    losses: list[float] = []

    def after(epoch: Epoch) -> None:
        snapshots.append(dict(engine.seconds))
        losses.append(math.nan if epoch.loss is None else epoch.loss)

    model = ALS(
        factors=factors,
        iterations=epochs,
        alpha=weights.alpha,
        regularization=weights.regularization,
        regularization_scaling=0.5 if scaled else 0.0,
        seed=0,
        threads=1,
    )
    model.fit(interactions(rows), on_epoch=after, track_loss=True, engine=engine)
    each = {
        phase: float(np.median(np.diff([snapshot[phase] for snapshot in snapshots])))
        for phase in PHASES
    }
    counted = flops.of_rotated_epoch(rows.n_rows, rows.n_columns, factors)
    return Profile(name, factors, each, counted, losses[-1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=DATA, choices=datasets.NAMES)
    parser.add_argument("--factors", nargs="+", type=int, default=FACTORS)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--scaled", action="store_true")
    options = parser.parse_args()
    peak = machine.fma_peak(1)
    print(f"peak of one core: {peak or math.nan:.0f} GFLOP/s\n")
    columns = ["", "seconds", *PHASES, "GFLOP", "of the peak", "loss"]
    print("| " + " | ".join(columns) + " |")
    print("| --- |" + " --- |" * (len(columns) - 1))
    for name in options.data:
        for factors in options.factors:
            result = profile(name, factors, options.epochs, scaled=options.scaled)
            print(result.line(peak or math.nan), flush=True)


if __name__ == "__main__":
    main()
