"""Search of items by name while a person types, with typing errors corrected.

Pieces of names select candidates, and rapidfuzz computes their edit distances; it has no index of
its own, and to compare a query with all of 100,000 names takes several times as long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.models.base import Model

MAX_QUERY = 80
"""Maximum number of characters of a query; the rest is ignored."""

_MAX_NAME = 200  # characters of a name that are indexed
_BUCKETS = 1 << 16
_BLOCK = 2048  # names folded at a time
_CANDIDATES, _CORRECTED = 400, 120
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_GAPS = re.compile(r"(?:[^\w\n]|_)+")

Codes = npt.NDArray[np.int32]


class NameIndex:
    """Index that finds items by name.

    Names are compared without letter case, accents and punctuation. Pieces of two and three
    letters (n-grams) select candidates from all names; only these are compared letter by letter.

    Parameters
    ----------
    catalog
        The items and their names; the id is the name of an item without one.
    weights
        Shape (n_items,): of items that match equally well the heavier comes first; such as how
        many people like it. None: the one with the shorter name.
    previous
        Another index, whose arrays are reused if items and names are the same.
    """

    def __init__(
        self,
        catalog: Catalog,
        weights: npt.ArrayLike | None = None,
        previous: NameIndex | None = None,
    ) -> None:
        self._catalog = catalog
        self._names, self._starts, self._holders = _fold_and_index(catalog, previous)
        lengths = np.fromiter(map(len, self._names), dtype=np.float64, count=len(self._names))
        rank = -lengths if weights is None else np.asarray(weights, dtype=np.float64)
        # 0…1, higher is better: breaks ties only
        self._preference = _ranks(rank) / max(len(rank), 1)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str, k: int = 10) -> list[Id]:
        """Return up to k items that match a text, the best first.

        An item whose id is the text comes first; then names that begin with the text, names with
        words that do, names that contain it, and names that match with one or two typing errors.
        """
        items = self._catalog.items
        exact = items.get(items.parse(text.strip()))
        query = fold(text[:MAX_QUERY])
        codes = [] if exact is None else [exact]
        if query:
            codes += [code for code in self._matches(query, k) if code != exact]
        return [items[code] for code in codes[:k]]

    def _matches(self, query: str, k: int) -> list[int]:
        """Return the codes of matching names, the best first."""
        candidates = self._candidates(query)
        matches = [
            (rank, -self._preference[code], code)
            for code in candidates
            if (rank := _match_rank(query, self._names[code])) is not None
        ]
        if len(matches) < k:
            matched = {code for _, _, code in matches}
            matches += self._corrected(query, [c for c in candidates if c not in matched])
        return [code for _, _, code in sorted(matches)[:k]]

    def _corrected(self, query: str, codes: list[int]) -> list[tuple[int, float, int]]:
        words = [_QueryWord(word) for word in query.split()]
        errors = ((_typing_errors(words, self._names[code]), code) for code in codes[:_CORRECTED])
        return [(10 + n, -self._preference[code], code) for n, code in errors if n is not None]

    def _candidates(self, query: str) -> list[int]:
        """Return the names that share the most pieces with a text, weighted by rarity."""
        pieces, counts = np.unique(_pieces(_letters("\n" + query)), return_counts=True)
        begin, end = self._starts[pieces], self._starts[pieces + 1]
        sizes = end - begin
        weight = np.minimum(counts, 2) * np.log1p(len(self) / np.maximum(sizes, 1))
        holders = [self._holders[a:b] for a, b in zip(begin, end, strict=True)]
        shared = np.bincount(
            np.concatenate(holders), weights=np.repeat(weight, sizes), minlength=len(self)
        )
        some = np.flatnonzero(shared)
        score = shared[some] + 0.5 * self._preference[some]
        if len(some) > _CANDIDATES:
            best = np.argpartition(-score, _CANDIDATES)[:_CANDIDATES]
            some, score = some[best], score[best]
        ordered: list[int] = some[np.argsort(-score, kind="stable")].tolist()
        return ordered


def searchable(likes: Model, models: Iterable[Model]) -> Catalog:
    """Return the names of the items that a model has; a catalog may name more, without a page.

    The items of the model of likes come first.
    """
    items, catalog = likes.items, likes.catalog
    if catalog is None or catalog.items == items:
        return catalog or Catalog(items)
    maps = [model.items for model in models]
    others = [
        item for item in catalog.items if item not in items and any(item in ids for ids in maps)
    ]
    all_items = IdMap([*items, *others]) if others else items
    codes = [catalog.items.get(item) for item in all_items]
    names = catalog.names or [""] * len(catalog)
    return Catalog(all_items, names=["" if code is None else names[code] for code in codes])


# --- texts ------------------------------------------------------------------------------


def fold(text: str) -> str:
    """Fold a text for comparison: lower case, no accents, single spaces between words."""
    return fold_all([text])[0]


def fold_all(texts: Iterable[str]) -> list[str]:
    """Fold many texts for comparison.

    A text without letters and digits (a band is called ``!!!``) keeps its punctuation.
    """
    lines = [" ".join(text[:_MAX_NAME].split()) for text in texts]
    blocks = (lines[begin : begin + _BLOCK] for begin in range(0, len(lines), _BLOCK))
    return [folded for block in blocks for folded in _fold_block(block)]


def _fold_block(lines: list[str]) -> list[str]:
    """Fold a block of lines.

    Many at once, since a call for each of 100,000 names would take longer than all the rest; not
    all at once, since a call holds the GIL and delays requests.
    """
    plain = unicodedata.normalize("NFKD", "\n".join(lines).casefold())
    folded = _GAPS.sub(" ", _MARKS.sub("", plain)).split("\n")
    return [text.strip() or line.casefold() for line, text in zip(lines, folded, strict=True)]


def _fold_and_index(
    catalog: Catalog, previous: NameIndex | None
) -> tuple[list[str], npt.NDArray[np.int64], Codes]:
    """Return folded names and their postings; those of a previous index if it has the same."""
    if previous is not None:
        other = previous._catalog
        if other.items == catalog.items and other.names == catalog.names:
            return previous._names, previous._starts, previous._holders
    names = fold_all(_names_of(catalog))
    return names, *_postings(names)


def _names_of(catalog: Catalog) -> list[str]:
    ids = catalog.items.array.tolist()
    names = catalog.names or [""] * len(ids)
    return [str(name) or str(item) for name, item in zip(names, ids, strict=True)]


# --- pieces -----------------------------------------------------------------------------


def _postings(names: list[str]) -> tuple[npt.NDArray[np.int64], Codes]:
    """Return the inverted index: the start of each piece's postings, and the postings."""
    letters = _letters("".join("\n" + name for name in names))
    owner = (letters == ord("\n")).astype(np.int32)
    # in place and of one type: otherwise NumPy holds the GIL
    np.cumsum(owner, dtype=np.int32, out=owner)
    owner -= 1
    twos, threes = _pair_hash(letters), _triple_hash(letters)
    pieces = np.concatenate([twos, threes])
    owners = np.concatenate([owner[: len(twos)], owner[: len(threes)]])
    inner = np.concatenate([letters[1:] != 10, (letters[1:-1] != 10) & (letters[2:] != 10)])
    pieces, owners = pieces[inner], owners[inner]
    order = np.argsort(pieces, kind="stable")  # 16 bits: a radix sort
    starts = np.zeros(_BUCKETS + 1, dtype=np.int64)
    np.cumsum(np.bincount(pieces, minlength=_BUCKETS), out=starts[1:])
    return starts, owners[order]


def _letters(text: str) -> npt.NDArray[np.uint32]:
    """Return code points; a newline begins a name, and is a letter of its first pieces."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _pieces(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    return np.concatenate([_pair_hash(letters), _triple_hash(letters)])


def _pair_hash(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    return _bucket(letters[:-1] * np.uint32(31) + letters[1:])


def _triple_hash(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    # the first letter of a name begins a word like any other
    first = np.where(letters[:-2] == 10, np.uint32(32), letters[:-2])
    return _bucket((first * np.uint32(131) + letters[1:-1]) * np.uint32(137) + letters[2:] + 7)


def _bucket(mixed: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    """Return sixteen bits of a hash; a collision only adds a candidate."""
    return ((mixed * np.uint32(2654435761)) >> np.uint32(16)).astype(np.uint16)


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the rank of each value, 0 for the smallest; equal ones in their order."""
    ranks = np.empty(len(values), dtype=np.float64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


# --- matching ---------------------------------------------------------------------------


def _match_rank(query: str, name: str) -> int | None:
    """Return how directly a name matches without typing errors, 0 the best; None: no match."""
    if name.startswith(query):
        return 0 if len(name) == len(query) else 1
    spaced = " " + name
    if " " + query in spaced:
        return 2
    if all(" " + word in spaced for word in query.split()):
        return 3
    # a space too many or too few, as in AC/DC
    return 4 if query.replace(" ", "") in name.replace(" ", "") else None


def _typing_errors(words: list[_QueryWord], name: str) -> int | None:
    """Return how many errors turn the query into beginnings of a name's words; None: too many."""
    name_words = name.split()
    total = 0
    for word in words:
        least = min(map(word.errors_to, name_words), default=word.limit + 1)
        if least > word.limit:
            return None
        total += least
    return total


class _QueryWord:
    """A word of a query, with a cache of distances: names share many words."""

    def __init__(self, word: str) -> None:
        self._word, self._letters = word, frozenset(word)
        self.limit = 0 if len(word) < 3 else 1 if len(word) < 6 else 2
        self._cache: dict[str, int] = {}

    def errors_to(self, other: str) -> int:
        """Return the edit distance to the beginning of a word, ``limit + 1`` if it is larger."""
        errors = self._cache.get(other)
        if errors is None:
            # each letter that the other word lacks is an error at least
            is_far = len(self._letters.difference(other)) > self.limit
            errors = self.limit + 1 if is_far else _distance(self._word, other, self.limit)
            self._cache[other] = errors
        return errors


def _distance(typed: str, word: str, limit: int) -> int:
    """Return the smallest edit distance between a text and any beginning of a word.

    Insertions, deletions, substitutions and swaps of neighbors count one each (Damerau 1964,
    optimal string alignment); distances above ``limit`` are returned as ``limit + 1``.
    """
    from rapidfuzz.distance import OSA  # the extra is only needed to correct errors

    least = limit + 1
    for length in range(len(typed) - limit, min(len(typed) + limit, len(word)) + 1):
        least = min(least, OSA.distance(typed, word[:length], score_cutoff=limit))
    return least
