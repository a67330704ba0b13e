"""Options that several verbs share, in groups; a verb takes a group as one argument."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

_READING = "Reading the log"
_EVENTS = "Events of several types, and age"
_NAMING = "Naming the items"
_FEATURES = "Features of items and users"
_MODEL = "The model"
_SPLIT = "What is held out"


def _option(text: str, *names: str, panel: str | None = None, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, metavar=metavar)


# --- one by one -------------------------------------------------------------------------

Json = Annotated[bool, _option("Print one JSON document, for machines.", "--json")]
Quiet = Annotated[bool, _option("No progress, no advice.", "--quiet", "-q")]
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model file, as [cyan]penchant fit[/cyan] writes.")
]
HowMany = Annotated[int, typer.Option("-k", "--top", min=1, help="How many answers.", metavar="N")]
ByName = Annotated[bool, _option("Take items for names, never for ids.", "--by-name")]
Allow = Annotated[
    list[str] | None, _option("Choose from these items only; may be repeated.", metavar="ITEM")
]
Deny = Annotated[list[str] | None, _option("Leave this item out; may be repeated.", metavar="ITEM")]
AllowFile = Annotated[
    Path | None, _option("Choose from the items in this file only, one a line.", metavar="FILE")
]
DenyFile = Annotated[
    Path | None, _option("Leave out the items in this file, one a line.", metavar="FILE")
]


Format = Literal["text", "parquet", "jsonl"]
Header = Literal["auto", "yes", "no"]
BadLines = Literal["error", "skip"]
Duplicates = Literal["binary", "sum", "max", "last", "mean", "error"]
Confidence = Literal["linear", "log", "binary"]
Solver = Literal["auto", "exact", "cg"]
Similarity = Literal["cosine", "tfidf", "bm25"]
Loss = Literal["warp", "bpr", "logistic", "k-os-warp"]
Schedule = Literal["adagrad", "adadelta"]
SplitKind = Literal[
    "leave-k-out", "fraction", "temporal", "held-out-users", "cold-items", "cold-users"
]
Candidates = Literal["held-out", "all"]
Norm = Literal["none", "l1", "l2"]
Metric = Literal["cosine", "dot"]

# --- groups -----------------------------------------------------------------------------


@dataclass(frozen=True)
class LimitOptions:
    """Which items may be answered."""

    allow: Allow = None
    allow_file: AllowFile = None
    deny: Deny = None
    deny_file: DenyFile = None


@dataclass(frozen=True)
class DataOptions:
    """How to read a log, the names of its items, and features."""

    user: Annotated[
        str | None,
        _option("The column of users: its name, or its place from 0.", panel=_READING,
                metavar="COLUMN"),
    ] = None  # fmt: skip
    item: Annotated[
        str | None, _option("The column of items.", panel=_READING, metavar="COLUMN")
    ] = None
    value: Annotated[
        str | None,
        _option(
            "The column of counts or strengths; without one every row is a like. Negative "
            "values are dislikes.",
            panel=_READING,
            metavar="COLUMN",
        ),
    ] = None
    timestamp: Annotated[
        str | None, _option("The column of times.", panel=_READING, metavar="COLUMN")
    ] = None
    query: Annotated[
        str | None,
        _option(
            "For a database: the SELECT whose rows are the log.", panel=_READING, metavar="SQL"
        ),
    ] = None
    sep: Annotated[
        str | None,
        _option(
            r"What separates columns: a text, or tab, comma, semicolon, pipe, space. "
            "Left out: found by itself.",
            panel=_READING,
            metavar="SEP",
        ),
    ] = None
    quote: Annotated[
        str,
        _option(
            "The character around fields that hold the separator; none; or auto.",
            panel=_READING,
            metavar="CHAR",
        ),
    ] = "auto"
    encoding: Annotated[
        str | None,
        _option("Such as latin-1; left out: UTF-8.", panel=_READING, metavar="NAME"),
    ] = None
    header: Annotated[
        Header,
        _option(
            "Whether the first line names the columns: yes, no, or auto, found by itself.",
            panel=_READING,
            metavar="WHETHER",
        ),
    ] = "auto"
    format: Annotated[
        Format | None,
        _option(
            "text, parquet or jsonl; left out: by the file's name.",
            panel=_READING,
            metavar="FORMAT",
        ),
    ] = None
    on_bad_lines: Annotated[
        BadLines,
        _option(
            "Lines that don't fit their columns: error, or skip and count them.",
            panel=_READING,
            metavar="HOW",
        ),
    ] = "error"
    duplicates: Annotated[
        Duplicates | None,
        _option(
            "Rows of the same user and item: binary, sum, max, last, mean or error; left out: "
            "sum with a value column, else binary.",
            panel=_READING,
            metavar="HOW",
        ),
    ] = None
    min_rating: Annotated[
        float | None,
        _option(
            "For MovieLens by name: ratings from this one on, as likes.",
            panel=_READING,
            metavar="RATING",
        ),
    ] = None
    min_per_user: Annotated[
        int, typer.Option(min=0, help="Leave out users with fewer items.", rich_help_panel=_READING,
                          metavar="N")
    ] = 1  # fmt: skip
    min_per_item: Annotated[
        int, typer.Option(min=0, help="Leave out items with fewer users.", rich_help_panel=_READING,
                          metavar="N")
    ] = 1  # fmt: skip
    event: Annotated[
        str | None,
        _option(
            "The column of event types; each event then counts what its type weighs, times its "
            "value if there is a column of values.",
            panel=_EVENTS,
            metavar="COLUMN",
        ),
    ] = None
    weight: Annotated[
        list[str] | None,
        _option(
            "What an event of a type counts: like=5; may be repeated; below 0 it tells of "
            "dislike. Types that are not named are left out; if none is, all count 1.",
            panel=_EVENTS,
            metavar="TYPE=NUMBER",
        ),
    ] = None
    half_life: Annotated[
        str | None,
        _option(
            "The age at which an event counts half, in the unit of --timestamp; or as 12h, 30d, "
            "8w where that holds seconds or dates.",
            panel=_EVENTS,
            metavar="TIME",
        ),
    ] = None
    catalog: Annotated[
        str | None,
        _option("A table of the items' names, links, pictures.", panel=_NAMING, metavar="FILE"),
    ] = None
    catalog_item: Annotated[
        str | None,
        _option(
            "Its column of item ids; left out: found by the names of its columns, as are the "
            "columns below.",
            panel=_NAMING,
            metavar="COLUMN",
        ),
    ] = None
    name: Annotated[
        str | None, _option("Its column of names.", panel=_NAMING, metavar="COLUMN")
    ] = None
    link: Annotated[
        str | None, _option("Its column of links.", panel=_NAMING, metavar="COLUMN")
    ] = None
    picture: Annotated[
        str | None,
        _option("Its column of pictures, addresses or paths.", panel=_NAMING, metavar="COLUMN"),
    ] = None
    tags: Annotated[
        str | None,
        _option("Its column of tags, separated by |.", panel=_NAMING, metavar="COLUMN"),
    ] = None
    catalog_sep: Annotated[str | None, _option("As --sep.", panel=_NAMING, metavar="SEP")] = None
    catalog_quote: Annotated[str, _option("As --quote.", panel=_NAMING, metavar="CHAR")] = "auto"
    catalog_encoding: Annotated[
        str | None, _option("As --encoding.", panel=_NAMING, metavar="NAME")
    ] = None
    catalog_header: Annotated[Header, _option("As --header.", panel=_NAMING, metavar="WHETHER")] = (
        "auto"
    )
    item_features: Annotated[
        str | None,
        _option(
            "A table of the items' features, for hybrid-als, ranking and content: a row for each "
            "item, a column for each property; or with --item-features-name a row for each "
            "feature of an item. Or vectors, a .npy file, with --item-features-of.",
            panel=_FEATURES,
            metavar="FILE",
        ),
    ] = None
    item_features_of: Annotated[
        Path | None,
        _option(
            "For vectors: whose they are, a file of ids, one a line.",
            panel=_FEATURES,
            metavar="FILE",
        ),
    ] = None
    item_features_id: Annotated[
        str | None,
        _option("Its column of ids; left out: found by name.", panel=_FEATURES, metavar="COLUMN"),
    ] = None
    item_features_name: Annotated[
        str | None, _option("Its column of features.", panel=_FEATURES, metavar="COLUMN")
    ] = None
    item_features_value: Annotated[
        str | None,
        _option("Beside that, of weights; left out: all 1.", panel=_FEATURES, metavar="COLUMN"),
    ] = None
    user_features: Annotated[
        str | None, _option("The same of users.", panel=_FEATURES, metavar="FILE")
    ] = None
    user_features_of: Annotated[
        Path | None, _option("As for items.", panel=_FEATURES, metavar="FILE")
    ] = None
    user_features_id: Annotated[
        str | None, _option("As for items.", panel=_FEATURES, metavar="COLUMN")
    ] = None
    user_features_name: Annotated[
        str | None, _option("As for items.", panel=_FEATURES, metavar="COLUMN")
    ] = None
    user_features_value: Annotated[
        str | None, _option("As for items.", panel=_FEATURES, metavar="COLUMN")
    ] = None
    features_at_least: Annotated[
        int,
        typer.Option(
            min=1,
            help="Leave out features that fewer items, or users, have.",
            rich_help_panel=_FEATURES,
            metavar="N",
        ),
    ] = 1
    features_norm: Annotated[
        Norm,
        _option("Divide each row by its norm: l1, l2 or none.", panel=_FEATURES, metavar="NORM"),
    ] = "l2"
    features_sep: Annotated[
        str | None, _option("As --sep, of both files.", panel=_FEATURES, metavar="SEP")
    ] = None
    features_quote: Annotated[str, _option("As --quote.", panel=_FEATURES, metavar="CHAR")] = "auto"
    features_encoding: Annotated[
        str | None, _option("As --encoding.", panel=_FEATURES, metavar="NAME")
    ] = None
    features_header: Annotated[
        Header, _option("As --header.", panel=_FEATURES, metavar="WHETHER")
    ] = "auto"


@dataclass(frozen=True)
class ModelOptions:
    """The settings of models; None where the model's own default holds."""

    factors: Annotated[
        int | None,
        _option("als, hybrid-als, ranking: the length of the vectors.", panel=_MODEL, metavar="N"),
    ] = None
    regularization: Annotated[
        str | None,
        _option(
            "als, ease: λ, one number; als: or two as USERS/ITEMS.", panel=_MODEL, metavar="NUMBER"
        ),
    ] = None
    alpha: Annotated[
        float | None,
        _option("als: how much an interaction weighs.", panel=_MODEL, metavar="NUMBER"),
    ] = None
    unobserved_weight: Annotated[
        float | None,
        _option("als: the weight of a cell without one.", panel=_MODEL, metavar="NUMBER"),
    ] = None
    confidence: Annotated[
        Confidence | None,
        _option(
            "als, ranking, ease: how the weight grows with the value: linear, log or binary.",
            panel=_MODEL,
            metavar="HOW",
        ),
    ] = None
    epsilon: Annotated[
        float | None,
        _option("als: ε of --confidence log; ranking: AdaDelta's.", panel=_MODEL, metavar="NUMBER"),
    ] = None
    regularization_scaling: Annotated[
        float | None,
        _option("als: ν, 0 for plain λ, 1 for λ by frequency.", panel=_MODEL, metavar="NUMBER"),
    ] = None
    solver: Annotated[
        Solver | None,
        _option("als: auto, exact or cg, conjugate gradients.", panel=_MODEL, metavar="HOW"),
    ] = None
    cg_steps: Annotated[
        int | None,
        _option("als: steps of conjugate gradients.", panel=_MODEL, metavar="N"),
    ] = None
    momentum: Annotated[
        float | None,
        _option("als: below 1; 0 for epochs without it.", panel=_MODEL, metavar="NUMBER"),
    ] = None
    iterations: Annotated[
        int | None, _option("als, ranking: epochs.", panel=_MODEL, metavar="N")
    ] = None
    seed: Annotated[
        int | None, _option("als, ranking: of the first vectors.", panel=_MODEL, metavar="N")
    ] = None
    loss: Annotated[
        Loss | None,
        _option("ranking: warp, bpr, logistic or k-os-warp.", panel=_MODEL, metavar="LOSS"),
    ] = None
    learning_rate: Annotated[
        float | None, _option("ranking: of AdaGrad.", panel=_MODEL, metavar="NUMBER")
    ] = None
    schedule: Annotated[
        Schedule | None,
        _option("ranking: adagrad or adadelta.", panel=_MODEL, metavar="HOW"),
    ] = None
    rho: Annotated[
        float | None, _option("ranking: AdaDelta's decay.", panel=_MODEL, metavar="NUMBER")
    ] = None
    item_alpha: Annotated[
        float | None, _option("ranking: L2 of items.", panel=_MODEL, metavar="NUMBER")
    ] = None
    user_alpha: Annotated[
        float | None, _option("ranking: L2 of users.", panel=_MODEL, metavar="NUMBER")
    ] = None
    max_sampled: Annotated[
        int | None,
        _option("ranking: items that WARP tries for a like.", panel=_MODEL, metavar="N"),
    ] = None
    similarity: Annotated[
        Similarity | None,
        _option("item-neighbors: cosine, tfidf or bm25.", panel=_MODEL, metavar="HOW"),
    ] = None
    neighbors: Annotated[
        int | None,
        _option("item-neighbors: how many an item keeps.", panel=_MODEL, metavar="N"),
    ] = None
    shrinkage: Annotated[
        float | None,
        _option(
            "item-neighbors: people in common at which a likeness counts half.",
            panel=_MODEL,
            metavar="NUMBER",
        ),
    ] = None
    max_items: Annotated[
        int | None,
        _option("ease: more items are refused; memory grows with N².", panel=_MODEL, metavar="N"),
    ] = None
    threads: Annotated[
        int | None,
        _option("How many cores to use; left out: all.", panel=_MODEL, metavar="N"),
    ] = None

    def given(self) -> dict[str, Any]:
        """The settings that were given."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class SplitOptions:
    """What is held out, and how much of it."""

    split: Annotated[
        SplitKind,
        _option(
            "Some likes of each user (leave-k-out), a share of all (fraction), the newest "
            "(temporal), or a part of what some users did (held-out-users); or whole items "
            "(cold-items) or users (cold-users), who are then known by their features alone.",
            panel=_SPLIT,
            metavar="KIND",
        ),
    ] = "leave-k-out"
    hold_out: Annotated[
        int | None,
        _option("leave-k-out: likes of each user; 5.", panel=_SPLIT, metavar="N"),
    ] = None
    share: Annotated[
        float | None,
        _option(
            "fraction, temporal: the share of the likes; 0.2. leave-k-out, held-out-users, "
            "cold-users, cold-items: the share of the users, or items; all, else 0.1.",
            panel=_SPLIT,
            metavar="SHARE",
        ),
    ] = None
    at: Annotated[
        int | None, _option("temporal: or the time of the cut.", panel=_SPLIT, metavar="TIME")
    ] = None
    fold_in: Annotated[
        float | None,
        _option(
            "held-out-users: the share of their likes that is shown; 0.8.",
            panel=_SPLIT,
            metavar="SHARE",
        ),
    ] = None
    min_likes: Annotated[
        int | None,
        _option(
            "leave-k-out, held-out-users, cold-users, cold-items: likes that a user, or item, "
            "must have; twice what is held out, 2, 1.",
            panel=_SPLIT,
            metavar="N",
        ),
    ] = None
    candidates: Annotated[
        Candidates | None,
        _option(
            "cold-items: what may be recommended, held-out items alone or all; held-out.",
            panel=_SPLIT,
            metavar="WHICH",
        ),
    ] = None
    split_seed: Annotated[int, _option("Of the draw.", panel=_SPLIT, metavar="N")] = 0
