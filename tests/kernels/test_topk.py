"""Native top-k and ranks against plain loops: ties, holes, short rows, every instruction set."""

from __future__ import annotations

import signal
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests import oracles

from penchant import _kernels


@pytest.fixture(params=_kernels.available_isas())
def isa(request):
    before = _kernels.current_isa()
    _kernels.set_isa(request.param)
    yield request.param
    _kernels.set_isa(before)


def pointers(lists):
    csr = oracles.csr_of(lists, 1 << 30)
    return csr.indptr, csr.indices


def ragged(answer):
    indptr, codes, _ = answer
    return [codes[a:b].tolist() for a, b in pairwise(indptr)]


def normal(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


# few different values, so that ties abound, and what no score should be
coarse = st.sampled_from([-2.0, -1.0, -0.0, 0.0, 0.5, 1.0, np.inf, -np.inf, np.nan])


@st.composite
def problems(draw):
    """Scores, and rows of items to exclude, to allow and to rank."""
    m, n = draw(st.integers(1, 9)), draw(st.integers(1, 40))
    scores = draw(hnp.arrays(np.float32, (m, n), elements=coarse))
    lists = st.lists(st.sets(st.integers(0, n - 1)), min_size=m, max_size=m)
    return scores, draw(lists), draw(lists), draw(lists)


@given(problems(), st.integers(1, 50), st.booleans(), st.booleans())
def test_dense_top_k_is_that_of_a_plain_loop(problem, k, with_exclude, with_allow) -> None:
    scores, exclude, allow, _ = problem
    exclude, allow = exclude if with_exclude else None, allow if with_allow else None
    found = _kernels.dense_top_k(
        scores, k, exclude and pointers(exclude), allow and pointers(allow), threads=2
    )
    assert ragged(found) == oracles.top_k(scores, k, exclude, allow)


@given(problems(), st.booleans())
def test_dense_ranks_are_those_of_a_plain_loop(problem, with_exclude) -> None:
    scores, exclude, _, targets = problem
    exclude = exclude if with_exclude else None
    above, tied, candidates = _kernels.dense_ranks(
        scores, pointers(targets), exclude and pointers(exclude), threads=2
    )
    found, sizes = oracles.ranks(scores, [sorted(row) for row in targets], exclude)
    assert list(zip(above.tolist(), tied.tolist(), strict=True)) == found
    assert candidates.tolist() == sizes


@pytest.mark.parametrize("n_targets", [1, 255, 256, 257, 600])
def test_ranks_of_many_targets(n_targets) -> None:
    """Both ways of counting, and ties among the targets."""
    rng = np.random.default_rng(n_targets)
    scores = rng.integers(0, 900, (3, 3000)).astype(np.float32)
    targets = [sorted(rng.choice(3000, n_targets, replace=False).tolist()) for _ in range(3)]
    above, tied, _ = _kernels.dense_ranks(scores, pointers(targets))
    row = np.repeat(np.arange(3), n_targets)
    own = scores[row, np.concatenate(targets)][:, None]
    assert np.array_equal(above, (scores[row] > own).sum(axis=1))
    assert np.array_equal(tied, (scores[row] == own).sum(axis=1) - 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "n", "f"), [(1, 7, 3), (4, 1, 1), (5, 100, 5), (50, 1300, 33)])
def test_factor_top_k_on_every_instruction_set(isa, m, n, f, dtype) -> None:
    # whole numbers: exact in every order of adding up, and many ties
    rng = np.random.default_rng(m)
    X, Y = (rng.integers(-2, 3, shape).astype(dtype) for shape in ((m, f), (n, f)))
    exclude = [rng.choice(n, n // 3, replace=False).tolist() for _ in range(m)]
    found = _kernels.factor_top_k(X, Y, 9, pointers(exclude), threads=2)
    assert ragged(found) == oracles.top_k(X @ Y.T, 9, exclude)
    above, tied, _ = _kernels.factor_ranks(X, Y, pointers([[n // 2]] * m), pointers(exclude))
    assert list(zip(above, tied, strict=True)) == oracles.ranks(X @ Y.T, [[n // 2]] * m, exclude)[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", [1, 2, 7, 8, 64, 100])
@pytest.mark.parametrize("m", [2, 20])
def test_a_cell_has_one_score(isa, m, f, dtype) -> None:
    """In lists of all items, in allow lists and one by one, for few and many queries."""
    X, Y = normal(m, f, dtype=dtype), normal(70, f, seed=1, dtype=dtype)
    cells = pointers([range(70)] * m)
    alone = _kernels.score_pairs(X, Y, cells).reshape(m, 70)
    for allow in (None, cells):
        indptr, codes, scores = _kernels.factor_top_k(X, Y, 70, allow=allow)
        assert np.array_equal(indptr, np.arange(m + 1) * 70)
        assert np.array_equal(alone[np.repeat(np.arange(m), 70), codes], scores)
    assert np.allclose(alone, X @ Y.T, atol=1e-4)


@pytest.mark.parametrize("m", [3, 300])
def test_threads_change_nothing(m) -> None:
    X, Y = normal(m, 16), normal(2000, 16, seed=1)
    targets = pointers([range(0, 2000, 97)] * m)
    one = (
        _kernels.factor_top_k(X, Y, 20, threads=1),
        _kernels.factor_ranks(X, Y, targets, threads=1),
    )
    for threads in (2, 5):
        more = (
            _kernels.factor_top_k(X, Y, 20, threads=threads),
            _kernels.factor_ranks(X, Y, targets, threads=threads),
        )
        for before, after in zip(one, more, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_double_precision_is_kept() -> None:
    """Two scores that are one in float32 are told apart; mixed precision is that of the better."""
    Y = np.array([[1.0], [1.0 + 1e-12]])
    for X in (np.ones((1, 1)), np.ones((1, 1), dtype=np.float32)):
        assert ragged(_kernels.factor_top_k(X, Y, 1)) == [[1]]
        assert _kernels.factor_ranks(X, Y, pointers([[0]]))[0].tolist() == [1]


def test_factors_that_are_not_numbers_are_never_recommended() -> None:
    Y = np.array([[1.0], [np.nan], [2.0]], dtype=np.float32)
    X = np.ones((9, 1), dtype=np.float32)
    assert ragged(_kernels.factor_top_k(X, Y, 3)) == [[2, 0]] * 9
    above, tied, candidates = _kernels.factor_ranks(X, Y, pointers([[0, 1, 2]] * 9))
    assert above.tolist() == [1, 2, 0] * 9
    assert not tied.any()
    assert candidates.tolist() == [3] * 9


@pytest.mark.parametrize(("m", "n", "f"), [(0, 5, 3), (3, 0, 3), (3, 5, 0), (0, 0, 0)])
def test_nothing_to_score(m, n, f) -> None:
    X, Y = np.zeros((m, f), np.float32), np.zeros((n, f), np.float32)
    wanted = [list(range(min(n, 4)))] * m
    assert ragged(_kernels.factor_top_k(X, Y, 4)) == wanted
    assert ragged(_kernels.dense_top_k(np.zeros((m, n), np.float32), 4)) == wanted
    assert _kernels.factor_ranks(X, Y, pointers([[]] * m))[2].tolist() == [n] * m


@pytest.mark.parametrize(
    ("indptr", "indices"),
    [
        ([0, 1], [5]),  # no such item
        ([0, 1], [-1]),
        ([0, 2], [3, 3]),  # twice
        ([0, 2], [3, 1]),  # falling
        ([0, 9], [1]),  # beyond the indices
        ([1, 0], [1]),
        ([-1, 1], [1]),
        ([0, 1, 1], [1]),  # a row too many
    ],
)
def test_rows_that_do_not_fit_are_refused(indptr, indices) -> None:
    rows = np.array(indptr, dtype=np.int64), np.array(indices, dtype=np.int32)
    X, Y = np.zeros((1, 2), np.float32), np.zeros((5, 2), np.float32)
    for call in (
        lambda: _kernels.factor_top_k(X, Y, 2, rows),
        lambda: _kernels.factor_top_k(X, Y, 2, None, rows),
        lambda: _kernels.dense_top_k(X @ Y.T, 2, rows),
        lambda: _kernels.factor_ranks(X, Y, rows),
        lambda: _kernels.dense_ranks(X @ Y.T, pointers([[]]), rows),
        lambda: _kernels.score_pairs(X, Y, rows),
        lambda: _kernels.ranking_gains(pointers([[]]), rows, 2, 5),
    ):
        with pytest.raises(ValueError, match=r"row|indptr|negative"):
            call()


def test_factors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        _kernels.factor_top_k(np.zeros((1, 2)), np.zeros((5, 3)), 2)


def test_a_large_k_over_many_queries() -> None:
    """Lists too large for a whole chunk's memory are made a few queries at a time."""
    X, Y = normal(12, 2), normal(200_000, 2, seed=1)
    indptr, codes, scores = _kernels.factor_top_k(X, Y, 10**9)
    assert np.array_equal(np.diff(indptr), [200_000] * 12)
    assert np.array_equal(np.sort(codes[:200_000]), np.arange(200_000))
    assert (np.diff(scores[:200_000]) <= 0).all()


def test_gains_of_a_hand_made_list() -> None:
    lists = np.array([0, 4, 6, 6]), np.array([7, 2, 9, 4, 0, 1], dtype=np.int32)
    relevant = pointers([[2, 4, 8], [5], [1]])
    hits, first, dcg, precisions = _kernels.ranking_gains(lists, relevant, 4, 10)
    assert hits.tolist() == [2, 0, 0]
    assert first.tolist() == [2, 0, 0]
    assert np.allclose(dcg, [1 / np.log2(3) + 1 / np.log2(5), 0, 0])
    assert np.allclose(precisions, [1 / 2 + 2 / 4, 0, 0])
    assert _kernels.ranking_gains(lists, relevant, 3, 10)[0].tolist() == [1, 0, 0]


def test_a_long_run_stops_when_asked() -> None:
    """A signal's exception ends it between chunks, as Ctrl-C does."""

    class StopError(Exception):
        pass

    def stop(*_):
        raise StopError

    X, Y = normal(40_000, 128), normal(40_000, 128, seed=1)
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    began = time.perf_counter()
    try:
        with pytest.raises(StopError):
            _kernels.factor_top_k(X, Y, 5, threads=2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.perf_counter() - began < 1.5  # all of it takes several seconds


def test_a_k_of_0_gives_lists_of_nothing() -> None:
    scores = np.ones((3, 5), dtype=np.float32)
    for indptr, codes, values in (
        _kernels.dense_top_k(scores, 0),
        _kernels.factor_top_k(scores, scores, 0),
    ):
        assert indptr.tolist() == [0, 0, 0, 0]
        assert codes.size == values.size == 0
