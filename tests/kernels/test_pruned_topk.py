"""Ruling items out by rounded factors changes no list: neither items, nor order, nor scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penchant import _kernels

Factors = npt.NDArray[Any]
LARGEST = np.finfo(np.float32).max
SMALLEST = np.float32(1e-45)


@pytest.fixture(params=_kernels.available_isas(), autouse=True)
def isa(request: pytest.FixtureRequest) -> Any:
    before = _kernels.current_isa()
    _kernels.set_isa(request.param)
    yield request.param
    _kernels.set_isa(before)


def assert_same(
    X: Factors, Y: Factors, k: int = 10, exclude: _kernels.Rows | None = None, threads: int = 2
) -> _kernels.Rows:
    plain = _kernels.factor_top_k(X, Y, k, exclude, prune=False, threads=threads)
    index = _kernels.factor_index(Y, threads=threads)
    ways: list[dict[str, Any]] = [
        {"prune": True},
        {"prune": True, "index": index},
        {"index": index},
    ]
    for way in ways:
        pruned = _kernels.factor_top_k(X, Y, k, exclude, **way, threads=threads)
        for one, other in zip(plain, pruned, strict=True):
            assert one.tobytes() == other.tobytes()
    return plain[:2]


def factors(m: int, n: int, f: int, seed: int = 0) -> tuple[Factors, Factors]:
    """Long-tailed norms, as learned factors have."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, f)) * rng.lognormal(0, 0.5, (m, 1))
    Y = rng.normal(size=(n, f)) * rng.lognormal(0, 1, (n, 1)) + 0.3
    return X.astype(np.float32), Y.astype(np.float32)


def rows(per_query: list[npt.NDArray[Any]]) -> _kernels.Rows:
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in per_query])])
    return indptr.astype(np.int64), np.concatenate(per_query).astype(np.int32)


@pytest.mark.parametrize("f", [1, 2, 3, 16, 63, 64, 65, 130, 257, 600])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_number_of_factors(f: int, dtype: npt.DTypeLike) -> None:
    X, Y = factors(40, 900, f, seed=f)
    assert_same(X.astype(dtype), Y.astype(dtype))


@pytest.mark.parametrize("k", [1, 2, 31, 128, 399, 400, 1000])
def test_any_length(k: int) -> None:
    X, Y = factors(30, 400, 24)
    assert_same(X, Y, k)


@pytest.mark.parametrize("n", [1, 127, 128, 129, 383, 384, 385, 641])
def test_any_number_of_items(n: int) -> None:
    X, Y = factors(20, n, 20, seed=n)
    assert_same(X, Y)


def test_near_ties_at_the_edge_of_the_list() -> None:
    """Thousands of items within a few roundings of each other, all about as long."""
    rng = np.random.default_rng(3)
    base = rng.normal(size=48).astype(np.float32)
    steps = rng.integers(-2, 3, (3000, 48)).astype(np.float32) * np.float32(6e-8)
    Y = base * (1 + steps)
    X = np.concatenate([np.tile(base, (4, 1)), rng.normal(size=(20, 48)).astype(np.float32)])
    assert_same(X, Y)


def test_equal_scores_go_to_the_lower_code() -> None:
    rng = np.random.default_rng(4)
    kinds = rng.integers(-2, 3, (7, 32)).astype(np.float32)
    Y = kinds[rng.integers(0, 7, 2000)]
    X = rng.integers(-2, 3, (64, 32)).astype(np.float32)
    indptr, codes = assert_same(X, Y)
    scores = X @ Y.T
    for q, top in enumerate(np.split(codes, indptr[1:-1])):
        assert top.tolist() == np.lexsort([np.arange(2000), -scores[q]])[:10].tolist()


def test_equal_norms_as_in_cosine() -> None:
    X, Y = factors(200, 2000, 40)
    Y /= np.linalg.norm(Y, axis=1, keepdims=True)
    assert_same(Y[:300], Y)
    assert_same(X, Y)


def test_zero_vectors_on_both_sides() -> None:
    X, Y = factors(60, 1000, 16)
    X[::3], Y[::2] = 0, 0
    assert_same(X, Y)
    assert_same(-np.abs(X), np.abs(Y))  # zero is the best score there is
    assert_same(np.zeros_like(X), Y)
    assert_same(X, np.zeros_like(Y))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none(bad: float) -> None:
    X, Y = factors(40, 800, 16)
    queries, items = X.copy(), Y.copy()
    queries[[3, 20], [0, 15]] = bad
    assert_same(queries, Y)
    items[[0, 700], [1, 2]] = bad
    assert_same(X, items)
    assert_same(queries, items)


@pytest.mark.parametrize("size", [1e-44, 1e-38, 1e-30, 1e-19, 1e18, 1e19, 1e30, 1e37])
def test_very_small_and_very_large_numbers(size: float) -> None:
    X, Y = factors(30, 700, 20)
    scale = np.float32(size)
    with np.errstate(over="ignore"):
        assert_same(X * scale, Y)
        assert_same(X, Y * scale)
        assert_same(X * scale, Y * scale)
        mixed = Y.copy()
        mixed[::5] *= scale
        assert_same(X, mixed)
        double = np.float64(size) ** 4
        assert_same(X * double, Y * double)


def test_scores_lost_to_underflow() -> None:
    rng = np.random.default_rng(5)
    X = (rng.integers(-3, 4, (30, 16)) * SMALLEST * 1e22).astype(np.float32)
    Y = (rng.integers(-3, 4, (900, 16)) * SMALLEST * 1e22).astype(np.float32)
    assert_same(X, Y)


def test_one_huge_factor_hides_the_others() -> None:
    """Rounding leaves nothing of the small factors: only the margin keeps the right items."""
    X, Y = factors(40, 1500, 32)
    X[:, 5] *= 1e4
    Y[:, 9] *= 1e4
    assert_same(X, Y)
    Y[:, 5] = 1
    assert_same(X, Y)


def test_all_leading_items_excluded() -> None:
    X, Y = factors(50, 1200, 24)
    by_norm = np.argsort(-np.linalg.norm(Y, axis=1))
    for n in (128, 600, 1195, 1200):
        assert_same(X, Y, exclude=rows([np.sort(by_norm[:n])] * 50))


def test_exclusions_of_every_size() -> None:
    rng = np.random.default_rng(6)
    X, Y = factors(64, 1000, 24)
    some = [np.sort(rng.choice(1000, n, replace=False)) for n in rng.integers(0, 1001, 64)]
    assert_same(X, Y, exclude=rows(some))


def test_allow_lists_are_honored() -> None:
    rng = np.random.default_rng(7)
    X, Y = factors(20, 500, 16)
    allow = rows([np.sort(rng.choice(500, 40, replace=False)) for _ in range(20)])
    plain = _kernels.factor_top_k(X, Y, 5, None, allow, prune=False)
    pruned = _kernels.factor_top_k(X, Y, 5, None, allow, prune=True)
    index = _kernels.factor_index(Y)
    indexed = _kernels.factor_top_k(X, Y, 5, None, allow, prune=True, index=index)
    for found in (pruned, indexed):
        assert all(np.array_equal(a, b) for a, b in zip(plain, found, strict=True))


def test_an_index_serves_single_queries_and_short_batches() -> None:
    X, Y = factors(70, 3000, 48)
    index = _kernels.factor_index(Y)
    for m in (1, 2, 4, 5, 8, 64):
        plain = _kernels.factor_top_k(X[:m], Y, 20, prune=False)
        for threads in (1, 3):
            found = _kernels.factor_top_k(X[:m], Y, 20, index=index, threads=threads)
            assert all(np.array_equal(a, b) for a, b in zip(plain, found, strict=True))


def test_an_index_outlives_the_array_and_the_instruction_set(isa: str) -> None:
    X, Y = factors(9, 2000, 20)
    index = _kernels.factor_index(Y.copy())
    for other in _kernels.available_isas():
        _kernels.set_isa(other)
        plain = _kernels.factor_top_k(X, Y, 20, prune=False)
        found = _kernels.factor_top_k(X, Y, 20, index=index)
        assert all(np.array_equal(a, b) for a, b in zip(plain, found, strict=True))


def test_an_index_is_about_a_byte_a_number() -> None:
    _, Y = factors(1, 20_000, 64)
    assert 20_000 * 64 < _kernels.factor_index(Y).n_bytes < 20_000 * (64 + 16)


def test_an_index_of_other_items_is_refused() -> None:
    X, Y = factors(3, 2000, 16)
    index = _kernels.factor_index(Y)
    with pytest.raises(ValueError, match="not that of these items"):
        _kernels.factor_top_k(X, Y[:-1], 5, index=index)
    with pytest.raises(TypeError):
        _kernels.factor_top_k(X.astype(np.float64), Y.astype(np.float64), 5, index=index)


@pytest.mark.parametrize("shape", [(0, 4), (5, 0), (0, 0), (1, 20_000)])
def test_an_index_of_next_to_nothing(shape: tuple[int, int]) -> None:
    Y = np.ones(shape, dtype=np.float32)
    X = np.ones((2, shape[1]), dtype=np.float32)
    index = _kernels.factor_index(Y)
    plain = _kernels.factor_top_k(X, Y, 3, prune=False)
    for prune in (None, True):
        found = _kernels.factor_top_k(X, Y, 3, index=index, prune=prune)
        assert all(np.array_equal(a, b) for a, b in zip(plain, found, strict=True))


def test_the_answer_does_not_depend_on_threads() -> None:
    X, Y = factors(500, 2000, 32)
    answers = [_kernels.factor_top_k(X, Y, 10, prune=True, threads=n) for n in (1, 2, 3, 8)]
    for answer in answers[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(answer, answers[0], strict=True))


def test_the_answer_does_not_depend_on_which_way_is_chosen() -> None:
    X, Y = factors(300, 2000, 32)
    chosen = _kernels.factor_top_k(X, Y, 10)
    plain = _kernels.factor_top_k(X, Y, 10, prune=False)
    assert all(np.array_equal(a, b) for a, b in zip(chosen, plain, strict=True))


def test_factors_that_nothing_can_be_ruled_out_of() -> None:
    """Scores far apart in tiny steps of one factor: most queries are given up, none is wrong."""
    n = 4000
    Y = np.ones((n, 32), dtype=np.float32)
    Y[:, 0] = np.random.default_rng(8).permutation(n) * 1e-5
    X = np.tile(np.ones(32, dtype=np.float32), (1500, 1))
    assert_same(X, Y)
    chosen = _kernels.factor_top_k(X, Y, 10)
    assert np.array_equal(chosen[1].reshape(-1, 10)[0], np.argsort(-Y[:, 0], kind="stable")[:10])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), f=st.integers(1, 140), data=st.data())
def test_law_same_lists(seed: int, f: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    m, n = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 900))
    X = rng.normal(size=(m, f)) * np.exp(rng.normal(size=(m, 1)) * data.draw(st.integers(0, 8)))
    Y = rng.normal(size=(n, f)) * np.exp(rng.normal(size=f) * data.draw(st.integers(0, 4)))
    if data.draw(st.booleans()):
        X, Y = np.rint(X), np.rint(Y)
    taken = [np.flatnonzero(rng.random(n) < rng.random()) for _ in range(m)]
    with np.errstate(over="ignore"):
        pair = X.astype(np.float32), Y.astype(np.float32)
    assert_same(*pair, data.draw(st.integers(1, 40)), rows(taken))
