"""The catalogue: one entry an item, found by id or name."""

from __future__ import annotations

import pytest

from tacit.data.catalogue import Catalogue
from tacit.data.ids import IdMap
from tacit.errors import DataError

ITEMS = IdMap(["a", "b", "c"])


def test_entries_and_what_is_not_known() -> None:
    names = ["One", "", "Three"]
    known = Catalogue(ITEMS, names=names, tags=[("x",), (), ("y", "z")])
    names[0] = "changed"
    assert [known.name(i) for i in ("a", "b", "zzz")] == ["One", "b", "zzz"]
    assert (known.link("a"), known.picture("a")) == ("", "")
    assert (known.tags_of("c"), known.tags_of("zzz")) == (("y", "z"), ())
    assert known.fields() == ["names", "tags"]
    assert len(known) == 3


def test_lengths_must_agree() -> None:
    with pytest.raises(DataError, match="2 names for 3 items"):
        Catalogue(ITEMS, names=["x", "y"])
    with pytest.raises(DataError, match="must be a list"):
        Catalogue(ITEMS, names="abc")


def test_finding_by_name() -> None:
    known = Catalogue(ITEMS, names=["Sigur Rós", "sigur rós ", "Other"])
    assert known.find(" SIGUR RÓS") == ["a", "b"]
    assert known.find("none") == []
    assert Catalogue(ITEMS).find("a") == []


def test_subset_keeps_the_order_asked_for() -> None:
    known = Catalogue(ITEMS, names=["1", "2", "3"], tags=[("x",), (), ()])
    part = known.subset(IdMap(["c", "new", "a"]))
    assert part.names == ("3", "", "1")
    assert part.tags == ((), (), ("x",))
    assert part.links is None
