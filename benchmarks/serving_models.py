"""Models that a server is measured with, and the requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

import numpy as np

from penchant.data import datasets
from penchant.data.catalog import Catalog
from penchant.data.csr import Csr
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions
from penchant.models.als.model import ALS
from penchant.models.als.state import SideState, State

ASKED = 20_000  # different questions of each kind
_SYLLABLES = [
    "ra",
    "mo",
    "ti",
    "lek",
    "sun",
    "bar",
    "no",
    "vi",
    "que",
    "der",
    "ston",
    "ex",
    "al",
    "phi",
    "gor",
    "lu",
    "ma",
    "ne",
    "or",
    "pa",
]
_WORDS = 6_000


class Subject(NamedTuple):
    """A model to serve: its file, and some of its users, items and names."""

    path: Path
    shape: str
    users: list[Id]
    items: list[Id]
    names: list[str]

    def questions(self) -> dict[str, list[str]]:
        """Return kind of request → addresses of the API, with few repetitions."""
        rng = np.random.default_rng(1)
        users, items = rng.permutation(len(self.users)), rng.permutation(len(self.items))
        typed = list(as_typed(self.names, 2_000))
        questions = {
            "recommend": [f"recommend?k=20&user={self.users[at]}" for at in users[:ASKED]],
            "similar": [f"similar?k=20&item={self.items[at]}" for at in items[:ASKED]],
            "search": [f"search?q={quote_plus(text)}" for text in typed],
        }
        return {kind: paths for kind, paths in questions.items() if paths}


def demo(path: Path) -> Subject:
    """Return a model like that of ``penchant demo``."""
    data = datasets.shapes(2000, 6000, 0).threshold(5, 5)
    ALS(factors=64, alpha=30.0, regularization=0.045, iterations=5).fit(data).save(path)
    return _subject(path, data, 64)


def large(path: Path, n: int = 300_000, factors: int = 64) -> Subject:
    """Return a model of random vectors and ten random likes per user, as fast as a fitted one."""
    return _random(path, n, n, factors)


def named(path: Path) -> Subject:
    """Return a model of 100,000 items, for requests that search names."""
    return _random(path, 1_000, 100_000, 8)._replace(users=[])


def _random(path: Path, n_users: int, n_items: int, factors: int) -> Subject:
    rng = np.random.default_rng(0)
    columns = np.sort(rng.integers(n_items, size=(n_users, 10), dtype=np.int32), axis=1)
    fresh = np.ones((n_users, 10), dtype=bool)
    fresh[:, 1:] = columns[:, 1:] != columns[:, :-1]
    pointers = np.concatenate([[0], np.cumsum(fresh.sum(axis=1))]).astype(np.int64)
    ones = np.ones(int(pointers[-1]), dtype=np.float32)
    likes = Csr(pointers, columns[fresh], ones, n_items)
    data = Interactions(likes, IdMap.range(n_users, "user"), IdMap.range(n_items, "item"))
    data = data.with_catalog(Catalog(data.items, names=made_up_names(n_items)))
    model = ALS(factors=factors)
    drawn = [rng.normal(0, 0.1, (n, factors)).astype(np.float32) for n in (n_users, n_items)]
    model._keep(data, State(*(SideState(model._engine, factors) for factors in drawn)))
    model.save(path)
    return _subject(path, data, factors)


def _subject(path: Path, data: Interactions, factors: int) -> Subject:
    assert data.catalog is not None
    assert data.catalog.names is not None
    shape = f"{data.n_users:,} × {data.n_items:,} × {factors}"
    return Subject(path, shape, list(data.users), list(data.items), list(data.catalog.names))


# --- names ------------------------------------------------------------------------------


def made_up_names(n: int) -> list[str]:
    """Return names of one to four words that share syllables, more similar than real names."""
    rng = np.random.default_rng(2)
    lengths = rng.integers(1, 5, _WORDS)
    words = ["".join(rng.choice(_SYLLABLES, k)).capitalize() for k in lengths]
    chosen = rng.integers(_WORDS, size=(n, 4))
    kept = rng.integers(1, 5, n)
    return [" ".join(words[at] for at in row[:k]) for row, k in zip(chosen, kept, strict=True)]


def as_typed(names: list[str], n: int) -> Iterator[str]:
    """Return prefixes of names, every second one with a typing error."""
    rng = np.random.default_rng(3)
    for number in range(n):
        name = names[int(rng.integers(len(names)))]
        text = name[: int(rng.integers(min(2, len(name)), len(name) + 1))]
        yield _slipped(text, rng) if number % 2 and len(text) > 2 else text


def _slipped(text: str, rng: np.random.Generator) -> str:
    """Return a text with a letter left out, added, replaced, or two swapped."""
    at, kind = int(rng.integers(1, len(text))), int(rng.integers(4))
    before, here, after = text[:at], text[at], text[at + 1 :]
    slips = (before + after, f"{before}x{here}{after}", f"{before}z{after}",
             before[:-1] + here + before[-1] + after)  # fmt: skip
    return slips[kind]
