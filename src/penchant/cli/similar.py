"""``penchant similar``: the items most like an item."""

from __future__ import annotations

from typing import Annotated

import typer

from penchant.cli.options import (
    ByName,
    HowMany,
    Json,
    LimitOptions,
    Metric,
    ModelFile,
    Quiet,
)
from penchant.cli.output import Output, answers
from penchant.cli.recommend import item, limited

EXAMPLES = r"""[bold]Examples[/bold]

penchant similar artists.penchant Radiohead
penchant similar artists.penchant 154 "Sigur Rós" -k 5
penchant similar artists.penchant 154 --metric dot --json"""


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
            help="cosine of the items' vectors, or dot, which favors what is popular.",
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
    from penchant.models import load

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
