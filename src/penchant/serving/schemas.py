"""What the API takes and gives, as its document tells it; each with an example."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from penchant.serving.service import MOST

MOST_LISTED = 1_000
"""Ids in a list of a request, at most."""

MOST_EVENTS = 1_000
"""Events of one batch, at most."""

_64 = 2**63

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Whole = Annotated[StrictInt, Field(ge=-_64, le=_64 - 1)]
ItemId = Annotated[Text | Whole, Field(description="An item's id.", examples=["item-42"])]
PersonId = Annotated[Text | Whole, Field(description="A person's id.", examples=["person-7"])]
Ids = Annotated[list[ItemId], Field(max_length=MOST_LISTED)]
K = Annotated[int, Field(ge=1, le=MOST, description="How many answers.")]
Offset = Annotated[int, Field(ge=0, le=MOST - 1, description="How many better ones to skip.")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Liked(_In):
    """An item of a history, and how much it is liked."""

    item: ItemId
    value: Annotated[
        float,
        Field(ge=-1e6, le=1e6, allow_inf_nan=False, description="Below 0: a dislike."),
    ] = 1.0


class FilterIn(_In):
    """Which items may be answered."""

    allow: Ids | None = Field(None, description="Only these items.")
    deny: Ids = Field([], description="Not these items.")
    tags: list[Text] = Field([], max_length=20, description="Only what bears all of these tags.")


History = Annotated[
    list[ItemId | Liked],
    Field(
        max_length=MOST_LISTED,
        description="What somebody likes: ids, or items with values. Unknown items are an error.",
    ),
]


class RecommendIn(FilterIn):
    """Somebody by id or by what they like; with neither, somebody of whom nothing is known."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"history": ["item-42", "item-7"], "k": 3}]},
    )
    user: PersonId | None = None
    history: History | None = None
    k: K = 20
    offset: Offset = 0
    exclude_seen: bool = Field(True, description="Leave out what they like already.")
    diversity: float = Field(
        0.0, ge=0, le=1, allow_inf_nan=False, description="How much answers shall differ."
    )


class ExplainIn(_In):
    """Why somebody who likes this is given an item."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"history": ["item-42"], "item": "item-7"}]},
    )
    history: Annotated[History, Field(min_length=1)]
    item: ItemId
    k: K = 10


class EventIn(_In):
    """Somebody liked an item, or took that back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"person": "person-7", "item": "item-42", "key": "7f0c-1"}]
        },
    )
    person: PersonId
    item: ItemId
    kind: Literal["like", "unlike"] = Field(
        "like", description="`unlike` takes back: as if it had never been liked."
    )
    value: float = Field(
        1.0,
        ge=-1e6,
        le=1e6,
        allow_inf_nan=False,
        description="How strong a like is, not 0; below 0 it is a dislike.",
    )
    at: float | None = Field(
        None,
        ge=0,
        le=1e11,
        allow_inf_nan=False,
        description="When, in seconds since 1970; left out: now.",
    )
    key: Annotated[StrictStr, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Of a person's events with the same key only the first is kept."
    )


class EventsIn(_In):
    """Several events, stored all or not at all."""

    events: list[EventIn] = Field(min_length=1, max_length=MOST_EVENTS)


class OverrideIn(_In):
    """What is shown of an item in place of the catalog; what is left out stays as it is there."""

    item: ItemId
    name: Annotated[StrictStr, Field(max_length=1000)] | None = None
    link: Annotated[StrictStr, Field(max_length=2000)] | None = None
    picture: Annotated[StrictStr, Field(max_length=2000)] | None = None
    tags: list[Text] | None = Field(None, max_length=50)
    hidden: bool = Field(False, description="Neither shown nor recommended.")


# --- what comes back --------------------------------------------------------------------


_ITEM: dict[str, Any] = {
    "id": "item-42",
    "name": "A small red square",
    "link": "https://example.org/item-42",
    "picture": "/picture?id=item-42",
    "tags": ["red", "small"],
}


class ItemOut(BaseModel):
    """An item."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ITEM]})
    id: StrictStr | StrictInt
    name: str
    link: str = Field(description="A page about it, or the empty text.")
    picture: str = Field(
        description="Where its picture is, or the empty text. An address that begins with `/` is "
        "this server's own; it never holds the picture itself."
    )
    tags: list[str]


class ScoredOut(ItemOut):
    """An item and its score: the higher, the better."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_ITEM, "score": 0.93}]})
    score: float


class Page(BaseModel):
    """Items, the best first."""

    items: list[ScoredOut]
    k: int
    offset: int


class WhyOut(BaseModel):
    """What each item of a history adds to a score, the most first."""

    item: ItemOut
    score: float
    reasons: list[ScoredOut]


class FoundOut(BaseModel):
    """Items by name, the likeliest first."""

    items: list[ItemOut]


class ItemsOut(BaseModel):
    """A page of all items."""

    items: list[ItemOut]
    total: int
    k: int
    offset: int


class StoredOut(BaseModel):
    """For each event whether it was stored: false where its key was known already."""

    stored: list[bool]


class StatusOut(BaseModel):
    """How the server is."""

    status: str


class ModelsOut(BaseModel):
    """The models in use."""

    models: list[dict[str, Any]]


class Detail(BaseModel):
    """One thing that is wrong."""

    where: list[str]
    message: str


class Told(BaseModel):
    """What is wrong."""

    kind: str
    message: str
    details: list[Detail]


class Problem(BaseModel):
    """The shape of every failure."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "kind": "UnknownIdError",
                        "message": "unknown item 'item-4'; close matches: 'item-42'",
                        "details": [],
                    }
                }
            ]
        }
    )
    error: Told


def definitions(model: type[BaseModel]) -> dict[str, Any]:
    """The schemas of a model and of those in it, by name, as the document keeps them."""
    made = model.model_json_schema(
        ref_template="#/components/schemas/{model}", mode="serialization"
    )
    return {**made.pop("$defs", {}), model.__name__: made}
