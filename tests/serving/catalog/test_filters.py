from __future__ import annotations

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.serving.catalog.filters import ALL, Filters, Tags
from penchant.serving.catalog.views import Views
from penchant.serving.store.base import Override

CATALOG = Catalog(IdMap(["a", "b", "c", "d"]), tags=[("rock",), ("Rock", "slow"), ("slow",), ()])


def lists(filters: Filters, **overrides: Override) -> tuple[set[str] | None, set[str] | None]:
    combined = Tags(CATALOG).lists(filters, Views([CATALOG], overrides))
    allow, deny = (None if ids is None else set(ids) for ids in combined.values())
    return allow, deny


def test_tags_ignore_letter_case() -> None:
    assert lists(ALL) == (None, None)
    assert lists(Filters(tags=["ROCK"])) == ({"a", "b"}, None)
    assert lists(Filters(tags=["rock", "slow"])) == ({"b"}, None)
    assert lists(Filters(tags=["none"])) == (set(), None)
    assert lists(Filters(tags=["slow"], allow=["a", "c"], deny=["b"])) == ({"c"}, {"b"})
    assert Tags(None).lists(Filters(tags=["rock"]), Views([]))["allow"] == set()


def test_overrides_take_precedence_over_the_catalog() -> None:
    overrides = {
        "a": Override(tags=()),
        "d": Override(tags=("Slow", "ROCK")),
        "b": Override(name="B", hidden=True),
    }
    assert lists(Filters(tags=["rock"]), **overrides) == ({"b", "d"}, {"b"})
    assert lists(Filters(tags=["rock"])) == ({"a", "b"}, None)
