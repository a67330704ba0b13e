"""NDCG@10 and processor seconds of the linear models on validation data.

    python -m benchmarks.linear [NAME …] [--sequences FILE] [--threads 1]

A fifth of the interactions is held out and not used; of the rest a fifth is held out for the
table. Interactions count 1. ``--sequences`` as for benchmarks.slim.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import penchant
from benchmarks.slim import of_rows, of_sequences
from penchant import EASE, SLIM

DENSE = [
    EASE(),
    EASE(regularization=500),
    EASE(regularization=500, dropout=0.1),
    EASE(regularization=200, dropout=0.3),
    EASE(regularization=500, neighbors=100),
    EASE(regularization=500, neighbors=400),
    SLIM(),
    SLIM(l1=0.5, l2=200),
    SLIM(l1=2, l2=200),
    SLIM(l1=5, l2=200),
    SLIM(l1=2, l2=200, neighbors=200),
]
SPARSE = [
    EASE(),
    EASE(regularization=20, dropout=0.3),
    EASE(neighbors=50),
    EASE(neighbors=200),
    EASE(neighbors=200, dropout=0.3),
    SLIM(),
    SLIM(l1=0.2, l2=5),
    SLIM(l1=0.2, l2=50),
    SLIM(l1=0.2, l2=20, neighbors=50),
]


def measured(data: penchant.Interactions, models: list[penchant.Model]) -> Iterator[str]:
    """Yield a row of the table for each model."""
    outer = penchant.split.random_fraction(data, 0.2, seed=0)
    inner = penchant.split.random_fraction(outer.train, 0.2, seed=1)
    for model in models:
        began = time.process_time()
        model.fit(inner.train)
        seconds = time.process_time() - began
        ndcg = penchant.evaluate(model, inner, metrics=["ndcg"], bootstrap=0)["ndcg@10"]
        defaults = type(model)().settings
        changed = ", ".join(
            f"{name}={value:g}"
            for name, value in model.settings.items()
            if value != defaults[name] and name != "threads"
        )
        yield f"| {type(model).__name__}({changed}) | {ndcg:.4f} | {seconds:.1f} |"


def main() -> None:
    """Print a table for each data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["ml-1m", "lastfm-2k"])
    parser.add_argument("--sequences", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    sets = {name: of_rows(name) for name in options.names}
    if options.sequences is not None:
        sets[options.sequences.parent.name] = of_sequences(options.sequences)
    for name, data in sets.items():
        models = DENSE if name == "ml-1m" else SPARSE
        print(f"\n| {name} | NDCG@10 | CPU s |\n|---|---|---|")
        for row in measured(data, [m.with_settings(threads=options.threads) for m in models]):
            print(row, flush=True)


if __name__ == "__main__":
    main()
