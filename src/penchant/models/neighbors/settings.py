"""The settings of the neighborhood models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from penchant._settings.configurable import validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.models._inputs import WeighsByAge
from penchant.models.base import Model
from penchant.models.capabilities import Explains


@dataclass(kw_only=True, eq=False)
class NeighborSettings(Model, WeighsByAge, Explains):
    """The settings that item-based and user-based neighbors share."""

    similarity: Annotated[
        Literal["auto", "cosine", "tfidf", "bm25", "jaccard", "p3alpha", "rp3beta"],
        Setting(
            help="Similarity of two items' columns (of two users' rows for user neighbors).",
            details='``"auto"``: that of ``"rp3beta"`` with exponents that suit the data; '
            '``"cosine"``: of the columns as they are; ``"tfidf"``: cosine of columns of '
            "√r · log(n / (1 + |S_u|)), n the number of items and |S_u| the number of the user's "
            'items, so that users of very many items count less; ``"bm25"``: inner product of '
            "columns weighted by Okapi BM25 with the same inverse frequency; "
            '``"jaccard"``: the number of users in common over the number of users of either; '
            '``"rp3beta"``: normalized co-occurrence d_i⁻ᵃ (Σ_u x_ui x_uj d_u⁻ᵇ) d_j⁻ᶜ with the '
            "three exponents, a random walk from item to user to item that counts popular items "
            'less; ``"p3alpha"``: the same with c = 0.',
            tune=["auto", "cosine", "tfidf", "bm25", "jaccard", "rp3beta"],
        ),
    ] = "auto"
    neighbors: Annotated[
        int | None,
        Setting(
            min=1,
            help="Neighbors kept per item (per user for user neighbors); none: all.",
            details="All neighbors rank better on sparse data, and cost memory: 8 bytes for each "
            "pair of items with a user in common, or more time for each answer if these would "
            "take more than 1 GiB.",
            tune=(10, 400, "log"),
        ),
    ] = 50
    source_exponent: Annotated[
        float | None,
        Setting(
            min=0,
            max=2,
            help="Exponent a of RP3beta: of the popularity of the items in the history. Default: "
            "0.4 with auto, else 0.5.",
            details="auto, p3alpha and rp3beta read it. For user neighbors: of the activity of the "
            "user who asks, which changes the scores and not their order.",
            source="Cooper et al. 2014",
            tune=(0.25, 1.0),
        ),
    ] = None
    common_exponent: Annotated[
        float | None,
        Setting(
            min=0,
            max=2,
            help="Exponent b of RP3beta: of the activity of the users in common. Default: 0.7 with "
            "auto, else 0.5.",
            details="auto, p3alpha and rp3beta read it. P3alpha has a = b = α. For user neighbors: "
            "of the popularity of the items in common.",
            source="Cooper et al. 2014",
            tune=(0.25, 1.0),
        ),
    ] = None
    target_exponent: Annotated[
        float | None,
        Setting(
            min=0,
            max=2,
            help="Exponent c of RP3beta, its β: of the popularity of the recommended item. "
            "Default: by the data with auto, else 0.3.",
            details="auto and rp3beta read it. By the data it is 0.7 (1 − 22/d), at least 0; d² "
            "is the product of the interactions of a user and of an item, each in the mean over "
            "interactions. "
            "A larger value recommends rarer items. For user neighbors: of the activity of the "
            "neighbor.",
            source="Paudel et al. 2017",
            tune=(0.0, 0.75),
        ),
    ] = None
    confidence: Annotated[
        Literal["linear", "log", "binary"],
        Setting(
            help="Value x of an interaction, from its value r.",
            details='``"linear"``: r itself, so that large counts outweigh the others; ``"log"``: '
            'log(1 + r), for counts over orders of magnitude; ``"binary"``: 1. A dislike keeps '
            "its sign.",
            tune=["linear", "log", "binary"],
        ),
    ] = "binary"
    k1: Annotated[
        float,
        Setting(
            above=0,
            help="Saturation of BM25.",
            details="A large value nearly divides an item's column by its length, which suits "
            "catalogs of rare items.",
            tune=(0.1, 100.0, "log"),
            advanced=True,
        ),
    ] = 1.2
    b: Annotated[
        float,
        Setting(min=0, max=1, help="Length normalization of BM25.", tune=(0.0, 1.0), advanced=True),
    ] = 0.75
    shrinkage: Annotated[
        float,
        Setting(
            min=0,
            unit="users",
            help="Users in common at which a similarity counts half; 0: no shrinkage.",
            details="For user neighbors: items in common.",
            tune=(0.1, 100.0, "log"),
        ),
    ] = 0.0
    half_life: HalfLife = None
    threads: Threads = None

    earlier_defaults: ClassVar[Mapping[str, Any]] = {"confidence": "linear"}

    def __post_init__(self) -> None:
        validate(self)
