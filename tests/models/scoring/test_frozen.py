"""What is kept of arrays that nobody writes to, and for how long."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from penchant import _kernels
from penchant.models._scoring import frozen as module
from penchant.models._scoring.frozen import (
    ENOUGH,
    MANY,
    cached,
    freeze,
    index_of,
    no_index_build,
    prepare_index,
)
from penchant.models._scoring.scorers import FactorScorer


def double(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return 2 * array


def some(n: int = MANY, f: int = 2) -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(n, f)).astype(np.float32)


def asked_until_kept(items: npt.NDArray[Any]) -> _kernels.FactorIndex | None:
    return [index_of(items, 1, None) for _ in range(ENOUGH + 1)][-1]


def test_what_is_made_of_frozen_arrays_is_made_once():
    array = freeze(np.arange(3.0))
    made = cached(array, double)
    assert made.tolist() == [0, 2, 4]
    assert cached(array, double) is made
    assert cached(made, double) is cached(made, double)
    assert cached(array, np.negative).tolist() == [0, -1, -2]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_what_can_be_written_to_is_looked_at_each_time():
    array = np.arange(3.0)
    assert cached(array, double) is not cached(array, double)
    assert asked_until_kept(some()) is None


def test_what_was_written_to_after_all_is_made_anew():
    array = freeze(np.arange(3.0))
    cached(array, double)
    array.setflags(write=True)
    array[0] = 5
    assert cached(array, double)[0] == 10
    assert cached(freeze(array), double)[0] == 10


def test_who_is_in_a_hurry_makes_no_index_and_uses_what_is_there():
    items = freeze(some())
    with no_index_build():
        assert asked_until_kept(items) is None
    prepare_index(items, None)
    with no_index_build():
        assert index_of(items, 1, None) is not None
    assert asked_until_kept(freeze(some())) is not None, "only inside the block"


def test_what_is_made_already_is_had_while_something_else_is_being_made():
    array = freeze(np.arange(3.0))
    made = cached(array, double)
    got = []
    with module._known[id(array)].lock:  # as whoever makes an index holds it
        asking = threading.Thread(target=lambda: got.append(cached(array, double)), daemon=True)
        asking.start()
        asking.join(20)
    assert len(got) == 1
    assert got[0] is made


def test_all_is_forgotten_with_the_array():
    gc.collect()
    known = len(module._known)
    items = freeze(some())
    asked_until_kept(items)
    asked_until_kept(cached(items, double))
    assert len(module._known) == known + 2
    del items
    gc.collect()
    assert len(module._known) == known


def test_an_index_is_made_when_asked_for_often():
    items = freeze(some())
    assert index_of(items, 10 * ENOUGH, None) is None, "never for one call"
    index = index_of(items, 1, None)
    assert index is not None
    assert index_of(items, 1, None) is index
    batches = freeze(some())
    assert index_of(batches, 8, None) is None
    assert index_of(batches, 8, None) is not None
    single = freeze(some())
    found = [index_of(single, 1, None) for _ in range(ENOUGH)]
    assert found[:-1] == [None] * (ENOUGH - 1)
    assert found[-1] is not None


def test_an_index_can_be_made_at_once():
    items = freeze(some())
    prepare_index(items, None)
    assert index_of(items, 1, None) is not None
    writeable = some()
    prepare_index(writeable, None)
    assert asked_until_kept(writeable) is None


def test_small_catalogs_need_none():
    few = freeze(some(MANY - 1))
    prepare_index(few, None)
    assert asked_until_kept(few) is None


def test_nobody_waits_for_an_index(monkeypatch):
    items, begun, done = freeze(some()), threading.Event(), threading.Event()
    make = _kernels.factor_index

    def slowly(*args: Any, **how: Any) -> _kernels.FactorIndex:
        begun.set()
        assert done.wait(10)
        return make(*args, **how)

    monkeypatch.setattr(_kernels, "factor_index", slowly)
    maker = threading.Thread(target=prepare_index, args=(items, None))
    maker.start()
    assert begun.wait(10)
    assert index_of(items, ENOUGH, None) is None
    done.set()
    maker.join()
    assert index_of(items, 1, None) is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_answers_stay_the_same(dtype):
    rng = np.random.default_rng(1)
    queries = rng.normal(size=(3, 24)).astype(dtype)
    items = (rng.normal(size=(MANY, 24)) * rng.lognormal(size=(MANY, 1))).astype(dtype)
    plain = FactorScorer(queries, items).top_k(20)
    scorer = FactorScorer(queries, freeze(items))
    scorer.prepare()
    assert index_of(items, 0, None) is not None
    for found in (scorer.top_k(20), FactorScorer(queries, items).top_k(20)):
        np.testing.assert_array_equal(found.indices, plain.indices)
        np.testing.assert_array_equal(found.scores, plain.scores)


def test_queries_of_another_precision_do_without():
    items = freeze(some(f=8))
    prepare_index(items, None)
    queries = np.random.default_rng(2).normal(size=(2, 8))
    found = FactorScorer(queries, items).top_k(5)
    np.testing.assert_array_equal(
        found.indices, FactorScorer(queries, items.copy()).top_k(5).indices
    )
