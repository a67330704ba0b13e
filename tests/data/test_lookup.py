"""What a person types: an id, a name, neither, or too many."""

from __future__ import annotations

import pytest

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.data.lookup import find_item
from penchant.errors import UnknownIdError

ITEMS = IdMap(["1", "2", "3", "4"])
NAMES = Catalog(ITEMS, names=["Radiohead", "Twins", "TWINS ", "1"])


@pytest.mark.parametrize("text", ["1", "radiohead", " Radiohead"])
def test_an_id_or_a_name(text: str) -> None:
    assert find_item(text, ITEMS, NAMES) == "1"


def test_an_id_precedes_an_equal_name() -> None:
    assert find_item("1", ITEMS, NAMES) == "1"
    assert find_item("1", ITEMS, NAMES, by_name=True) == "4"


def test_integer_ids() -> None:
    items = IdMap([10, 20])
    assert find_item("20", items) == 20
    with pytest.raises(UnknownIdError, match="integers"):
        find_item("twenty", items)


def test_several_of_one_name() -> None:
    with pytest.raises(UnknownIdError, match=r"2 items are called 'twins'.*'2', '3'"):
        find_item("twins", ITEMS, NAMES)


@pytest.mark.parametrize("text", ["Radiohed", "radio"])
def test_close_names(text: str) -> None:
    with pytest.raises(UnknownIdError, match="close names: 'Radiohead'"):
        find_item(text, ITEMS, NAMES)


@pytest.mark.parametrize("text", ["", "qqqq"])
def test_nothing_close(text: str) -> None:
    with pytest.raises(UnknownIdError, match=r"no item of the 4 has this id or name$"):
        find_item(text, ITEMS, NAMES)


def test_names_that_are_not_known() -> None:
    with pytest.raises(UnknownIdError, match="unknown item 'x'"):
        find_item("x", ITEMS)
    with pytest.raises(UnknownIdError, match="names of the items are not known"):
        find_item("1", ITEMS, by_name=True)


def test_the_catalog_may_know_more_items_than_the_model() -> None:
    with pytest.raises(UnknownIdError):
        find_item("Radiohead", IdMap(["2", "3"]), NAMES)
