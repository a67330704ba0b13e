"""The catalog: one entry an item, found by id or name."""

from __future__ import annotations

import numpy as np
import pytest

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.errors import DataError

ITEMS = IdMap(["a", "b", "c"])


def test_entries_and_missing_entries() -> None:
    names = ["One", "", "Three"]
    known = Catalog(ITEMS, names=names, tags=[("x",), (), ("y", "z")])
    names[0] = "changed"
    assert [known.name(i) for i in ("a", "b", "zzz")] == ["One", "b", "zzz"]
    assert (known.link("a"), known.picture("a")) == ("", "")
    assert (known.tags_of("c"), known.tags_of("zzz")) == (("y", "z"), ())
    assert known.fields() == ["names", "tags"]
    assert len(known) == 3


def test_lengths_must_agree() -> None:
    with pytest.raises(DataError, match="2 names for 3 items"):
        Catalog(ITEMS, names=["x", "y"])
    with pytest.raises(DataError, match="must be a list"):
        Catalog(ITEMS, names="abc")


def test_ids_in_a_list_and_arrays_of_names() -> None:
    names = np.array(["One", None], dtype=object)
    known = Catalog([7, 8], names=names, tags=[None, ["x"]])  # type: ignore[arg-type]
    names[0] = "changed"
    assert (known.name(7), known.name(8)) == ("One", "8")
    assert (known.tags_of(7), known.tags_of(8)) == ((), ("x",))


def test_entries_that_are_not_texts() -> None:
    for wrong in ([1, 2, 3], [1.5, "a", float("nan")]):
        with pytest.raises(DataError, match=r"names must be texts, found 1"):
            Catalog(ITEMS, names=wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="lists of texts, found 'red'"):
        Catalog(ITEMS, tags=["red", "blue", "red"])
    with pytest.raises(DataError, match="must be a list"):
        Catalog(ITEMS, names={"a": "One", "b": "Two", "c": "Three"})  # type: ignore[arg-type]


def test_finding_by_name() -> None:
    known = Catalog(ITEMS, names=["Sigur Rós", "sigur rós ", "Other"])
    assert known.find(" SIGUR RÓS") == ["a", "b"]
    assert known.find("none") == []
    assert Catalog(ITEMS).find("a") == []


def test_subset_keeps_the_order_asked_for() -> None:
    known = Catalog(ITEMS, names=["1", "2", "3"], tags=[("x",), (), ()])
    part = known.subset(IdMap(["c", "new", "a"]))
    assert part.names == ("3", "", "1")
    assert part.tags == ((), (), ("x",))
    assert part.links is None
