"""Interactions that the tests of Ranking train on."""

from __future__ import annotations

import numpy as np

from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions

LOSSES = ["warp", "bpr", "logistic", "k-os-warp"]


def tagged(interactions: Interactions) -> Interactions:
    """Items have two tags each, users one; item i0000 has none."""
    items = {one: [f"t{c % 3}", f"s{c % 2}"] for c, one in enumerate(interactions.items) if c}
    users = {one: {f"g{c % 4}": 2.0} for c, one in enumerate(interactions.users)}
    return interactions.with_item_features(Features.of(items)).with_user_features(
        Features.of(users, kind="user")
    )


def taste(n_users=150, n_items=90, held_out=12) -> tuple[Interactions, list[int]]:
    """Users who like one of three kinds of items; the last items have no interactions."""
    rng = np.random.default_rng(0)
    user, item = np.arange(n_users)[:, None], np.arange(n_items)
    likes = (user % 3 == item % 3) & (rng.random((n_users, n_items)) < 0.3)
    likes[:, n_items - held_out :] = False
    rows, columns = np.nonzero(likes)
    indptr = np.concatenate([[0], np.cumsum(likes.sum(axis=1))]).astype(np.int64)
    csr = Csr(indptr, columns.astype(np.int32), np.ones(len(rows), np.float32), n_items)
    data = Interactions(csr, IdMap.range(n_users, "user"), IdMap.range(n_items, "item"))
    kinds = Features.of({code: [f"kind {code % 3}"] for code in range(n_items)})
    groups = Features.of({code: [f"group {code % 3}"] for code in range(n_users)}, kind="user")
    data = data.with_item_features(kinds).with_user_features(groups)
    return data, list(range(n_items - held_out, n_items))
