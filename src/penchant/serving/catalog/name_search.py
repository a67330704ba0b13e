"""Items by what a person types: while they type, and with slips of the finger."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from penchant.data.catalog import Catalog
from penchant.data.ids import Id

MAX_QUERY = 80
"""Characters of a query that are looked at."""

_MAX_NAME = 200  # characters of a name that can be found
_BUCKETS = 1 << 16
_BLOCK = 2048  # names that are made comparable at a time
_CANDIDATES, _CORRECTED = 400, 120
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_GAPS = re.compile(r"(?:[^\w\n]|_)+")

Codes = npt.NDArray[np.int32]


class NameIndex:
    """Finds items by name, as one types.

    Names are compared without letter case, accents and punctuation. Pieces of two and three
    letters choose candidates from all names; only those are then looked at letter by letter.

    Parameters
    ----------
    catalog
        The items and their names; an item without a name goes by its id.
    weights
        Shape (n_items,): which of two items that fit as well comes first, the heavier one; such as
        how many people like it. None: the one with the shorter name.
    before
        Another index, whose work is taken over where items and names are the same.
    """

    def __init__(
        self,
        catalog: Catalog,
        weights: npt.ArrayLike | None = None,
        before: NameIndex | None = None,
    ) -> None:
        self._catalog = catalog
        self._names, self._starts, self._holders = _made_of(catalog, before)
        lengths = np.fromiter(map(len, self._names), dtype=np.float64, count=len(self._names))
        rank = -lengths if weights is None else np.asarray(weights, dtype=np.float64)
        # 0…1, the better the higher: only ever a tie-breaker
        self._better = _places(rank) / max(len(rank), 1)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str, k: int = 10) -> list[Id]:
        """The items that a text may mean, the likeliest first; up to k.

        What is an item's id comes first; then names that begin with the text, names with words
        that do, names that hold it, and names that would with a slip or two put right.
        """
        items = self._catalog.items
        exact = items.get(items.parse(text.strip()))
        wanted = fold(text[:MAX_QUERY])
        codes = [] if exact is None else [exact]
        if wanted:
            codes += [code for code in self._ranked(wanted, k) if code != exact]
        return [items[code] for code in codes[:k]]

    def _ranked(self, wanted: str, k: int) -> list[int]:
        """Codes of what fits, the best first."""
        candidates = self._candidates(wanted)
        fits = [
            (place, -self._better[code], code)
            for code in candidates
            if (place := _fit(wanted, self._names[code])) is not None
        ]
        if len(fits) < k:
            found = {code for _, _, code in fits}
            fits += self._corrected(wanted, [c for c in candidates if c not in found])
        return [code for _, _, code in sorted(fits)[:k]]

    def _corrected(self, wanted: str, codes: list[int]) -> list[tuple[int, float, int]]:
        typed = [_Typed(word) for word in wanted.split()]
        slips = ((_slips(typed, self._names[code]), code) for code in codes[:_CORRECTED])
        return [(10 + n, -self._better[code], code) for n, code in slips if n is not None]

    def _candidates(self, wanted: str) -> list[int]:
        """The names that share the most pieces with a text, rare pieces counting more."""
        pieces, counts = np.unique(_pieces(_letters("\n" + wanted)), return_counts=True)
        begin, end = self._starts[pieces], self._starts[pieces + 1]
        held = end - begin
        weight = np.minimum(counts, 2) * np.log1p(len(self) / np.maximum(held, 1))
        holders = [self._holders[a:b] for a, b in zip(begin, end, strict=True)]
        shared = np.bincount(
            np.concatenate(holders), weights=np.repeat(weight, held), minlength=len(self)
        )
        some = np.flatnonzero(shared)
        score = shared[some] + 0.5 * self._better[some]
        if len(some) > _CANDIDATES:
            best = np.argpartition(-score, _CANDIDATES)[:_CANDIDATES]
            some, score = some[best], score[best]
        ordered: list[int] = some[np.argsort(-score, kind="stable")].tolist()
        return ordered


# --- texts ------------------------------------------------------------------------------


def fold(text: str) -> str:
    """A text as it is compared: small letters without accents, words with one space between."""
    return fold_all([text])[0]


def fold_all(texts: Iterable[str]) -> list[str]:
    """Many texts as they are compared.

    What has no letter and no digit (a band is called ``!!!``) stays, but for outer spaces.
    """
    lines = [" ".join(one[:_MAX_NAME].split()) for one in texts]
    blocks = (lines[begin : begin + _BLOCK] for begin in range(0, len(lines), _BLOCK))
    return [folded for block in blocks for folded in _folded(block)]


def _folded(lines: list[str]) -> list[str]:
    """Some lines as they are compared.

    Many at once: a call for each of 100,000 names would take longer than all the rest. Not all at
    once: nobody is answered during a call.
    """
    plain = unicodedata.normalize("NFKD", "\n".join(lines).casefold())
    folded = _GAPS.sub(" ", _MARKS.sub("", plain)).split("\n")
    return [one.strip() or line.casefold() for line, one in zip(lines, folded, strict=True)]


def _made_of(
    catalog: Catalog, before: NameIndex | None
) -> tuple[list[str], npt.NDArray[np.int64], Codes]:
    """Names as they are compared, and their postings; another index's where it has the same."""
    if before is not None:
        other = before._catalog
        if other.items == catalog.items and other.names == catalog.names:
            return before._names, before._starts, before._holders
    names = fold_all(_names_of(catalog))
    return names, *_postings(names)


def _names_of(catalog: Catalog) -> list[str]:
    ids = catalog.items.array.tolist()
    names = catalog.names or [""] * len(ids)
    return [str(name) or str(one) for name, one in zip(names, ids, strict=True)]


# --- pieces -----------------------------------------------------------------------------


def _postings(names: list[str]) -> tuple[npt.NDArray[np.int64], Codes]:
    """Which names hold which pieces: where the holders of each piece begin, and the holders."""
    letters = _letters("".join("\n" + name for name in names))
    owner = (letters == ord("\n")).astype(np.int32)
    # in place and of one type: else no other thread runs until it is done
    np.cumsum(owner, dtype=np.int32, out=owner)
    owner -= 1
    twos, threes = _pair_hash(letters), _triple_hash(letters)
    pieces = np.concatenate([twos, threes])
    owners = np.concatenate([owner[: len(twos)], owner[: len(threes)]])
    inner = np.concatenate([letters[1:] != 10, (letters[1:-1] != 10) & (letters[2:] != 10)])
    pieces, owners = pieces[inner], owners[inner]
    order = np.argsort(pieces, kind="stable")  # 16 bits: sorted by radix, in no time
    starts = np.zeros(_BUCKETS + 1, dtype=np.int64)
    np.cumsum(np.bincount(pieces, minlength=_BUCKETS), out=starts[1:])
    return starts, owners[order]


def _letters(text: str) -> npt.NDArray[np.uint32]:
    """Code points; a newline begins a name, and is a letter of its first pieces."""
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
    """Sixteen bits of a hash; two pieces that meet there only make a candidate too many."""
    return ((mixed * np.uint32(2654435761)) >> np.uint32(16)).astype(np.uint16)


def _places(rank: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The place of each number in their order, 0 for the smallest; equal ones by their place."""
    places = np.empty(len(rank), dtype=np.float64)
    places[np.argsort(rank, kind="stable")] = np.arange(len(rank))
    return places


# --- how well a name fits ---------------------------------------------------------------


def _fit(wanted: str, name: str) -> int | None:
    """How directly a name answers a text without a slip, 0 the best; None if it does not."""
    if name.startswith(wanted):
        return 0 if len(name) == len(wanted) else 1
    spaced = " " + name
    if " " + wanted in spaced:
        return 2
    if all(" " + word in spaced for word in wanted.split()):
        return 3
    # AC/DC, whoever leaves out or adds a space
    return 4 if wanted.replace(" ", "") in name.replace(" ", "") else None


def _slips(typed: list[_Typed], name: str) -> int | None:
    """How many slips turn the words typed into beginnings of a name's words; None if too many."""
    own = name.split()
    total = 0
    for word in typed:
        least = min(map(word.slips_to, own), default=word.most + 1)
        if least > word.most:
            return None
        total += least
    return total


class _Typed:
    """A word that somebody typed, and what it was compared with: names share many words."""

    def __init__(self, word: str) -> None:
        self._word, self._letters = word, frozenset(word)
        self.most = 0 if len(word) < 3 else 1 if len(word) < 6 else 2
        self._known: dict[str, int] = {}

    def slips_to(self, other: str) -> int:
        """Slips to the beginning of a word, ``most + 1`` where there are more."""
        found = self._known.get(other)
        if found is None:
            # each letter that the other word lacks is a slip at least
            far = len(self._letters.difference(other)) > self.most
            found = self.most + 1 if far else _distance(self._word, other, self.most)
            self._known[other] = found
        return found


def _distance(typed: str, word: str, most: int) -> int:
    """Slips between a text and the beginning of a word that is nearest to it.

    A letter too many, too few, another one, or two swapped count one each (Damerau 1964, optimal
    string alignment); more than ``most`` come back as ``most + 1``.
    """
    word = word[: len(typed) + most]
    if len(word) < len(typed) - most:
        return most + 1
    before: list[int] = []
    row = list(range(len(word) + 1))
    for i, letter in enumerate(typed):
        older, before, row = before, row, [i + 1]
        for j, other in enumerate(word):
            cost = min(before[j] + (letter != other), before[j + 1] + 1, row[j] + 1)
            if i and j and letter == word[j - 1] and typed[i - 1] == other:
                cost = min(cost, older[j - 1] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(min(row), most + 1)
