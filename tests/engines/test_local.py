"""The native engine against the reference engine."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from penchant import _kernels
from penchant.data.interactions import Csr
from penchant.engines.base import Objective
from penchant.engines.local import LocalEngine
from penchant.engines.reference import ReferenceEngine


def rows_of(n_rows, n_columns, *, density=0.3, seed=0, scale=10.0, dislikes=0.0) -> Csr:
    csr = random_interactions(n_rows, n_columns, density=density, seed=seed, dislikes=dislikes).csr
    return Csr(csr.indptr, csr.indices, csr.values * np.float32(scale), n_columns)


def factors(n, f, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).normal(0, 0.3, (n, f)).astype(dtype)


def relative(solved, expected):
    return np.abs(solved - expected).max() / np.abs(expected).max()


def penalties_of(rows, lam, *, same):
    """Return λ of each row: the same for all, for which a Cholesky factor serves, or not."""
    return lam * (np.ones(rows.n_rows) if same else np.linspace(1, 2, rows.n_rows))


def native(
    rows,
    fixed,
    *,
    lam=0.1,
    solver="exact",
    cg_steps=3,
    weight=1.0,
    threads=2,
    start=None,
    same=True,
):
    """Solve a half step natively; return the solutions in the coordinates of ``fixed``."""
    zeros = np.zeros((rows.n_rows, fixed.shape[1]), fixed.dtype)
    local = LocalEngine(threads)
    rotated, solved = (
        local.align_rows(fixed.copy()),
        local.align_rows(zeros if start is None else start),
    )
    with patch("penchant.engines.local.WHITENED_FROM", 1):  # few factors as well
        Q = local.half_step(
            rows=local.load_rows(rows, penalties_of(rows, lam, same=same)),
            fixed=rotated,
            solved=solved,
            objective=Objective(weight, solver, cg_steps),
        )
    if Q is None:
        assert rotated.tobytes() == fixed.tobytes()
        return solved.copy()
    assert relative(rotated, fixed @ Q) < 1e-5
    return solved @ Q.T.astype(fixed.dtype)


def both(rows, fixed, *, lam=0.1, weight=1.0, same=True, **settings):
    """Solve a half step with the native and with the reference engine."""
    solved = native(rows, fixed, lam=lam, weight=weight, same=same, **settings)
    expected = np.zeros(solved.shape)
    reference = ReferenceEngine()
    reference.half_step(
        rows=reference.load_rows(rows, penalties_of(rows, lam, same=same)),
        fixed=fixed,
        solved=expected,
        objective=Objective(weight, "exact", 1),
    )
    return solved, expected.astype(fixed.dtype)


@pytest.fixture(params=[True, False], ids=["cholesky", "eigenvectors"])
def same(request):
    """Whether all rows have the same λ."""
    return request.param


@pytest.fixture(params=_kernels.available_isas())
def isa(request):
    before = _kernels.current_isa()
    _kernels.set_isa(request.param)
    yield request.param
    _kernels.set_isa(before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", [1, 2, 3, 7, 8, 16, 33, 40, 64, 100, 128])
@pytest.mark.parametrize("density", [0.02, 0.3, 0.9])
def test_exact_rows_equal_the_reference(isa, f, dtype, density, same) -> None:
    rows = rows_of(30, 150, density=density, seed=f)
    solved, expected = both(rows, factors(150, f, seed=f, dtype=dtype), same=same)
    assert solved.dtype == dtype
    assert relative(solved, expected) < (1e-4 if dtype == np.float32 else 1e-10)


@given(
    seed=st.integers(0, 10_000),
    f=st.integers(1, 40),
    n_columns=st.integers(1, 60),
    lam=st.sampled_from([1e-3, 0.1, 10.0]),
    weight=st.sampled_from([0.01, 1.0, 5.0]),
    dislikes=st.sampled_from([0.0, 0.3, 1.0]),
    same=st.booleans(),
)
def test_exact_rows_equal_the_reference_for_all_settings(
    seed, f, n_columns, lam, weight, dislikes, same
) -> None:
    rows = rows_of(12, n_columns, density=0.4, seed=seed, dislikes=dislikes)
    solved, expected = both(rows, factors(n_columns, f, seed), lam=lam, weight=weight, same=same)
    assert np.abs(solved - expected).max() <= 1e-4 * max(np.abs(expected).max(), 1e-3)


@pytest.mark.parametrize("f", [1, 5, 32, 64])
def test_many_cg_steps_agree_with_exact(isa, f, same) -> None:
    rows = rows_of(40, 120, seed=f)
    solved, expected = both(rows, factors(120, f), solver="cg", cg_steps=60, same=same)
    assert relative(solved, expected) < 1e-4


@pytest.mark.parametrize("solver", ["exact", "cg", "auto"])
def test_a_row_split_over_threads_equals_the_reference(solver, same) -> None:
    """Above 16,384 entries, and 1/256 of the work, a row is solved in parts."""
    n = 40_000
    heavy = rows_of(2, n, density=0.9)
    light = rows_of(50, n, density=0.0005, seed=1)
    rows = Csr(
        np.concatenate([light.indptr, light.nnz + heavy.indptr[1:]]),
        np.concatenate([light.indices, heavy.indices]),
        np.concatenate([light.values, heavy.values]),
        n,
    )
    solved, expected = both(rows, factors(n, 12), solver=solver, cg_steps=40, threads=3, same=same)
    assert relative(solved, expected) < 1e-4
    single_threaded = native(rows, factors(n, 12), solver=solver, cg_steps=40, threads=1, same=same)
    assert solved.tobytes() == single_threaded.tobytes()


def test_cg_starts_from_the_solved_side(same) -> None:
    rows, fixed = rows_of(40, 120), factors(120, 16)
    _, solution = both(rows, fixed, same=same)
    near, _ = both(rows, fixed, solver="cg", cg_steps=1, start=solution.copy(), same=same)
    assert relative(near, solution) < 1e-4


def test_auto_solves_short_rows_exactly_and_long_rows_by_cg() -> None:
    long, short = rows_of(30, 400, density=0.5), rows_of(30, 400, density=0.02, seed=1)
    rows = Csr(
        np.concatenate([long.indptr, long.nnz + short.indptr[1:]]),
        np.concatenate([long.indices, short.indices]),
        np.concatenate([long.values, short.values]),
        400,
    )
    fixed = factors(400, 160)
    exact, steps, auto = (
        native(rows, fixed, solver=solver, cg_steps=8) for solver in ("exact", "cg", "auto")
    )
    assert auto[:30].tobytes() == steps[:30].tobytes()
    assert auto[30:].tobytes() == exact[30:].tobytes()
    assert (exact != steps)[30:].any()


@pytest.mark.parametrize("f", [4, 24])
@pytest.mark.parametrize("lam", [0.0, 1e-12])
def test_without_regularization_the_answer_is_finite_and_least_squares(f, lam) -> None:
    """With more factors than columns YᵀY is singular: the solution of least norm is taken."""
    rows = rows_of(20, 10, density=0.4)
    solved, expected = both(rows, factors(10, f, dtype=np.float64), lam=lam)
    assert np.isfinite(solved).all()
    if lam == 0:
        assert relative(solved, expected) < 1e-6


@pytest.mark.parametrize("scale", [1e-20, 1e-6, 1e6, 1e9, 1e20, 1e30])
def test_extreme_weights_stay_finite(scale, same) -> None:
    rows = rows_of(20, 50, density=0.5, scale=scale)
    solved, expected = both(rows, factors(50, 16), same=same)
    assert np.isfinite(solved).all()
    if scale <= 1e9:
        predicted, right = solved @ factors(50, 16).T, expected @ factors(50, 16).T
        assert np.abs(predicted - right).max() < 2e-3 * np.abs(right).max()


def test_rows_without_entries_become_zero(same) -> None:
    rows = Csr(np.array([0, 0, 1, 1]), np.array([2], np.int32), np.array([5], np.float32), 4)
    solved, _ = both(rows, factors(4, 6), same=same)
    assert not solved[[0, 2]].any()
    assert solved[1].any()


@given(
    threads=st.sampled_from([1, 2, 3, 8]),
    solver=st.sampled_from(["exact", "cg", "auto"]),
    same=st.booleans(),
)
def test_the_number_of_threads_changes_no_bit(threads, solver, same) -> None:
    rows, fixed = rows_of(300, 80, density=0.1, seed=1), factors(80, 20)
    single_threaded, _ = both(rows, fixed, solver=solver, threads=1, same=same)
    many, _ = both(rows, fixed, solver=solver, threads=threads, same=same)
    assert single_threaded.tobytes() == many.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gram_equals_numpy(isa, dtype) -> None:
    for n, f in [(1, 1), (5, 3), (300, 17), (3000, 40)]:
        Y = factors(n, f, dtype=dtype)
        wide = Y.astype(np.float64).T @ Y.astype(np.float64)
        np.testing.assert_allclose(LocalEngine(2).gram(Y), wide, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(LocalEngine(2).gram(Y, precise=False), wide, atol=1e-6 * n)
        assert LocalEngine(1).gram(Y).tobytes() == LocalEngine(3).gram(Y).tobytes()


@pytest.mark.parametrize("weight", [0.0, 1.0, 0.3])
def test_observed_loss_equals_the_reference(isa, weight) -> None:
    rows = rows_of(70, 50, dislikes=0.2)
    X, Y = factors(70, 9, 1), factors(50, 9, 2)
    reference, local = ReferenceEngine(), LocalEngine(2)
    loaded = local.load_rows(rows, np.ones(70))
    expected = reference.observed_loss(reference.load_rows(rows, np.ones(70)), X, Y, weight)
    assert local.observed_loss(loaded, X, Y, weight) == pytest.approx(expected, rel=1e-5)


def test_spectrum_reconstructs_the_gram_matrix() -> None:
    values, vectors = LocalEngine(1).spectrum(factors(30, 6))
    np.testing.assert_allclose(
        (vectors * values) @ vectors.T, LocalEngine(1).gram(factors(30, 6)), atol=1e-12
    )


def test_fold_in_needs_only_the_used_rows_and_the_full_spectrum() -> None:
    rows, fixed = rows_of(1, 300, density=0.05), factors(300, 12)
    whole, _ = both(rows, fixed)
    some = Csr(rows.indptr, np.arange(rows.nnz, dtype=np.int32), rows.values, rows.nnz)
    few = fixed[rows.indices]
    for engine in (LocalEngine(1), ReferenceEngine()):
        part = engine.fold_in(
            rows=some,
            fixed=few,
            spectrum=engine.spectrum(fixed),
            regularization=np.full(1, 0.1),
            unobserved_weight=1.0,
        )
        assert relative(part, whole) < 1e-5
    np.testing.assert_array_equal(few, fixed[rows.indices])


def test_aligned_factors_are_not_copied() -> None:
    for f in (8, 13):
        original = factors(5, f)
        aligned = _kernels.align_rows(original)
        np.testing.assert_array_equal(aligned, original)
        assert _kernels.align_rows(aligned) is aligned
        part = np.ones((5, 64), np.float32)[:, :f]  # rows apart, but no zeros between them
        assert not np.shares_memory(_kernels.align_rows(part), part)


def test_arrays_that_do_not_fit_are_refused() -> None:
    rows, fixed = rows_of(5, 6), factors(6, 3)
    values, vectors = LocalEngine(1).spectrum(fixed)

    def step(indices=rows.indices, n=5, fixed=fixed, align_rows=_kernels.align_rows):
        _kernels.half_step(
            _kernels.weighted_rows(rows.indptr, indices, rows.values, len(fixed)),
            align_rows(fixed),
            (values, vectors),
            align_rows(np.zeros((n, 3), np.float32)),
            _kernels.row_objective(np.ones(5), unobserved_weight=1.0),
            threads=1,
        )

    with pytest.raises(ValueError, match="indices must lie in"):
        step(indices=rows.indices + 1)
    with pytest.raises(ValueError, match="factors of shape"):
        step(n=4)
    with pytest.raises(ValueError, match="float32 or float64"):
        step(fixed=fixed.astype(np.float16))
    with pytest.raises(ValueError, match="as align_rows gives them"):
        step(align_rows=lambda array: array)


@given(seed=st.integers(0, 1000), n=st.integers(0, 600), f=st.integers(1, 40))
def test_extrapolation_equals_the_reference_for_any_number_of_threads(seed, n, f) -> None:
    was, now = factors(n, f, seed), factors(n, f, seed + 1)
    was *= np.float32(10.0) ** np.random.default_rng(seed).integers(-6, 6, (n, 1), np.int64)
    Q = np.linalg.qr(factors(f, f, seed, np.float64))[0]
    reference, expected = ReferenceEngine(), now.astype(np.float64)
    reference.extrapolate(expected, reference.quantize_previous(was.astype(np.float64)), Q, 0.7)
    results = []
    for threads in (1, 2, 3):
        local = LocalEngine(threads)
        moved, before = local.align_rows(now.copy()), local.quantize_previous(local.align_rows(was))
        before = local.extrapolate(moved, before, Q, 0.7)
        results.append(np.array(moved))
        local.extrapolate(moved, before, np.eye(f), 1.0)  # from now: what it was moved by, twice
        size = np.abs(now).max(initial=0) + np.abs(was).max(initial=0)
        assert np.abs(moved - (2 * results[0] - now)).max(initial=0) <= 1e-4 * size
    size = np.abs(now).max(axis=1) + np.sqrt(f) * np.abs(was).max(axis=1)
    assert (np.abs(results[0] - expected).max(axis=1) <= 1e-4 * size).all()
    assert (results[0] == results[1]).all()
    assert (results[0] == results[2]).all()


@pytest.mark.parametrize("size", [0.0, 1e-42, 1e-38, 1e37])
def test_extreme_float32_numbers_are_quantized_to_finite_ones(size) -> None:
    local = LocalEngine(1)
    laid_out = local.align_rows(np.full((3, 5), size, np.float32))
    before = local.quantize_previous(laid_out)
    local.extrapolate(laid_out, before, None, 0.9)
    np.testing.assert_allclose(laid_out, np.float32(size), rtol=1e-4, atol=1e-37)


def test_previous_factors_of_another_shape_are_refused() -> None:
    local = LocalEngine(1)
    before = local.quantize_previous(local.align_rows(factors(5, 3)))
    with pytest.raises(ValueError, match="before"):
        local.extrapolate(local.align_rows(factors(6, 3)), before, np.eye(3), 0.5)
