"""How near the defaults of models without epochs come to a random search of their settings.

    python -m benchmarks.family_defaults [KIND …] --data FOLDER [--datasets NAME …] [--trials 60]

Settings are chosen on the validation part, cut from the training part; then the best of them and
the defaults are measured once on the test part. It prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import penchant
from benchmarks.quality import data
from benchmarks.quality.families import Settings, draw, of_kind
from penchant.models import class_of

KINDS = ("item-neighbors", "user-neighbors", "graph-filter", "pure-svd", "slim", "ease")
METRIC = data.METRICS[0]


def sampled(split: penchant.Split, n: int) -> penchant.Split:
    """Return the split with the held-out interactions of n of its users, drawn at random."""
    rows = split.test.csr
    keep = np.zeros(rows.n_rows, dtype=bool)
    keep[np.random.default_rng(0).choice(rows.n_rows, min(n, rows.n_rows), replace=False)] = True
    return replace(split, test=split.test.select(keep[rows.row_of_entry]))


def measured(kind: str, settings: Settings, split: penchant.Split, threads: int) -> float:
    """Fit on the training part and return the metric on the test part; 0 if the fit is refused."""
    try:
        model: Any = class_of(kind)(**settings, threads=threads)
        model.fit(split.train)
    except penchant.PenchantError:
        return 0.0
    evaluation = penchant.evaluate(model, split, metrics=METRIC, bootstrap=0, threads=threads)
    return float(evaluation[METRIC])


def compare(kind: str, dataset: str, options: argparse.Namespace) -> str:
    """Return a row of the table."""
    read = data.READERS[dataset](options.data / dataset).with_item_features(None)
    final, validation = data.splits(read)
    validation = sampled(validation, options.users)
    space = dict(of_kind(kind).space)
    if (read.csr.values == 1).all():
        space.pop("confidence", None)
    trials = [{}, *(draw(space, 0, number) for number in range(1, options.trials))]
    values = [measured(kind, trial, validation, options.threads) for trial in trials]
    best = int(np.argmax(values))
    own, tuned = (measured(kind, trials[at], final, options.threads) for at in (0, best))
    cells = [
        f"{values[0]:.4f} | {values[best]:.4f} | {100 * values[0] / values[best]:.1f}",
        f"{own:.4f} | {tuned:.4f} | {100 * own / tuned:.1f}",
    ]
    print(f"<!-- {kind}, {dataset}: {trials[best]} -->", flush=True)
    return f"| {kind} | {dataset} | {options.trials} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", default=KINDS, metavar="KIND")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--datasets", nargs="*", default=[*data.READERS], metavar="NAME")
    parser.add_argument("--trials", type=int, default=60, help="the defaults among them")
    parser.add_argument("--users", type=int, default=2000, help="users of the validation part")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.getLogger("penchant").setLevel(logging.ERROR)
    print(
        "| family | data | trials | validation: defaults | best | % | test: defaults | best | % |"
    )
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for kind in options.kinds:
        for dataset in options.datasets:
            print(compare(kind, dataset, options), flush=True)


if __name__ == "__main__":
    main()
