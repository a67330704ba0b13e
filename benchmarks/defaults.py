"""How the defaults of ALS were chosen, and how near they come to a search.

    python -m benchmarks.defaults [--data FOLDER] [--threads N] grid | search [NAME …]

``grid`` measures weights of unobserved cells and regularizations on validation parts, and for each
data set the pair that the other data sets would choose. ``search`` tunes ALS by 60 trials on the
validation part of each data set, and measures the best of them and the defaults once on the test
part. Both print tables in Markdown; the folder holds the data sets by their publishers' names.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import penchant
from penchant.models.als.settings import LAMBDA, NU, SHARE

SHARES = (2.5, 5.0, 10.0, 20.0)
PENALTIES = (0.05, 0.07, 0.085, 0.1, 0.12)
TRIALS, EPOCHS = 60, (15,)
SPACE = {
    "factors": (32, 512, "log"),
    "unobserved_share": (1.0, 50.0, "log"),
    "regularization": (0.01, 0.5, "log"),
    "regularization_scaling": (0.5, 1.0),
}


def _sequences(name: str) -> penchant.Interactions:
    """Read Amazon's purchases: a line for each user, the user's number and then the items."""
    users, items = [], []
    path = Path(os.environ["PENCHANT_DATA"]) / name / "sequences.txt"
    for line in path.read_text().splitlines():
        user, *history = line.split()
        users += [user] * len(history)
        items += history
    return penchant.Interactions.from_arrays(users, items, name=name)


def _plays(least: int) -> penchant.Interactions:
    return penchant.datasets.load("lastfm-2k").threshold(least, least)


DATA: dict[str, Callable[[], penchant.Interactions]] = {
    "Last.fm, raw plays": lambda: _plays(1),
    "Last.fm, 5 per user and artist": lambda: _plays(5),
    "MovieLens 100K, 4 stars and more": lambda: penchant.datasets.load(
        "movielens-100k", min_rating=4
    ),
    "MovieLens 100K, ratings": lambda: penchant.datasets.load("movielens-100k"),
    "MovieLens 1M, every pair": lambda: penchant.datasets.load("movielens-1m", min_rating=0),
    "Amazon Beauty": lambda: _sequences("amazon-beauty"),
    "Amazon Toys": lambda: _sequences("amazon-toys"),
    "drawn shapes": penchant.datasets.shapes,
}


def splits_of(name: str) -> tuple[penchant.Split, penchant.Split]:
    """Return the split with the test part, and that of its training part for choosing."""
    final = penchant.split.random_fraction(DATA[name](), 0.2, seed=0)
    return final, penchant.split.random_fraction(final.train, 0.2, seed=1)


def ndcg(model: penchant.ALS, split: penchant.Split) -> float:
    """Fit a model on the training part and return its NDCG@10 on the test part."""
    fitted = model.fit(split.train)
    return float(penchant.evaluate(fitted, split, metrics=["ndcg@10"], bootstrap=0)["ndcg@10"])


def grid(names: list[str], threads: int | None) -> None:
    """Print the table of shares and penalties, and what leaving out each data set would choose."""
    points = [(share, penalty) for share in SHARES for penalty in PENALTIES]
    values = np.zeros((len(points), len(names)))
    for column, name in enumerate(names):
        _, validation = splits_of(name)
        for row, (share, penalty) in enumerate(points):
            model = penchant.ALS(
                factors=128,
                unobserved_share=share,
                regularization=penalty,
                regularization_scaling=NU,
                threads=threads,
            )
            values[row, column] = ndcg(model, validation)
    shares = 100 * values / values.max(axis=0)
    print("| share | λ |", " | ".join(names), "| least |")
    print("|---|---|" + "---|" * (len(names) + 1))
    for (share, penalty), row in zip(points, shares, strict=True):
        cells = " | ".join(f"{value:.1f}" for value in row)
        print(f"| {share:g} | {penalty:g} | {cells} | {row.min():.1f} |")
    print("\n| left out | chosen by the others: share, λ | % of the best there |")
    print("|---|---|---|")
    for column, name in enumerate(names):
        others = np.delete(shares, column, axis=1)
        at = int(others.mean(axis=1).argmax())
        print(f"| {name} | {points[at][0]:g}, {points[at][1]:g} | {shares[at, column]:.1f} |")


def search(names: list[str], threads: int | None) -> None:
    """Print NDCG@10 of the defaults and of the best of 60 trials, both measured once."""
    print("| data | validation: defaults | best of 60 | % | test: defaults | best of 60 | % |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        final, validation = splits_of(name)
        space: dict[str, Any] = {**SPACE, "threads": threads}
        values = validation.train.csr.values
        if values.min() != values.max():
            space["confidence"] = ["linear", "log", "binary"]
        result = penchant.tune(
            penchant.ALS,
            space,
            validation,
            sampler="tpe",
            trials=TRIALS,
            epochs=EPOCHS,
            prune=False,
            storage=None,
        )
        defaults = penchant.ALS(threads=threads)
        best = penchant.ALS(**result.settings)
        own, tuned = ndcg(defaults.with_settings(), validation), result.best.value
        tested, ceiling = ndcg(defaults, final), ndcg(best, final)
        print(
            f"| {name} | {own:.4f} | {tuned:.4f} | {100 * own / tuned:.1f} "
            f"| {tested:.4f} | {ceiling:.4f} | {100 * tested / ceiling:.1f} |",
            flush=True,
        )
        print(f"<!-- {name}: {result.settings} -->", flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["grid", "search"])
    parser.add_argument("names", nargs="*", default=list(DATA))
    parser.add_argument("--data", help="folder of the data sets; default PENCHANT_DATA")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.data:
        os.environ["PENCHANT_DATA"] = options.data
    print(f"defaults: share {SHARE:g}, λ {LAMBDA:g}, ν {NU:g}\n")
    {"grid": grid, "search": search}[options.what](options.names, options.threads)


if __name__ == "__main__":
    main()
