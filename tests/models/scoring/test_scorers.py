"""Both scorers, compared with complete matrices of scores and with each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import oracles

from penchant.errors import SettingsError
from penchant.models._scoring.scorers import BlockScorer, FactorScorer, TopK

N_ITEMS = 23


def make(kind, m=10, n=N_ITEMS, f=3, seed=0, batch=4):
    """Return a scorer of small whole numbers (ties, exact sums) and its matrix of scores."""
    rng = np.random.default_rng(seed)
    X, Y = (rng.integers(-2, 3, (rows, f)).astype(np.float32) for rows in (m, n))
    scores = X @ Y.T
    if kind == "factors":
        return FactorScorer(X, Y, threads=2), scores
    return BlockScorer(m, n, lambda span: scores[span], batch=batch, threads=2), scores


@pytest.fixture(params=["factors", "blocks"])
def kind(request):
    return request.param


rows_of_items = st.lists(st.sets(st.integers(0, N_ITEMS - 1)), min_size=10, max_size=10)


@pytest.mark.parametrize("kind", ["factors", "blocks"])
@given(exclude=rows_of_items, allow=st.none() | rows_of_items, k=st.integers(1, 30))
def test_top_k_is_that_of_a_plain_loop(kind, exclude, allow, k) -> None:
    scorer, scores = make(kind)
    only = None if allow is None else oracles.csr_of(allow, N_ITEMS)
    top = scorer.top_k(k, exclude=oracles.csr_of(exclude, N_ITEMS), allow=only)
    assert oracles.lists_of(top) == oracles.top_k(scores, k, exclude, allow)
    assert np.array_equal(
        top.scores, scores[np.repeat(np.arange(10), np.diff(top.indptr)), top.indices]
    )


@pytest.mark.parametrize("kind", ["factors", "blocks"])
@given(exclude=rows_of_items, targets=rows_of_items)
def test_ranks_are_those_of_a_plain_loop(kind, exclude, targets) -> None:
    scorer, scores = make(kind)
    found = scorer.ranks(oracles.csr_of(targets, N_ITEMS), exclude=oracles.csr_of(exclude, N_ITEMS))
    wanted, sizes = oracles.ranks(scores, [sorted(row) for row in targets], exclude)
    assert list(zip(found.above, found.tied, strict=True)) == wanted
    assert found.candidates.tolist() == sizes


def test_scores_of_cells(kind) -> None:
    scorer, scores = make(kind)
    lists = [[], [0, 22], [5], *[[]] * 6, [1, 2, 3]]
    found = scorer.at(oracles.csr_of(lists, N_ITEMS))
    assert found.dtype == np.float32
    assert found.tolist() == [
        scores[row, item] for row, cells in enumerate(lists) for item in cells
    ]


def test_sums_of_squares(kind) -> None:
    scorer, scores = make(kind)
    assert np.allclose(scorer.sum_of_squares(), (scores.astype(float) ** 2).sum(axis=1))


@pytest.mark.parametrize("rows", [[], [0], [3, 4, 9], list(range(10))])
def test_taking_some_queries(kind, rows) -> None:
    scorer, scores = make(kind)
    codes = np.array(rows, dtype=np.int64)
    taken = scorer.take(codes)
    exclude = [[row] for row in rows]
    assert taken.n_queries == len(rows)
    top = taken.top_k(5, exclude=oracles.csr_of(exclude, N_ITEMS))
    assert oracles.lists_of(top) == oracles.top_k(scores[codes], 5, exclude)
    assert len(taken.ranks(oracles.csr_of(exclude, N_ITEMS)).candidates) == len(rows)
    assert np.allclose(taken.sum_of_squares(), (scores[codes] ** 2).sum(axis=1))
    assert len(taken.at(oracles.csr_of(exclude, N_ITEMS))) == len(rows)
    twice = scorer.take(np.arange(1, 10)).take(np.array([0, 5]))
    assert oracles.lists_of(twice.top_k(3)) == oracles.top_k(scores[[1, 6]], 3)


@pytest.mark.parametrize("items", [[2], [0, 5, 6, 22], list(range(N_ITEMS))])
def test_taking_some_items(kind, items) -> None:
    scorer, scores = make(kind)
    taken, left = scorer.take_items(np.array(items)), scores[:, items]
    exclude = [[0]] * 10
    top = taken.top_k(3, exclude=oracles.csr_of(exclude, len(items)))
    assert oracles.lists_of(top) == oracles.top_k(left, 3, exclude)
    assert np.allclose(taken.sum_of_squares(), (left**2).sum(axis=1))
    some = taken.take(np.array([1, 7]))
    assert oracles.lists_of(some.top_k(2)) == oracles.top_k(left[[1, 7]], 2)
    assert scorer.n_items == N_ITEMS


def test_blocks_without_a_chosen_query_are_not_computed() -> None:
    asked = []

    def block(span):
        asked.append((span.start, span.stop))
        return np.zeros((span.stop - span.start, 2), np.float32)

    scorer = BlockScorer(100, 2, block, batch=10).take(np.array([3, 5, 50]))
    scorer.top_k(1)
    assert asked == [(3, 6), (50, 51)]


def test_blocks_are_bounded_by_default() -> None:
    sizes = []

    def block(span):
        sizes.append(span.stop - span.start)
        return np.zeros((sizes[-1], 1 << 20), np.float32)

    BlockScorer(20, 1 << 20, block).top_k(1)
    assert sizes == [16, 4]


def test_items_without_a_score_are_never_returned(kind) -> None:
    holes = np.array([[1, np.nan, 3], [-np.inf, 2, np.nan]], dtype=np.float32)
    if kind == "factors":
        scorer = FactorScorer(np.eye(2, dtype=np.float32), np.array([[1, 0], [np.nan, 2], [3, 1]]))
        assert oracles.lists_of(scorer.top_k(3)) == [[2, 0], [2, 0]]
    else:
        scorer = BlockScorer(2, 3, lambda span: holes[span])
        assert oracles.lists_of(scorer.top_k(3)) == [[2, 0], [1]]


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(kind, k) -> None:
    with pytest.raises(SettingsError, match="1 or more"):
        make(kind)[0].top_k(k)


def test_factors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="don't fit"):
        FactorScorer(np.zeros((2, 3)), np.zeros((2, 4)))


def test_merging_answers() -> None:
    scorer, _ = make("factors")
    rows = np.array([1, 4, 7]), np.array([0, 2, 3, 5, 6, 8, 9])
    merged = TopK.merge([(part, scorer.take(part).top_k(4)) for part in rows])
    whole = scorer.top_k(4)
    for field in ("indptr", "indices", "scores"):
        assert np.array_equal(getattr(merged, field), getattr(whole, field))
    assert merged.indptr.dtype == np.int64
