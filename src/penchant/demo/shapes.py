"""A synthetic catalog of small solids, and users with known tastes.

Everything is generated, so that nothing is downloaded: the color, form and finish of each item,
how much each user likes each of them, and the likes that follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.demo import render, solids
from penchant.errors import SettingsError

__all__ = ["ShapesWorld", "make"]

# sRGB, 0…1; around the color circle, then ivory, charcoal and brown
COLORS: dict[str, tuple[float, float, float]] = {
    "crimson": (0.80, 0.16, 0.20),
    "orange": (0.93, 0.48, 0.13),
    "yellow": (0.96, 0.80, 0.20),
    "green": (0.36, 0.62, 0.25),
    "teal": (0.10, 0.56, 0.55),
    "sky-blue": (0.38, 0.68, 0.90),
    "navy": (0.16, 0.30, 0.72),
    "violet": (0.48, 0.28, 0.70),
    "pink": (0.92, 0.50, 0.64),
    "ivory": (0.93, 0.90, 0.82),
    "charcoal": (0.20, 0.21, 0.24),
    "brown": (0.45, 0.28, 0.17),
}
FORMS = tuple(solids.FORMS)
FINISHES = tuple(render.FINISHES)
ASPECTS = {"color": tuple(COLORS), "form": FORMS, "finish": FINISHES}

MIN_LIKES, MAX_LIKES = 5, 150  # of one visitor, where there are items enough
_MEAN_LOG_LIKES, _SPREAD_LOG_LIKES = 2.9, 0.8
_GROUPS = 24  # of visitors who share a leaning
_SHARES_GROUP = 0.55  # how often a visitor's favorite is the group's
_STRENGTH = {"color": 3.0, "form": 3.0, "finish": 2.6}  # of a favorite, in log odds
_NEIGHBOR = 0.3  # of that for the values next to the favorite
_CARE_SPREAD = 0.35  # visitors differ in how much they care for each aspect
_WHIM = 0.4  # standard deviation of what no favorite explains
_POPULARITY = 1.0  # standard deviation of the items' log popularity
_CELLS_AT_ONCE = 2_000_000

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


class Pictures(Sequence[str]):
    """The items' pictures as ``data:`` addresses, each drawn at its first use.

    Parameters
    ----------
    colors, forms, finishes, stances
        int64, shape (n_items,): codes into ``COLORS``, ``FORMS``, ``FINISHES`` and the
        stances of ``penchant.demo.solids``.
    """

    def __init__(self, colors: Codes, forms: Codes, finishes: Codes, stances: Codes) -> None:
        self._looks = np.stack([colors, forms, finishes, stances], axis=1)
        # items that look the same share a picture
        self._drawn: dict[tuple[int, ...], str] = {}

    def __len__(self) -> int:
        return len(self._looks)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        look = tuple(self._looks[at].tolist())
        if look not in self._drawn:
            self._drawn[look] = render.to_address(self.pixels(at))
        return self._drawn[look]

    def pixels(self, at: int) -> npt.NDArray[np.uint8]:
        """Return a picture, uint8, shape (96, 96, 3)."""
        color, form, finish, stance = self._looks[at].tolist()
        return render.draw(FORMS[form], stance, FINISHES[finish], tuple(COLORS.values())[color])


@dataclass(frozen=True, eq=False)
class ShapesWorld:
    """The likes, and the tastes that produced them.

    Attributes
    ----------
    interactions
        The data for a model: the likes (every value 1) and the catalog.
    colors, forms, finishes
        int64, shape (n_items,): codes into ``COLORS``, ``FORMS``, ``FINISHES``.
    popularity
        float64, shape (n_items,): the factor of the odds of an item for all users.
    tastes
        For "color", "form" and "finish": float64, shape (n_users, number of values): the log
        odds that each value adds for each visitor.
    """

    interactions: Interactions
    colors: Codes
    forms: Codes
    finishes: Codes
    popularity: Floats
    tastes: dict[str, Floats]

    def affinity(self, users: npt.NDArray[np.integer] | slice = slice(None)) -> Floats:
        """Return the true log odds of some users (codes) for every item: (users, n_items).

        Popularity is not included.
        """
        color, form, finish = (self.tastes[aspect][users] for aspect in ASPECTS)
        return color[:, self.colors] + form[:, self.forms] + finish[:, self.finishes]

    @property
    def looks(self) -> Codes:
        """int64, shape (n_items, 3): the codes of color, form and finish."""
        return np.stack([self.colors, self.forms, self.finishes], axis=1)


def make(n_items: int = 2000, n_users: int = 6000, seed: int = 0) -> ShapesWorld:
    """Generate a catalog, users and their likes; the same arguments give the same data.

    A visitor has a favorite color, form and finish, in part shared with a group, and likes
    the values next to a favorite a little too. The odds of liking an item are the product of
    the odds of its color, form and finish and its popularity; the number of likes is long-tailed,
    5…150, with a mean of about 25. All arithmetic is float64 without sums whose order could
    differ, so that all machines give the same likes; pictures may differ in their last bits.

    Raises
    ------
    SettingsError
        If a number is not a whole number in its range.
    """
    _check("n_items", n_items, least=1)
    _check("n_users", n_users, least=1)
    _check("seed", seed, least=0)
    rng = np.random.default_rng(seed)
    sizes = {aspect: len(values) for aspect, values in ASPECTS.items()}
    looks = {aspect: rng.integers(size, size=n_items) for aspect, size in sizes.items()}
    stances = rng.integers(len(solids.STANCES), size=n_items)
    popularity = np.exp(_POPULARITY * rng.standard_normal(n_items))
    tastes = _tastes(rng, n_users, sizes)
    csr = _likes(rng, tastes, looks, popularity)
    items = IdMap(_numbered("shape", n_items), "item")
    catalog = _catalog(items, looks, stances)
    interactions = Interactions(
        csr,
        IdMap(_numbered("visitor", n_users), "user"),
        items,
        catalog=catalog,
        name="shapes",
        notes=(f"made up (seed {seed}): likes follow hidden tastes for color, form and finish",),
    )
    return ShapesWorld(
        interactions, looks["color"], looks["form"], looks["finish"], popularity, tastes
    )


def load(n_items: int = 2000, n_users: int = 6000, seed: int = 0) -> Interactions:
    """Return the interactions of :func:`make` alone, as the data set ``shapes``."""
    return make(n_items, n_users, seed).interactions


# --- users ---------------------------------------------------------------------


def _tastes(rng: np.random.Generator, n_users: int, sizes: dict[str, int]) -> dict[str, Floats]:
    """Return the log odds that each value of each aspect adds, for each visitor."""
    shares = 1 / np.arange(1, _GROUPS + 1) ** 0.5
    group = np.searchsorted(np.cumsum(shares) / shares.sum(), rng.random(n_users))
    tastes = {}
    for aspect, size in sizes.items():
        # a permutation, so that every value is the favorite of a group
        of_group = rng.permutation(np.arange(_GROUPS) % size)
        own = rng.integers(size, size=n_users)
        favorite = np.where(rng.random(n_users) < _SHARES_GROUP, of_group[group], own)
        care = np.exp(_CARE_SPREAD * rng.standard_normal(n_users)) * _STRENGTH[aspect]
        whim = _WHIM * rng.standard_normal((n_users, size))
        tastes[aspect] = care[:, None] * _kinship(size)[favorite] + whim
    return tastes


def _kinship(size: int) -> Floats:
    """Return the share of a favorite's strength that each value gets: 1, or less for neighbors."""
    values = np.arange(size)
    apart = np.abs(values[:, None] - values)
    return np.where(apart == 0, 1.0, np.where(apart == 1, _NEIGHBOR, 0.0))


def _likes(
    rng: np.random.Generator,
    tastes: dict[str, Floats],
    looks: dict[str, Codes],
    popularity: Floats,
) -> Csr:
    """Draw each visitor's likes: a sample without replacement, weighted by odds.

    Each item gets an exponential variate whose rate is its odds, and the smallest are liked
    (equivalent to the powers of uniforms of Efraimidis and Spirakis, 2006).
    """
    n_users, n_items = len(tastes["form"]), len(popularity)
    spread = _SPREAD_LOG_LIKES * rng.standard_normal(n_users) + _MEAN_LOG_LIKES
    counts = np.clip(np.rint(np.exp(spread)), MIN_LIKES, MAX_LIKES).astype(np.int64)
    # at most half of a small catalog
    counts = np.minimum(counts, max(1, n_items // 2))
    odds = {aspect: np.exp(taste) for aspect, taste in tastes.items()}
    rows = max(1, _CELLS_AT_ONCE // n_items)
    columns = []
    for start in range(0, n_users, rows):
        block = slice(start, start + rows)
        rate = np.broadcast_to(popularity, (len(counts[block]), n_items))
        for aspect, codes in looks.items():
            rate = rate * odds[aspect][block][:, codes]
        arrival = rng.standard_exponential(rate.shape) / rate
        columns.append(_first(arrival, counts[block]))
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    indices = np.concatenate(columns).astype(np.int32)
    return Csr(indptr, indices, np.ones(len(indices), dtype=np.float32), n_items)


def _first(arrival: Floats, counts: Codes) -> Codes:
    """Return the columns of each row's ``counts`` smallest entries, sorted in each row."""
    n_rows, n_columns = arrival.shape
    most = int(counts.max())
    if most < n_columns:
        early = np.argpartition(arrival, most, axis=1)[:, :most]
    else:
        early = np.broadcast_to(np.arange(n_columns), (n_rows, n_columns))
    order = np.argsort(np.take_along_axis(arrival, early, axis=1), axis=1)
    early = np.take_along_axis(early, order, axis=1)
    early = np.where(np.arange(early.shape[1]) < counts[:, None], early, n_columns)
    early = np.sort(early, axis=1)
    first: Codes = early[early < n_columns]
    return first


# --- things ---------------------------------------------------------------------


def _catalog(items: IdMap, looks: dict[str, Codes], stances: Codes) -> Catalog:
    words = [
        [values[code] for code in looks[aspect].tolist()] for aspect, values in ASPECTS.items()
    ]
    tags = list(zip(*words, strict=True))
    size = [solids.STANCES[stance].word for stance in stances.tolist()]
    names = [
        f"{word} {finish} {color} {form}".capitalize()
        for word, (color, form, finish) in zip(size, tags, strict=True)
    ]
    pictures = Pictures(looks["color"], looks["form"], looks["finish"], stances)
    return Catalog(items, names=_unique(names), pictures=pictures, tags=tags)


def _unique(names: list[str]) -> list[str]:
    """Return unique names: the second of equal names gets "no. 2", and so on."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} no. {seen[name]}")
    return unique


def _numbered(word: str, n: int) -> list[str]:
    """Return ids whose alphabetical order is their order, such as shape-0001."""
    width = max(4, len(str(n)))
    return [f"{word}-{number:0{width}d}" for number in range(1, n + 1)]


def _check(name: str, value: object, *, least: int) -> None:
    most = 2**31 - 1
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not least <= value <= most:  # type: ignore[operator]
        raise SettingsError(f"{name} must be a whole number, {least} to {most}, got {value!r}")
