"""Every similarity beside the formula of its textbook, in SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

import penchant
from penchant import ItemNeighbors, UserNeighbors
from penchant.errors import SettingsError
from penchant.models.neighbors import items as items_module
from penchant.models.neighbors.exponents import source_exponent, target_exponent

seeds = st.integers(0, 99)
exponents = st.floats(0, 1.5)
presets = st.sampled_from(["cosine", "tfidf", "bm25", "jaccard", "p3alpha", "rp3beta"])


def random_data(seed: int, dislikes: float = 0.1) -> penchant.Interactions:
    return random_interactions(25, 18, density=0.25, seed=seed, dislikes=dislikes)


def confident(X: sp.csr_array, confidence: str) -> sp.csr_array:
    size = np.abs(X.data).astype(np.float64)
    scaled = {"linear": size, "log": np.log1p(size), "binary": np.ones_like(size)}[confidence]
    return sp.csr_array((np.sign(X.data) * scaled, X.indices, X.indptr), shape=X.shape)


def power(degrees: np.ndarray, exponent: float) -> sp.dia_array:
    return sp.diags_array(np.where(degrees > 0, degrees, 1.0) ** -exponent)


def walk(X: sp.csr_array, a: float, b: float, c: float) -> np.ndarray:
    """Return D_i^−a Xᵀ D_u^−b X D_j^−c with a zero diagonal."""
    of_item, of_user = abs(X).sum(axis=0), abs(X).sum(axis=1)
    S = power(of_item, a) @ X.T @ power(of_user, b) @ X @ power(of_item, c)
    dense = S.toarray()
    np.fill_diagonal(dense, 0)
    return dense


def textbook(X: sp.csr_array, similarity: str, k1: float = 1.2, b: float = 0.75) -> np.ndarray:
    """Return the similarity of the columns of X, with a zero diagonal."""
    if similarity == "p3alpha":
        return walk(X, 0.5, 0.5, 0)
    if similarity == "rp3beta":
        return walk(X, 0.5, 0.5, 0.3)
    dense = X.toarray()
    if similarity == "jaccard":
        has = (dense != 0).astype(float)
        common = has.T @ has
        union = has.sum(axis=0)[:, None] + has.sum(axis=0) - common
        S = np.sign(dense).T @ np.sign(dense) / np.maximum(union, 1)
    else:
        weights, n = dense, dense.shape[1]
        idf = np.maximum(np.log(n / (1 + (dense != 0).sum(axis=1, keepdims=True))), 0)
        if similarity == "tfidf":
            weights = np.sign(dense) * np.sqrt(abs(dense)) * idf
        if similarity == "bm25":
            total = abs(dense).sum(axis=0)
            length = 1 - b + b * total / total.mean()
            size = abs(dense) * (k1 + 1) / np.where(dense != 0, k1 * length + abs(dense), 1)
            weights = np.sign(dense) * size * idf
        else:
            norms = np.linalg.norm(weights, axis=0)
            weights = weights / np.where(norms > 0, norms, 1)
        S = weights.T @ weights
    np.fill_diagonal(S, 0)
    return S


def scores_of(model: penchant.Model, data: penchant.Interactions) -> np.ndarray:
    return model.scorer(data).dense(slice(0, data.n_users))


@given(seed=seeds, similarity=presets, confidence=st.sampled_from(["linear", "log", "binary"]))
def test_presets_equal_their_textbook_formulas(seed, similarity, confidence) -> None:
    data = random_data(seed)
    X = confident(data.to_scipy(), confidence)
    settings = {"similarity": similarity, "confidence": confidence, "neighbors": None}
    S = textbook(X, similarity)
    scores = scores_of(ItemNeighbors(**settings).fit(data), data)
    np.testing.assert_allclose(scores, X @ S, rtol=1e-4, atol=1e-5 * (1 + abs(S).max()))
    of_users = textbook(X.T.tocsr(), similarity)
    of_users[(X.toarray()[:, None] == X.toarray()).all(axis=2)] = 0  # the same history
    scores = scores_of(UserNeighbors(**settings).fit(data), data)
    bound = 1e-5 * (1 + abs(of_users).max())
    # the activity of the asking user is a factor of a row; here it is part of the similarity
    np.testing.assert_allclose(scores, of_users @ X, rtol=1e-4, atol=10 * bound)


@pytest.mark.parametrize("dislikes", [0, 0.1])  # with likes only, common users are counted
@given(seed=seeds, similarity=presets, neighbors=st.integers(1, 25))
def test_the_nearest_are_kept(seed, dislikes, similarity, neighbors) -> None:
    data = random_data(seed, dislikes)
    X = confident(data.to_scipy(), "binary")
    for kind, of in ((ItemNeighbors, X), (UserNeighbors, X.T.tocsr())):
        S = textbook(of, similarity)
        if kind is UserNeighbors:
            S[(X.toarray()[:, None] == X.toarray()).all(axis=2)] = 0  # the same history
        model = kind(similarity=similarity, neighbors=neighbors).fit(data)
        arrays = model._arrays()
        bound = 1e-5 * (1 + abs(S).max())
        for row, expected in enumerate(S):
            span = slice(*arrays["offsets"][row : row + 2])
            codes, kept = arrays["neighbors"][span], arrays["similarities"][span]
            assert (np.diff(kept) <= 0).all()
            np.testing.assert_allclose(kept, expected[codes], rtol=1e-4, atol=bound)
            best = np.sort(expected[expected > bound])[::-1][:neighbors]
            np.testing.assert_allclose(kept[: len(best)], best, rtol=1e-4, atol=bound)


@given(seed=seeds, a=exponents, b=exponents, c=exponents)
def test_the_exponents_are_those_of_the_degrees(seed, a, b, c) -> None:
    data = random_data(seed)
    X = confident(data.to_scipy(), "linear")
    settings = {"source_exponent": a, "common_exponent": b, "target_exponent": c}
    settings["confidence"] = "linear"
    model = ItemNeighbors(similarity="rp3beta", neighbors=None, **settings).fit(data)
    S = walk(X, a, b, c)
    bound = 1e-5 * (1 + abs(S).max())
    np.testing.assert_allclose(scores_of(model, data), X @ S, rtol=1e-4, atol=10 * bound)
    p3alpha = ItemNeighbors(similarity="p3alpha", neighbors=None, **settings).fit(data)
    S = walk(X, a, b, 0)
    bound = 1e-5 * (1 + abs(S).max())
    np.testing.assert_allclose(scores_of(p3alpha, data), X @ S, rtol=1e-4, atol=10 * bound)


@given(seed=seeds, c=st.none() | exponents)
def test_auto_is_rp3beta_with_exponents_by_the_data(seed, c) -> None:
    data = random_interactions(40, 35, density=0.9, seed=seed)
    X = confident(data.to_scipy(), "linear")
    model = ItemNeighbors(confidence="linear", neighbors=None, target_exponent=c).fit(data)
    counts = (X != 0).sum(axis=1), (X != 0).sum(axis=0)
    d = np.sqrt(np.prod([(n.astype(float) ** 2).sum() / n.sum() for n in counts]))
    density = max(0, 1 - 22 / d)
    S = walk(X, 0.4 + 0.3 * density, 0.7, 0.7 * density if c is None else c)
    bound = 1e-5 * (1 + abs(S).max())
    np.testing.assert_allclose(scores_of(model, data), X @ S, rtol=1e-4, atol=10 * bound)


@given(seed=seeds)
def test_the_target_exponent_grows_with_the_interactions(seed) -> None:
    few = random_interactions(60, 50, density=0.1, seed=seed % 1000)
    many = random_interactions(60, 50, density=0.6, seed=seed % 1000)
    assert target_exponent(few.by_item()) == 0 < target_exponent(many.by_item()) < 0.7
    assert source_exponent(few.by_item()) == 0.4 < source_exponent(many.by_item()) < 0.7


@given(seed=seeds)
def test_cosine_on_likes_is_a_member_of_the_family(seed) -> None:
    data = random_data(seed, dislikes=0)
    cosine = ItemNeighbors(similarity="cosine", confidence="binary", neighbors=None).fit(data)
    walks = ItemNeighbors(
        similarity="rp3beta", confidence="binary", neighbors=None,
        source_exponent=0.5, common_exponent=0.0, target_exponent=0.5,
    ).fit(data)  # fmt: skip
    np.testing.assert_allclose(
        scores_of(walks, data), scores_of(cosine, data), rtol=1e-5, atol=1e-6
    )


@given(seed=seeds, similarity=presets, neighbors=st.sampled_from([4, None]))
def test_permuting_users_and_items_permutes_scores(seed, similarity, neighbors) -> None:
    data = random_data(seed)
    rng = np.random.default_rng(seed)
    users, items = rng.permutation(data.n_users), rng.permutation(data.n_items)
    matrix = data.to_scipy()[users][:, items]
    other = penchant.Interactions.from_scipy(
        matrix,
        user_ids=[data.users[code] for code in users.tolist()],
        item_ids=[data.items[code] for code in items.tolist()],
    )
    if neighbors is not None:  # of equal similarities the first items are kept
        noise = np.random.default_rng(seed).uniform(0.5, 2, data.nnz).astype(np.float32)
        X = data.to_scipy()
        X.data = X.data * noise
        data = penchant.Interactions.from_scipy(X, user_ids=data.users, item_ids=data.items)
        other = penchant.Interactions.from_scipy(
            X[users][:, items],
            user_ids=[data.users[code] for code in users.tolist()],
            item_ids=[data.items[code] for code in items.tolist()],
        )
        if similarity == "jaccard":
            return  # counts tie whatever the values
    for kind in (ItemNeighbors, UserNeighbors):
        model = kind(similarity=similarity, neighbors=neighbors, confidence="linear")
        plain = scores_of(model.fit(data), data)[users][:, items]
        permuted = scores_of(model.with_settings().fit(other), other)
        scale = abs(plain).max() + 1e-6
        np.testing.assert_allclose(permuted, plain, rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.parametrize("kind", [ItemNeighbors, UserNeighbors])
@pytest.mark.parametrize("settings", [
    {"similarity": "rp3beta", "neighbors": None},
    {"similarity": "rp3beta", "neighbors": 7},
    {"similarity": "jaccard", "neighbors": None},
    {"similarity": "bm25", "neighbors": None, "shrinkage": 3},
])  # fmt: skip
def test_the_same_bits_on_any_number_of_threads(kind, settings) -> None:
    data = random_interactions(150, 400, density=0.1, dislikes=0.1)
    lists = []
    for threads in (1, 2, 5):
        model = kind(threads=threads, **settings).fit(data)
        top = model.scorer(data).top_k(20, exclude=data.csr)
        lists.append((top.indices, top.scores))
    for indices, scores in lists[1:]:
        np.testing.assert_array_equal(indices, lists[0][0])
        np.testing.assert_array_equal(scores, lists[0][1])


@pytest.mark.parametrize("similarity", ["cosine", "tfidf", "bm25", "p3alpha", "rp3beta"])
def test_similarities_that_would_take_too_much_memory_are_not_kept(
    similarity, monkeypatch, tmp_path
) -> None:
    data = random_data(3)
    model = ItemNeighbors(similarity=similarity, neighbors=None)
    kept = model.with_settings().fit(data)
    monkeypatch.setattr(items_module, "MAX_BYTES", 64)
    walked = penchant.load(model.fit(data).save(tmp_path / "model.penchant"))
    assert list(walked._arrays()) == ["on_demand"]
    expected = scores_of(kept, data)
    np.testing.assert_allclose(scores_of(walked, data), expected, rtol=1e-4, atol=1e-4)
    near, far = kept.similar_items("i0003", k=5), walked.similar_items("i0003", k=5)
    np.testing.assert_allclose(far.scores, near.scores, rtol=1e-4, atol=1e-6)
    why = walked.explain("u0002", "i0004")
    assert why.score == pytest.approx(walked.scores("u0002", ["i0004"])[0], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("settings", [{"similarity": "jaccard"}, {"shrinkage": 2}])
def test_similarities_that_can_not_be_walked_need_a_limit(settings, monkeypatch) -> None:
    monkeypatch.setattr(items_module, "MAX_BYTES", 64)
    with pytest.raises(SettingsError, match="set neighbors"):
        ItemNeighbors(neighbors=None, **settings).fit(random_data(3))
    ItemNeighbors(neighbors=4, **settings).fit(random_data(3))


@given(seed=seeds, similarity=presets, neighbors=st.sampled_from([3, None]))
def test_contributions_are_the_terms_of_the_sum(seed, similarity, neighbors) -> None:
    data = random_data(seed)
    for kind in (ItemNeighbors, UserNeighbors):
        model = kind(similarity=similarity, neighbors=neighbors).fit(data)
        for user in ("u0001", "u0002"):
            for item in ("i0003", "i0004"):
                score = float(model.scores(user, [item])[0])
                scale = 1e-4 * (1 + abs(score))
                assert model.explain(user, item).score == pytest.approx(score, rel=1e-3, abs=scale)
