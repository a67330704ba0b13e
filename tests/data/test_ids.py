"""Ids: both ways, one type, and errors that help."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.data.ids import IdMap
from penchant.errors import DataError, UnknownIdError

ids = st.one_of(
    st.lists(st.text(), unique=True),
    st.lists(st.integers(-(2**63), 2**63 - 1), unique=True),
)


@given(ids)
def test_there_and_back(many: list[str] | list[int]) -> None:
    made = IdMap(many)
    assert list(made) == many
    assert [made.code(one) for one in many] == list(range(len(many)))
    assert made.codes(many).tolist() == list(range(len(many)))
    assert made.codes(many).dtype == np.int32
    assert made == IdMap(many, "user")


def test_a_range_is_ids_too() -> None:
    made = IdMap.range(3, "user")
    assert list(made) == [0, 1, 2]
    assert made == IdMap([0, 1, 2])
    assert made.get(np.int64(2)) == 2
    assert [made.get(one) for one in ("1", 1.0, "1.0", np.uint8(1))] == [1] * 4
    assert [made.get(one) for one in (-1, 3, "01", 1.5, True, None, [1])] == [None] * 7


def test_other_types_are_never_equal_to_an_id() -> None:
    made = IdMap([5, 1])
    assert [made.get(one) for one in (True, np.bool_(True), b"1", None, (1,))] == [None] * 5
    assert [made.get(one) for one in (1.0, np.float32(1), "1")] == [1] * 3
    assert made.get(np.uint8(1)) == 1
    assert 5 in made
    assert IdMap(["a"]).get(np.str_("a")) == 0


@pytest.mark.parametrize(
    "wrong",
    [["a", 1], [1.5], [True], [None], [b"a"], [2**63], ["a", "a"], [1, 1], "ab", [[1], [2]]],
)
def test_invalid_ids(wrong: object) -> None:
    with pytest.raises(DataError):
        IdMap(wrong)  # type: ignore[arg-type]


def test_numpy_ids_are_copied() -> None:
    given_ids = np.array([3, 1], dtype=np.uint16)
    made = IdMap(given_ids)
    given_ids[0] = 9
    assert list(made) == [3, 1]
    assert not made.array.flags.writeable
    assert given_ids.flags.writeable
    with pytest.raises(DataError, match="pass them as strings"):
        IdMap(np.array([2**64 - 1], dtype=np.uint64))


@pytest.mark.parametrize(
    ("known", "asked", "told"),
    [
        (["Radiohead", "Radio Dept"], "radiohead", "close matches: 'Radiohead'"),
        (["Radiohead", "Portishead"], "Radiohed", "close matches: 'Radiohead'"),
        (["1", "1.0"], np.float64(1), "it may be '1' or '1.0'"),
        ([1, 2], "01", "ids are integers here, did you mean 1?"),
        ([1, 2], 1e17, "floats of this size merge"),
        ([1, 2], "²", "ids are integers here, such as 1"),
        ([1, 2], "x", "ids are integers here, such as 1"),
        (["C-1", "C-2"], 1, "item ids are texts here, such as 'C-1'"),
        ([7, 8], 9, "not among the 2 items"),
        ([], "x", "there are no items"),
    ],
)
def test_unknown_ids(known: list[str], asked: object, told: str) -> None:
    with pytest.raises(UnknownIdError) as error:
        IdMap(known).code(asked)
    assert told in str(error.value)
    with pytest.raises(UnknownIdError):
        IdMap(known).codes([*known, asked])


def test_a_close_match_is_found_among_many() -> None:
    many = IdMap([f"a{n}" for n in range(60_000)] + ["Radiohead"])
    with pytest.raises(UnknownIdError, match="'Radiohead'"):
        many.code("Radiohed")


def test_parsing_typed_ids() -> None:
    assert IdMap([1]).parse("1") == 1
    assert IdMap([1]).parse("-1") == -1
    assert [IdMap([1]).parse(text) for text in ("x", "1_0", "²", "")] == ["x", "1_0", "²", ""]
    assert IdMap(["1"]).parse("1") == "1"


def test_subsets() -> None:
    made = IdMap(["a", "b", "c"], "user")
    assert list(made.subset(np.array([2, 0]))) == ["c", "a"]
    assert list(made.subset(np.array([True, False, True]))) == ["a", "c"]
    assert made.subset(np.array([1])).kind == "user"
    assert made[np.array([0, 2])].tolist() == ["a", "c"]
