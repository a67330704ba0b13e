"""What a notebook shows of the lists of everyone that were not written: how to use them."""

from __future__ import annotations

import pytest
from tests.conftest import random_interactions

from penchant import Popularity


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("recommend_all", "recommendations for 1,200 users"),
        ("similar_all", "similar items of 30 items"),
    ],
)
def test_showing_the_lists_computes_none_of_them(method, what) -> None:
    model = Popularity().fit(random_interactions(1_200, 30))
    counted: list[int] = []
    lists = getattr(model, method)(
        k=2, batch=20, on_progress=lambda completed, _: counted.append(completed)
    )
    shown = repr(lists)
    assert shown.startswith(f"<{what}, computed in batches: for batch in model.{method}(…)")
    assert f'model.{method}(…, to="lists.parquet")' in shown
    assert counted == []
    first = next(lists)
    rest = list(lists)
    assert len(first) == 20 * 2
    queries = 1_200 if method == "recommend_all" else 30
    assert len(first) + sum(map(len, rest)) == queries * 2
    assert repr(lists) == shown
