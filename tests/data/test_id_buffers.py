"""Ids in buffers answer as ids in memory do."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.data import id_buffers
from penchant.data.id_buffers import IntegerBuffer, TextBuffer, text_hashes
from penchant.data.ids import IdMap
from penchant.data.string_buffer import Texts
from penchant.errors import DataError, UnknownIdError

ALPHABET = st.characters(codec="utf-8")
TEXTS = st.lists(st.text(ALPHABET, min_size=1, max_size=20), min_size=1, max_size=30, unique=True)
WANTED = st.one_of(st.text(ALPHABET, max_size=5), st.integers(-9, 99), st.floats(-9, 9))


def buffered(ids: list[str] | list[int]) -> IdMap:
    """The ids in a buffer, which is searched by bytes if they are sorted."""
    if isinstance(ids[0], int):
        return IdMap.stored(IntegerBuffer(np.array(ids, dtype=np.int64)), "user")
    encoded = [str(text).encode() for text in ids]
    store = TextBuffer(Texts.of(map(str, ids)), is_sorted=encoded == sorted(encoded))
    return IdMap.stored(store, "user")


@pytest.fixture(params=[0, 10_000], ids=["index", "search"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_buffers, "_MANY", request.param)


@pytest.mark.usefixtures("many")
@given(st.one_of(TEXTS, TEXTS.map(lambda texts: sorted(texts, key=str.encode))), st.data())
def test_texts(ids: list[str], data: st.DataObject) -> None:
    check_same(buffered(ids), IdMap(ids, "user"), data)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30, unique=True), st.data())
def test_integers(ids: list[int], data: st.DataObject) -> None:
    check_same(buffered(ids), IdMap(ids, "user"), data)


def check_same(mine: IdMap, theirs: IdMap, data: st.DataObject) -> None:
    n = len(theirs)
    assert (len(mine), mine.are_integers, repr(mine)) == (n, theirs.are_integers, repr(theirs))
    assert mine == theirs
    assert theirs == mine
    assert list(mine) == list(theirs)
    assert mine.array.tolist() == theirs.array.tolist()
    shuffled = data.draw(st.permutations(list(theirs)))
    assert mine.codes(shuffled).tolist() == theirs.codes(shuffled).tolist()
    assert mine.codes(np.array(shuffled, dtype=theirs.array.dtype)).dtype == np.int32
    wanted = data.draw(st.lists(st.one_of(WANTED, st.sampled_from(list(theirs))), max_size=5))
    assert [mine.get(value) for value in wanted] == [theirs.get(value) for value in wanted]
    for value in wanted:
        assert mine.parse(str(value)) == theirs.parse(str(value))
    codes = np.array(data.draw(st.lists(st.integers(-n, n - 1), max_size=8)), dtype=np.int64)
    assert mine[codes].tolist() == theirs[codes].tolist()
    assert (mine[0], mine[-1], mine[: n // 2].tolist()) == (
        theirs[0], theirs[-1], theirs[: n // 2].tolist(),
    )  # fmt: skip
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=np.bool_)
    for rows in (mask, np.unique(codes % n)[::-1]):
        part = mine.subset(rows)
        assert part == theirs.subset(rows)
        assert part.codes(list(part)).tolist() == list(range(len(part)))
    for again in (copy.deepcopy(mine), pickle.loads(pickle.dumps(mine))):
        assert again == theirs


def test_an_id_that_is_taken_twice() -> None:
    ids = buffered(["a", "b", "c"])
    with pytest.raises(DataError, match="'a' comes more than once"):
        ids.subset(np.array([0, 1, -3]))
    with pytest.raises(IndexError):
        ids[np.array([3])]


@pytest.mark.usefixtures("many")
def test_an_unknown_id_is_named_with_its_neighbors() -> None:
    ids = buffered(sorted(f"listener-{number:04}" for number in range(3000)))
    with pytest.raises(UnknownIdError, match=r"'listener-299x'; close matches: .*'listener-299"):
        ids.codes(["listener-0000", "listener-299x"])
    assert ids.get("\ud800") is None
    assert "" not in ids


@pytest.mark.usefixtures("many")
def test_texts_of_one_hash_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        id_buffers, "text_hashes", lambda texts: np.zeros(len(texts), dtype=np.uint64)
    )
    names = [f"u{number}" for number in range(20)]
    ids = buffered(names[::-1])
    assert ids.codes(names).tolist() == list(range(20))[::-1]
    assert ids.get("u20") is None


def test_hashes_differ_wherever_texts_do() -> None:
    texts = {"a" * n + "b" * m for n in range(20) for m in range(20)} | {"", "\0", "\0\0"}
    assert len(np.unique(text_hashes(Texts.of(sorted(texts))))) == len(texts)


def test_ids_of_another_map_are_looked_up_without_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_buffers, "_MANY", 0)
    names = sorted(f"u{number}" for number in range(200))
    ids, others = buffered(names), buffered(names[::-3])
    monkeypatch.setattr(Texts, "decode", None)
    assert ids.codes(others).tolist() == list(range(200))[::-3]
    numbers = buffered(list(range(0, 100, 2)))
    assert numbers.codes(buffered([4, 2, 98])).tolist() == [2, 1, 49]
