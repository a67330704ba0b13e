"""The table of the README: models on MovieLens 1M, five interactions of each user held out.

    python examples/movielens_1m.py [folder with ratings.dat, or ratings.parquet, and movies.dat]

Without a folder the data set (6 MB) is downloaded once into the cache.
"""

from __future__ import annotations

import sys

import penchant
from penchant.models.base import Model

MODELS: dict[str, Model] = {
    "EASE(regularization=500)": penchant.EASE(regularization=500),
    "EASE()": penchant.EASE(),
    "ALS(factors=128, regularization=0.006, regularization_scaling=1)": penchant.ALS(
        factors=128, regularization=0.006, regularization_scaling=1
    ),
    "ALS(factors=64, regularization=30)": penchant.ALS(factors=64, regularization=30),
    "ALS()": penchant.ALS(),
    "ItemNeighbors(similarity='tfidf')": penchant.ItemNeighbors(similarity="tfidf"),
    "ItemNeighbors()": penchant.ItemNeighbors(),
    "Popularity()": penchant.Popularity(),
}


def main(folder: str | None = None) -> dict[str, float]:
    """Print NDCG@10 with its interval for every model, and return it."""
    data = penchant.datasets.load("movielens-1m", path=folder, min_rating=0)
    split = penchant.split.leave_k_out(data, k=5, seed=0)
    ndcg = {}
    for name, model in MODELS.items():
        measured = penchant.evaluate(model.fit(split.train), split, k=10, metrics=["ndcg"])
        low, high = measured.interval("ndcg@10")
        ndcg[name] = measured["ndcg@10"]
        print(f"{name:64} {ndcg[name]:.3f}  ({low:.3f} … {high:.3f})")
    return ndcg


if __name__ == "__main__":
    main(*sys.argv[1:2])
