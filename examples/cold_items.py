"""New items: the benefit of features for items with no interactions, and with few.

    python examples/cold_items.py [folder with user_artists.dat and user_taggedartists.dat]

A fifth of all items is held out with all interactions, and only these are recommended; then a
hundred items are added with a few of their interactions. With a folder (HetRec 2011) this is done
for the artists and tags of Last.fm, and always for the synthetic catalog of shapes with its colors,
forms and finishes, and its pictures. Settings of ALS and HybridALS are the best of ten for ALS on
known items; Ranking has its defaults.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import penchant
from penchant.models._scoring.scorers import BlockScorer, FactorScorer, Scorer

METRICS = ("ndcg", "precision", "auc")
GIVEN = (0, 1, 2, 5, 10, 20)
Measured = tuple[penchant.Interactions, dict[str, object], penchant.Features | None]
"""Interactions with features of items, settings of ALS, and vectors of pictures."""


class Chance:
    """Score items at random."""

    def fit(self, interactions: penchant.Interactions) -> Chance:
        return self

    def scorer(self, interactions: penchant.Interactions) -> Scorer:
        def drawn(span: slice) -> np.ndarray:
            rng = np.random.default_rng(span.start)
            return rng.random((span.stop - span.start, interactions.n_items), dtype=np.float32)

        return BlockScorer(interactions.n_users, interactions.n_items, drawn)


class SameForAll:
    """Score items by the popularity of their features: the mean popularity of items with them."""

    def fit(self, interactions: penchant.Interactions) -> SameForAll:
        rows = interactions.item_features.aligned(interactions.items)
        counts = np.bincount(interactions.csr.indices, minlength=interactions.n_items)
        total = np.bincount(rows.indices, rows.values * counts[rows.row_of_entry], rows.n_columns)
        weight = np.bincount(rows.indices, rows.values, rows.n_columns)
        mean = total / np.maximum(weight, 1e-9)
        row, n = rows.row_of_entry, interactions.n_items
        self.scores = np.bincount(row, rows.values * mean[rows.indices], n).astype(np.float32)
        return self

    def scorer(self, interactions: penchant.Interactions) -> Scorer:
        ones = np.ones((interactions.n_users, 1), dtype=np.float32)
        return FactorScorer(ones, self.scores[:, np.newaxis])


def lastfm(folder: str) -> Measured:
    data = penchant.datasets.load("lastfm-2k", path=folder).threshold(5, 3)
    tags = penchant.read_features(
        Path(folder) / "user_taggedartists.dat", item="artistID", feature="tagID"
    )
    settings = {"confidence": "log", "alpha": 10.0, "regularization": (100.0, 300.0)}
    return data.with_item_features(tags.at_least(3).normalized("l2")), settings, None


def shapes() -> Measured:
    data = penchant.datasets.shapes().threshold(5, 5)
    tags = penchant.Features.of_tags(data.catalog)
    settings = {"alpha": 10.0, "regularization": 100.0}
    described = data.with_item_features(tags.normalized("l2"))
    return described, settings, penchant.images.embed(data.catalog).features


def cold(
    data: penchant.Interactions,
    settings: dict[str, object],
    pictures: penchant.Features | None = None,
) -> Iterator[tuple[str, object]]:
    """Measure lists of the held-out items."""
    split = penchant.split.cold_items(data, 0.2, seed=0)
    models = {
        "at random": Chance(),
        "Popularity": penchant.Popularity(),
        "popularity of features": SameForAll(),
        "Content, features": penchant.Content(),
        "Ranking": penchant.Ranking(),
        "HybridALS": penchant.HybridALS(**settings),
    }
    if pictures is not None:
        models = {"Content, pictures": penchant.Content(pictures), **models}
    for name, model in models.items():
        fitted = model.fit(split.train)
        yield name, penchant.evaluate(fitted, split, metrics=METRICS)


def warm(data: penchant.Interactions, settings: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Measure with five known items of each user held out, with and without features."""
    split = penchant.split.leave_k_out(data, 5, seed=0)
    plain = split.train.with_item_features(None)
    for name, model, train in (
        ("Popularity", penchant.Popularity(), plain),
        ("Ranking without features", penchant.Ranking(), plain),
        ("Ranking", penchant.Ranking(), split.train),
        ("ALS", penchant.ALS(**settings), plain),
        ("HybridALS", penchant.HybridALS(**settings), split.train),
    ):
        measured = dataclasses.replace(split, train=train)
        yield name, penchant.evaluate(model.fit(train), measured, metrics=METRICS)


def arriving(data: penchant.Interactions, settings: dict[str, object]) -> Iterator[tuple[int, ...]]:
    """Yield the AUC of new items with a few interactions: their later likers against other users.

    For each number of given interactions: the mean AUC with the items' features and without.
    """
    split = penchant.split.cold_items(data, n=100, min_interactions=2 * max(GIVEN), seed=0)
    model = penchant.HybridALS(**settings).fit(split.train)
    rng = np.random.default_rng(0)
    taken = split.test.to_scipy().tocsc()
    audiences = [rng.permutation(taken[:, [item]].indices) for item in split.candidates]
    with_features = data.item_features.ids
    features = [
        data.item_features.row(item) if item in with_features else {}
        for item in data.items[split.candidates].tolist()
    ]
    for shown in GIVEN:
        first = [
            {data.users[user]: float(taken[user, item]) for user in audience[:shown].tolist()}
            for item, audience in zip(split.candidates, audiences, strict=True)
        ]
        aucs = []
        for rows in (features, None):
            scores = model.fold_in_items(first, features=rows) @ model.user_factors.T
            aucs.append(np.mean([*map(auc, scores, audiences)]))
        yield shown, *aucs


def auc(scores: np.ndarray, audience: np.ndarray) -> float:
    """Return the share of pairs of a later liker and another user that are ranked correctly."""
    others = np.sort(np.delete(scores, audience))
    later = scores[audience[max(GIVEN) :]]
    below = np.searchsorted(others, later) + np.searchsorted(others, later, side="right")
    return float(below.mean() / (2 * len(others)))


def line(name: str, evaluation: penchant.Evaluation) -> str:
    cells = [
        f"{evaluation[metric]:.3f} ({low:.3f} to {high:.3f})"
        for metric in METRICS
        for low, high in [evaluation.intervals[metric if metric == "auc" else f"{metric}@10"]]
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def main(folder: str | None = None) -> dict[str, penchant.Evaluation]:
    results = {}
    for data, settings, pictures in ([lastfm(folder)] if folder else []) + [shapes()]:
        print(f"\n{data!r}\n{data.item_features!r}\n")
        for title, measured in (
            ("new items", cold(data, settings, pictures)),
            ("known items", warm(data, settings)),
        ):
            print(f"| {title} | ndcg@10 | precision@10 | auc |\n|---|---|---|---|")
            for name, figures in measured:
                results[f"{data.name}, {title}, {name}"] = figures
                print(line(name, figures), flush=True)
            print()
        print("| interactions so far | auc with features | auc without |\n|---|---|---|")
        for shown, *figures in arriving(data, settings):
            print(
                f"| {shown} | " + " | ".join(f"{value:.3f}" for value in figures) + " |", flush=True
            )
    return results


if __name__ == "__main__":
    main(*sys.argv[1:2])
