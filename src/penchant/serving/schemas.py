"""Schemas of the API's requests, with descriptions and examples; :mod:`records` has responses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from penchant.serving.process.loader import Role
from penchant.serving.query import MAX_RESULTS

MAX_IDS = 1_000
"""Maximum number of ids in a list of a request."""

MAX_EVENTS = 1_000
"""Maximum number of events in a batch."""

_2_63 = 2**63

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Integer = Annotated[StrictInt, Field(ge=-_2_63, le=_2_63 - 1)]
ItemId = Annotated[Text | Integer, Field(description="An item's id.", examples=["item-42"])]
PersonId = Annotated[Text | Integer, Field(description="A person's id.", examples=["person-7"])]
Ids = Annotated[list[ItemId], Field(max_length=MAX_IDS)]

TextId = Annotated[str, Field(min_length=1, max_length=1000)]
"""An id in an address, where texts and integers look alike."""

_K = Annotated[int, Field(ge=1, le=MAX_RESULTS, description="How many items.")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


# --- parameters that requests share -----------------------------------------------------


class KParam(BaseModel):
    """The length of a list."""

    k: _K = 20


class PageParams(KParam):
    """The part of a list to return."""

    offset: Annotated[
        int, Field(ge=0, le=MAX_RESULTS - 1, description="How many better items to skip.")
    ] = 0


class TagsParam(BaseModel):
    """Tags in an address."""

    tags: Annotated[
        list[str] | None, Field(max_length=20, description="Only items with all of these tags.")
    ] = None


class FilterParams(TagsParam):
    """Filters in an address."""

    allow: Annotated[
        list[str] | None, Field(max_length=MAX_IDS, description="Only these items.")
    ] = None
    deny: Annotated[list[str] | None, Field(max_length=MAX_IDS, description="Not these items.")] = (
        None
    )


class FilterIn(_In):
    """Filters in a body."""

    allow: Ids | None = Field(None, description="Only these items.")
    deny: Ids = Field([], description="Not these items.")
    tags: list[Text] = Field([], max_length=20, description="Only items with all of these tags.")


class RankParams(PageParams):
    """Options of recommendations, in addresses and bodies alike."""

    exclude_seen: bool = Field(True, description="Leave out items of the history.")
    diversity: float = Field(
        0.0, ge=0, le=1, allow_inf_nan=False, description="How much the items should differ."
    )


# --- requests ---------------------------------------------------------------------------


class RecommendParams(RankParams, FilterParams):
    """A recommendation request in an address."""

    user: TextId


class SimilarParams(PageParams, FilterParams):
    """A request for similar items."""

    item: TextId
    role: Annotated[
        Role,
        Field(
            description="Which model: `likes`, `hybrid` (likes and item features) or `visual` "
            "(pictures)."
        ),
    ] = "likes"


class PopularParams(PageParams, TagsParam):
    """A request for popular items."""


class ExplainParams(KParam):
    """A request for an explanation, in an address."""

    k: _K = 10
    user: TextId
    item: TextId


class Liked(_In):
    """An item of a history, and how much it is liked."""

    item: ItemId
    value: Annotated[
        float,
        Field(ge=-1e6, le=1e6, allow_inf_nan=False, description="Below 0: a dislike."),
    ] = 1.0
    time: Annotated[
        int | None,
        Field(
            gt=-(2**63),
            lt=2**63 - 1,
            description="In the unit of the model's timestamps, for models with a half-life; "
            "by default as new as the newest.",
        ),
    ] = None


History = Annotated[
    list[ItemId | Liked],
    Field(
        max_length=MAX_IDS,
        description="Liked items: ids, or items with values. Unknown items are an error, unless "
        "`skip_unknown` is set.",
    ),
]


SkipUnknown = Annotated[
    bool,
    Field(
        description="Leave out items of the history that the model does not have, such as new "
        "ones; otherwise they are an error."
    ),
]


class RecommendIn(RankParams, FilterIn):
    """A user or a history; with neither, the most popular items are recommended."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"history": ["item-42", "item-7"], "k": 3}]},
    )
    user: PersonId | None = None
    history: History | None = None
    skip_unknown: SkipUnknown = False


class ExplainIn(_In):
    """An item to explain for a history."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"history": ["item-42"], "item": "item-7"}]},
    )
    history: Annotated[History, Field(min_length=1)]
    skip_unknown: SkipUnknown = False
    item: ItemId
    k: _K = 10


class EventIn(_In):
    """A person liked an item, or took a like back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"person": "person-7", "item": "item-42", "key": "7f0c-1"}]
        },
    )
    person: PersonId
    item: ItemId
    kind: Literal["like", "unlike"] = Field(
        "like", description="`unlike` removes a like, as if it had never been."
    )
    value: float = Field(
        1.0,
        ge=-1e6,
        le=1e6,
        allow_inf_nan=False,
        description="The strength of a like, not 0; below 0 it is a dislike.",
    )
    at: float | None = Field(
        None,
        ge=0,
        le=1e11,
        allow_inf_nan=False,
        description="Time in seconds since 1970; left out: now.",
    )
    key: Annotated[StrictStr, Field(min_length=1, max_length=200)] | None = Field(
        None,
        description="Idempotency key: of a person's events with one key only the first is stored.",
    )


class EventsIn(_In):
    """Several events, stored all or not at all."""

    events: list[EventIn] = Field(min_length=1, max_length=MAX_EVENTS)


class OverrideIn(_In):
    """Item fields that replace those of the catalog; fields left out keep the catalog's value."""

    item: ItemId
    name: Annotated[StrictStr, Field(max_length=1000)] | None = None
    link: Annotated[StrictStr, Field(max_length=2000)] | None = None
    picture: Annotated[StrictStr, Field(max_length=2000)] | None = None
    tags: list[Text] | None = Field(None, max_length=50)
    hidden: bool = Field(False, description="Neither shown nor recommended.")
