"""Options that say which part of the data is held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from penchant.cli.options import option

_SPLIT = "What is held out"

SplitKind = Literal[
    "leave-k-out",
    "leave-last-out",
    "fraction",
    "temporal",
    "held-out-users",
    "cold-items",
    "cold-users",
]
Candidates = Literal["held-out", "all"]


@dataclass(frozen=True)
class SplitOptions:
    """Which part of the data is held out."""

    split: Annotated[
        SplitKind,
        option(
            "leave-k-out: some likes of each user; leave-last-out: the newest of each user; "
            "fraction: a share of all; temporal: the newest of all; "
            "held-out-users: a part of the likes of some users; cold-items, cold-users: all "
            "likes of some items or users, which are then known by their features alone.",
            panel=_SPLIT,
            metavar="KIND",
        ),
    ] = "leave-k-out"
    hold_out: Annotated[
        int | None,
        option(
            "leave-k-out, leave-last-out: likes of each user. Default: 5 and 1.",
            panel=_SPLIT,
            metavar="N",
        ),
    ] = None
    share: Annotated[
        float | None,
        option(
            "fraction, temporal: share of the likes; default 0.2. Others: share of the users (or "
            "items); default all for leave-k-out, else 0.1.",
            panel=_SPLIT,
            metavar="SHARE",
        ),
    ] = None
    at: Annotated[
        int | None,
        option("temporal: the time of the cut, instead of --share.", panel=_SPLIT, metavar="TIME"),
    ] = None
    fold_in: Annotated[
        float | None,
        option(
            "held-out-users: share of their likes that the model is given. Default: 0.8.",
            panel=_SPLIT,
            metavar="SHARE",
        ),
    ] = None
    min_likes: Annotated[
        int | None,
        option(
            "Fewest likes of a user (or item) that is held out. Default: twice --hold-out for "
            "leave-k-out, one more than it for leave-last-out, 2 for held-out-users, else 1.",
            panel=_SPLIT,
            metavar="N",
        ),
    ] = None
    candidates: Annotated[
        Candidates | None,
        option(
            "cold-items: which items may be recommended: held-out or all. Default: held-out.",
            panel=_SPLIT,
            metavar="WHICH",
        ),
    ] = None
    split_seed: Annotated[int, option("Seed of the random split.", panel=_SPLIT, metavar="N")] = 0
