"""What every split promises, and what each of them does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.errors import DataError, SettingsError, SplitError
from penchant.split import (
    cold_items,
    cold_users,
    held_out_users,
    leave_k_out,
    leave_last_out,
    random_fraction,
    temporal,
)


def data(seed=0, *, n_users=30, n_items=25, density=0.4, dislikes=0.2):
    """Interactions with dislikes, timestamps (with ties) and a catalog."""
    x = random_interactions(n_users, n_items, density=density, seed=seed, dislikes=dislikes)
    times = np.random.default_rng(seed).integers(0, 50, x.nnz)
    return dataclasses.replace(x, timestamps=times, catalog=Catalog(x.items), name="things")


SPLITS = {
    "leave_k_out": lambda x, seed: leave_k_out(x, 2, seed=seed),
    "leave_some_k_out": lambda x, seed: leave_k_out(x, 2, fraction_of_users=0.2, seed=seed),
    "random_fraction": lambda x, seed: random_fraction(x, 0.3, seed=seed),
    "random_fraction_per_user": lambda x, seed: random_fraction(x, 0.3, per_user=True, seed=seed),
    "leave_last_out": lambda x, seed: leave_last_out(x, 2, seed=seed),
    "temporal": lambda x, seed: temporal(x, 0.3),
    "held_out_users": lambda x, seed: held_out_users(x, 0.3, seed=seed),
    "cold_items": lambda x, seed: cold_items(x, 0.3, seed=seed),
    "cold_users": lambda x, seed: cold_users(x, 0.3, seed=seed),
}
DRAWN = [name for name in SPLITS if name != "temporal"]
LIKES_ONLY = [name for name in DRAWN if not name.startswith(("cold", "leave_last"))]


def cells(*parts):
    """(user, item) → (value, time) over some interactions; each pair at most once."""
    found = {}
    for part in parts:
        users = part.users[part.csr.row_of_entry].tolist()
        items = part.items[part.csr.indices].tolist()
        what = zip(part.csr.values.tolist(), part.timestamps.tolist(), strict=True)
        for user, item, entry in zip(users, items, what, strict=True):
            assert (user, item) not in found
            found[user, item] = entry
    return found


def parts_of(split):
    return [part for part in (split.train, split.test, split.fold_in) if part is not None]


@pytest.mark.parametrize("name", SPLITS)
@given(seed=st.integers(0, 50))
def test_every_interaction_is_in_exactly_one_part(name, seed) -> None:
    x = data(seed)
    split = SPLITS[name](x, seed)
    assert cells(*parts_of(split)) == cells(x)
    assert split.train.nnz
    assert split.test.nnz
    for part in parts_of(split):
        assert part.items == x.items
        assert (part.catalog, part.name) == (x.catalog, "things")
        rising = np.diff(part.csr.indices) > 0
        starts = part.csr.indptr[1:-1]
        rising[starts[(starts > 0) & (starts < part.nnz)] - 1] = True
        assert rising.all()


@pytest.mark.parametrize("name", DRAWN)
def test_seeds_determine_splits(name) -> None:
    x = data()
    first, again, other = (cells(SPLITS[name](x, seed).test) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_seed_is_recorded(name) -> None:
    x = data()
    split, other = SPLITS[name](x, None), SPLITS[name](x, None)
    assert cells(split.test) != cells(other.test)
    assert cells(SPLITS[name](x, split.settings["seed"]).test) == cells(split.test)


@pytest.mark.parametrize("name", LIKES_ONLY)
def test_dislikes_are_never_held_out(name) -> None:
    assert (SPLITS[name](data(), 0).test.csr.values > 0).all()


@pytest.mark.parametrize("name", SPLITS)
def test_a_split_records_its_settings(name) -> None:
    split = SPLITS[name](data(), 3)
    assert split.kind in name.replace("some_", "")
    assert split.settings["at" if name == "temporal" else "seed"] is not None


# --- leave_k_out -------------------------------------------------------------------------


@given(seed=st.integers(0, 20), k=st.integers(1, 4), spare=st.integers(1, 5))
def test_leave_k_out_takes_k_from_each_user_with_enough(seed, k, spare) -> None:
    x = data(seed)
    split = leave_k_out(x, k, min_interactions=k + spare, seed=seed)
    likes = (x.to_scipy() > 0).sum(axis=1)
    assert split.test.csr.row_counts.tolist() == np.where(likes >= k + spare, k, 0).tolist()
    assert split.train.users == split.test.users == x.users
    assert split.seen is split.train


def test_leave_k_out_draws_a_share_of_all_users() -> None:
    x = data(n_users=40)
    counts = leave_k_out(x, 2, fraction_of_users=0.29).test.csr.row_counts
    assert sorted(set(counts.tolist())) == [0, 2]
    assert (counts > 0).sum() == 11  # ⌊0.29 · 40⌋


def test_the_share_is_rounded_down_despite_floating_point() -> None:
    x = data(n_users=100)
    assert (leave_k_out(x, 1, fraction_of_users=0.29).test.csr.row_counts > 0).sum() == 29


def test_too_few_users_with_enough_likes() -> None:
    x = data(n_users=40, density=0.2)
    enough = int(((x.to_scipy() > 0).sum(axis=1) >= 6).sum())
    assert 0 < enough < 30
    with pytest.raises(SplitError, match=rf"{enough} of 40 users .* {enough / 40:.3f} of all"):
        leave_k_out(x, 3, fraction_of_users=0.9)
    with pytest.raises(SplitError, match="0 of 40 users have 100 likes or more"):
        leave_k_out(x, 50)
    with pytest.raises(SplitError, match="less than one of 40"):
        leave_k_out(x, 1, fraction_of_users=0.01)


def test_every_set_of_places_is_equally_likely() -> None:
    x = random_interactions(3000, 5, density=1.0)
    test = leave_k_out(x, 2, min_interactions=5).test.csr.indices.reshape(-1, 2)
    pairs = np.bincount(test[:, 0] * 5 + test[:, 1], minlength=25)
    pairs = pairs[pairs > 0]
    assert len(pairs) == 10
    assert ((pairs - 300) ** 2 / 300).sum() < 27.9  # χ² of 9 degrees, 1 in 1000


# --- random_fraction, temporal -----------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_random_fraction_is_of_the_likes(share) -> None:
    x = data()
    likes = int((x.csr.values > 0).sum())
    assert random_fraction(x, share).test.nnz == round(share * likes)


def test_a_share_of_no_likes() -> None:
    x = random_interactions(1, 2, density=1.0)
    for share in (0.1, 0.9):
        with pytest.raises(SplitError, match="none, or all"):
            random_fraction(x, share)


def test_temporal_learns_from_the_past() -> None:
    x = data()
    split = temporal(x, 0.3)
    assert split.train.timestamps.max() < split.test.timestamps.min()
    likes = x.csr.values > 0
    assert (split.test.csr.values > 0).sum() >= round(0.3 * likes.sum())
    newest = split.test.timestamps.min()
    assert (x.timestamps[likes] > newest).sum() < round(0.3 * likes.sum())
    assert (split.test.csr.values < 0).any()  # a later dislike must not teach the past


def test_temporal_at_a_time() -> None:
    split = temporal(data(), at=20)
    assert split.test.timestamps.min() == 20
    assert split.train.timestamps.max() == 19
    assert split.settings == {"test": None, "at": 20}


def test_equal_timestamps_stay_together() -> None:
    x = data()
    x = dataclasses.replace(x, timestamps=np.where(x.timestamps < 10, 1, 2))
    split = temporal(x, 0.1)
    assert set(split.test.timestamps.tolist()) == {2}
    assert set(split.train.timestamps.tolist()) == {1}
    with pytest.raises(SplitError, match="no like is earlier"):
        temporal(dataclasses.replace(x, timestamps=np.ones(x.nnz, dtype=np.int64)))


def test_a_cut_without_likes_on_one_side() -> None:
    for at, side in ((0, "earlier"), (50, "later")):
        with pytest.raises(SplitError, match=f"no like is {side}"):
            temporal(data(), at=at)


def test_temporal_needs_times() -> None:
    with pytest.raises(SplitError, match="no timestamps"):
        temporal(random_interactions(5, 5))


# --- held_out_users ----------------------------------------------------------------------


@given(seed=st.integers(0, 30), shown=st.floats(0.05, 0.95))
def test_held_out_users_are_not_in_training(seed, shown) -> None:
    x = data(seed)
    split = held_out_users(x, n=7, fold_in=shown, seed=seed)
    assert split.seen is split.fold_in
    assert split.test.users == split.fold_in.users
    assert len(split.test.users) == 7
    assert not set(split.test.users) & set(split.train.users)
    assert set(split.test.users) | set(split.train.users) == set(x.users)
    history = (split.fold_in.to_scipy() > 0).sum(axis=1)
    wanted = split.test.csr.row_counts
    assert (np.minimum(history, wanted) >= 1).all()
    exact = np.clip(np.rint(shown * (history + wanted)), 1, history + wanted - 1)
    assert np.array_equal(history, exact)


def test_held_out_users_too_few_or_all() -> None:
    x = data()
    with pytest.raises(SplitError, match="none to learn"):
        held_out_users(x, n=30)
    with pytest.raises(SplitError, match="likes or more"):
        held_out_users(x, n=20, min_interactions=24)


# --- cold items and users ----------------------------------------------------------------


@given(seed=st.integers(0, 30))
def test_a_cold_item_has_no_interactions_in_training(seed) -> None:
    x = data(seed)
    split = cold_items(x, n=6, seed=seed)
    assert len(split.candidates) == 6
    assert (np.bincount(split.train.csr.indices, minlength=25)[split.candidates] == 0).all()
    assert set(split.test.csr.indices) <= set(split.candidates)
    assert split.train.items == split.test.items == x.items
    assert split.train.users == split.test.users == x.users


@given(seed=st.integers(0, 30))
def test_a_cold_user_has_no_history(seed) -> None:
    x = data(seed)
    split = cold_users(x, n=6, seed=seed)
    assert split.fold_in is None
    tested = split.test.csr.row_counts > 0
    assert tested.sum() == 6
    assert (split.train.csr.row_counts[tested] == 0).all()
    assert split.train.users == split.test.users == x.users


def test_cold_items_may_compete_with_all() -> None:
    assert cold_items(data(), 0.2, candidates="all").candidates is None


def test_cold_items_have_enough_likes() -> None:
    x = data()
    counts = np.bincount(x.csr.indices[x.csr.values > 0], minlength=25)
    least = int(np.median(counts))
    assert (counts[cold_items(x, 0.2, min_interactions=least).candidates] >= least).all()
    with pytest.raises(SplitError, match="items have 31 likes or more"):
        cold_items(x, 0.2, min_interactions=31)
    with pytest.raises(SplitError, match="25 items would leave none to learn from"):
        cold_items(x, n=25)


# --- arguments ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda x: leave_k_out(x, 0),
        lambda x: leave_k_out(x, 1.5),
        lambda x: leave_k_out(x, True),
        lambda x: leave_k_out(x, 3, min_interactions=3),
        lambda x: leave_k_out(x, fraction_of_users=0),
        lambda x: leave_k_out(x, fraction_of_users=1.1),
        lambda x: leave_k_out(x, seed=-1),
        lambda x: leave_k_out(x, seed="one"),
        lambda x: random_fraction(x, 1.0),
        lambda x: random_fraction(x, float("nan")),
        lambda x: temporal(x, 0.2, at=3),
        lambda x: temporal(x, 0.0),
        lambda x: temporal(x, at=1.5),
        lambda x: held_out_users(x, 0.1, n=3),
        lambda x: held_out_users(x, n=0),
        lambda x: held_out_users(x, 1.0),
        lambda x: held_out_users(x, fold_in=1.0),
        lambda x: held_out_users(x, min_interactions=1),
        lambda x: cold_items(x, 0.1, n=3),
        lambda x: cold_items(x, 1.0),
        lambda x: cold_items(x, candidates="some"),
        lambda x: cold_users(x, n=0),
        lambda x: cold_users(x, min_interactions=0),
    ],
)
def test_arguments_out_of_range(call) -> None:
    with pytest.raises(SettingsError, match=r"must be|not both"):
        call(data())


def test_numpy_numbers_are_numbers() -> None:
    split = leave_k_out(data(), np.int64(2), fraction_of_users=np.float32(0.5), seed=np.uint8(1))
    assert split.settings == {
        "k": 2,
        "fraction_of_users": 0.5,
        "min_interactions": 4,
        "seed": 1,
    }


@pytest.mark.parametrize("name", SPLITS)
def test_other_than_interactions_are_refused(name):
    for other in (None, data().to_scipy()):
        with pytest.raises(DataError, match=r"needs penchant\.Interactions"):
            SPLITS[name](other, 0)
