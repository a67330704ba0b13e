"""What an item index caches for read-only vectors, and when it is built."""

from __future__ import annotations

import gc
import pickle
import threading
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from penchant import _kernels
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.index import BUILD_AFTER, MIN_ITEMS, IndexSet, ItemIndex
from penchant.models._scoring.scorers import FactorScorer


def double(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return 2 * array


def vectors(n: int = MIN_ITEMS, f: int = 2) -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(n, f)).astype(np.float32)


def query_until_built(index: ItemIndex, *, build: bool = True) -> _kernels.FactorIndex | None:
    return [index.pruning(1, None, build=build) for _ in range(BUILD_AFTER + 1)][-1]


def test_vectors_of_a_frozen_array_are_computed_once():
    indexes, array = IndexSet(), freeze(np.arange(6.0).reshape(3, 2))
    index = indexes.get("items", array, double)
    assert index.vectors.tolist() == [[0, 2], [4, 6], [8, 10]]
    assert indexes.get("items", array, double) is index
    assert index.normalized is index.normalized
    assert indexes.get("others", array, np.negative).vectors[1].tolist() == [-2, -3]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        index.vectors[0] = 1


def test_nothing_is_cached_for_a_writeable_array():
    indexes, array = IndexSet(), np.arange(6.0).reshape(3, 2)
    assert indexes.get("items", array, double) is not indexes.get("items", array, double)
    assert query_until_built(ItemIndex(vectors())) is None


def test_an_array_that_was_written_to_gets_a_new_index():
    indexes, array = IndexSet(), freeze(np.arange(6.0).reshape(3, 2))
    indexes.get("items", array, double)
    array.setflags(write=True)
    array[0, 0] = 5
    assert indexes.get("items", array, double).vectors[0, 0] == 10
    other = freeze(array.copy())
    assert indexes.get("items", other, double).vectors[0, 0] == 10


def test_a_request_builds_no_index_and_uses_an_existing_one():
    index = ItemIndex(freeze(vectors()))
    assert query_until_built(index, build=False) is None
    index.prepare(None)
    assert index.pruning(1, None, build=False) is not None
    assert query_until_built(ItemIndex(freeze(vectors()))) is not None, "only with build=False"


def test_a_scorer_builds_no_index_where_it_may_not():
    index = ItemIndex(freeze(vectors()))
    scorer = FactorScorer(vectors(3), index)
    scorer.may_build = False
    for _ in range(BUILD_AFTER):
        scorer.top_k(2)
        scorer.take(np.arange(2)).top_k(2)
    assert index.pruning(0, None, build=False) is None


def test_normalized_vectors_are_returned_while_the_index_is_being_built():
    index = ItemIndex(freeze(vectors(3)))
    normalized, results = index.normalized, []
    with index._lock:  # as the thread that builds holds it
        thread = threading.Thread(target=lambda: results.append(index.normalized), daemon=True)
        thread.start()
        thread.join(20)
    assert len(results) == 1
    assert results[0] is normalized


def test_all_is_freed_with_the_index():
    indexes, array = IndexSet(), freeze(vectors())
    index = indexes.get("items", array)
    query_until_built(index)
    query_until_built(index.normalized)
    references = [weakref.ref(array), weakref.ref(index), weakref.ref(index.normalized.vectors)]
    del index, array, indexes
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_an_index_is_pickled_as_its_vectors():
    index = ItemIndex(freeze(vectors(3)))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(index)).vectors, index.vectors)


def test_an_index_is_built_after_repeated_queries():
    items = ItemIndex(freeze(vectors()))
    assert items.pruning(10 * BUILD_AFTER, None) is None, "never for one call"
    pruning = items.pruning(1, None)
    assert pruning is not None
    assert items.pruning(1, None) is pruning
    batches = ItemIndex(freeze(vectors()))
    assert batches.pruning(8, None) is None
    assert batches.pruning(8, None) is not None
    single = ItemIndex(freeze(vectors()))
    results = [single.pruning(1, None) for _ in range(BUILD_AFTER)]
    assert results[:-1] == [None] * (BUILD_AFTER - 1)
    assert results[-1] is not None


def test_an_index_can_be_built_at_once():
    items = ItemIndex(freeze(vectors()))
    items.prepare(None)
    assert items.pruning(1, None) is not None
    writeable = ItemIndex(vectors())
    writeable.prepare(None)
    assert query_until_built(writeable) is None


def test_small_catalogs_get_no_index():
    few = ItemIndex(freeze(vectors(MIN_ITEMS - 1)))
    few.prepare(None)
    assert query_until_built(few) is None


def test_calls_do_not_wait_for_an_index(monkeypatch):
    items, begun, done = ItemIndex(freeze(vectors())), threading.Event(), threading.Event()
    make = _kernels.factor_index

    def slowly(*args: Any, **options: Any) -> _kernels.FactorIndex:
        begun.set()
        assert done.wait(10)
        return make(*args, **options)

    monkeypatch.setattr(_kernels, "factor_index", slowly)
    thread = threading.Thread(target=items.prepare, args=(None,))
    thread.start()
    assert begun.wait(10)
    assert items.pruning(BUILD_AFTER, None) is None
    done.set()
    thread.join()
    assert items.pruning(1, None) is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_answers_stay_the_same(dtype):
    rng = np.random.default_rng(1)
    queries = rng.normal(size=(3, 24)).astype(dtype)
    items = (rng.normal(size=(MIN_ITEMS, 24)) * rng.lognormal(size=(MIN_ITEMS, 1))).astype(dtype)
    plain = FactorScorer(queries, items).top_k(20)
    index = ItemIndex(freeze(items))
    scorer = FactorScorer(queries, index)
    scorer.prepare()
    assert index.pruning(0, None) is not None
    for top in (scorer.top_k(20), FactorScorer(queries, index).top_k(20)):
        np.testing.assert_array_equal(top.indices, plain.indices)
        np.testing.assert_array_equal(top.scores, plain.scores)


def test_queries_of_another_dtype_use_no_index():
    index = ItemIndex(freeze(vectors(f=8)))
    index.prepare(None)
    queries = np.random.default_rng(2).normal(size=(2, 8))
    top = FactorScorer(queries, index).top_k(5)
    np.testing.assert_array_equal(
        top.indices, FactorScorer(queries, index.vectors.copy()).top_k(5).indices
    )
