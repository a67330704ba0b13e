"""The data sets of the quality benchmark, and the split of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import penchant

PROTOCOL = "lightgcn"
METRICS = ("ndcg@10", "recall@20", "recall_truncated@20")
"""Measured on the test part; settings are chosen by the first one on the validation part."""


def _lastfm(folder: Path) -> penchant.Interactions:
    data = penchant.datasets.load("lastfm-2k", folder).threshold(5, 5)
    lines = (folder / "user_taggedartists.dat").read_text(encoding="utf-8").splitlines()[1:]
    tags: dict[int, dict[str, float]] = {}
    for line in lines:
        fields = line.split("\t")
        if len(fields) != 6:  # the end of a copy that was cut
            continue
        artist, tag = fields[1:3]
        counts = tags.setdefault(int(artist), {})
        counts[tag] = counts.get(tag, 0.0) + 1.0
    return data.with_item_features(penchant.Features.of(tags).normalized("l2"))


def _movielens(size: str) -> Callable[[Path], penchant.Interactions]:
    def read(folder: Path) -> penchant.Interactions:
        data = penchant.datasets.load(f"movielens-{size}", folder, min_rating=0)
        return data.with_item_features(penchant.Features.of_tags(data.catalog).normalized("l2"))

    return read


def _amazon(folder: Path) -> penchant.Interactions:
    """Read a line per user: the user, then the items in the order of time."""
    users, items = [], []
    for line in (folder / "sequences.txt").read_text(encoding="utf-8").splitlines():
        user, *sequence = map(int, line.split())
        users += [user] * len(sequence)
        items += sequence
    data = penchant.Interactions.from_arrays(users, items, name=folder.name)
    attributes = json.loads((folder / "item_attributes.json").read_text(encoding="utf-8"))
    features = penchant.Features.of({int(item): names for item, names in attributes.items()})
    return data.with_item_features(features.normalized("l2"))


READERS: dict[str, Callable[[Path], penchant.Interactions]] = {
    "lastfm-2k": _lastfm,
    "ml-100k": _movielens("100k"),
    "ml-1m": _movielens("1m"),
    "amazon-beauty": _amazon,
    "amazon-toys": _amazon,
}
"""Name, also of the folder, → reader."""


def splits(data: penchant.Interactions) -> tuple[penchant.Split, penchant.Split]:
    """Return the final split, and the split of its training part that settings are chosen on."""
    final = penchant.protocols.apply(PROTOCOL, data, seed=0)
    return final, penchant.protocols.apply(PROTOCOL, final.train, seed=1)
