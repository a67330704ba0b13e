"""Visual similarity: how well vectors of pictures find similar items of a synthetic catalog.

    python examples/visual.py [network.onnx]

Computes vectors of the pictures of the synthetic catalog of shapes, by histograms of colors and
edges or by your own network, and counts how many of an item's ten nearest neighbors share its
color, form and finish. cold_items.py measures the benefit of pictures for new items.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np

import penchant

ASPECTS = ("color", "form", "finish")


def shared(answers: penchant.Recommendations, tags: Mapping[object, tuple[str, ...]]) -> np.ndarray:
    """Return the shares of similar items with the same color, form and finish as the query."""
    pairs = [(tags[row.query], tags[row.id]) for row in answers]
    return np.mean([[a == b for a, b in zip(*pair, strict=True)] for pair in pairs], axis=0)


def at_random(tags: Mapping[object, tuple[str, ...]]) -> np.ndarray:
    """Return the same shares for pairs of random items."""
    shares = []
    for column in zip(*tags.values(), strict=True):
        counts = np.unique(column, return_counts=True)[1]
        shares.append(np.sum(counts * (counts - 1)) / (len(tags) * (len(tags) - 1)))
    return np.array(shares)


def main(network: str | None = None, items: int = 2000, users: int = 6000) -> dict[str, np.ndarray]:
    likes = penchant.datasets.shapes(items, users).threshold(5, 5)
    pictures = penchant.images.embed(likes.catalog, network).features
    words = penchant.texts.embed({item: likes.catalog.tags_of(item) for item in likes.items})
    models = {
        "by pictures: Content": penchant.Content(pictures).fit(likes),
        "by tags: Content": penchant.Content(words).fit(likes),
        "by likes: ALS": penchant.ALS(factors=64, alpha=10.0, regularization=10.0).fit(likes),
    }
    tags = {item: likes.catalog.tags_of(item) for item in likes.items}
    every = list(likes.items)
    shares_of = {
        name: shared(model.similar_items(every, 10), tags) for name, model in models.items()
    }
    shares_of["at random"] = at_random(tags)
    print(f"{'the same of ten neighbors':<28}" + "".join(f"{aspect:>9}" for aspect in ASPECTS))
    for name, shares in shares_of.items():
        print(f"{name:<28}" + "".join(f"{share:9.1%}" for share in shares))
    return shares_of


if __name__ == "__main__":
    main(*sys.argv[1:2])
