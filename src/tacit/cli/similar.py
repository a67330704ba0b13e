"""``tacit similar``: the items most like an item."""

from __future__ import annotations

from typing import Annotated

import typer

from tacit.cli.options import (
    ByName,
    HowMany,
    Json,
    LimitOptions,
    Metric,
    ModelFile,
    Quiet,
)
from tacit.cli.output import Output, answers
from tacit.cli.recommend import item, limited

EXAMPLES = r"""[bold]Examples[/bold]

tacit similar artists.tacit Radiohead
tacit similar artists.tacit 154 "Sigur Rós" -k 5
tacit similar artists.tacit 154 --metric dot --json"""


def similar(
    model: ModelFile,
    *,
    items: Annotated[
        list[str],
        typer.Argument(metavar="ITEM", help="Items, by id or by exact name (case aside)."),
    ],
    k: HowMany = 10,
    metric: Annotated[
        Metric,
        typer.Option(
            help="cosine of the items' vectors, or dot, which favours what is popular.",
            metavar="HOW",
        ),
    ] = "cosine",
    among: LimitOptions,
    by_name: ByName = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the items most like some items.

    What is both an id and a name is taken as an id, unless --by-name is given.
    """
    from tacit.models import load

    out = Output(as_json=json, quiet=quiet)
    loaded = load(model)
    found = loaded.similar_items(
        [item(loaded, one, by_name) for one in items],
        k,
        metric=metric,
        **limited(loaded, among, by_name),
    )
    out.show(*answers(found))
    out.document(found.to_dicts())
