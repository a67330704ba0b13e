"""``penchant similar``: find the items most similar to an item."""

from __future__ import annotations

from typing import Annotated

import typer

from penchant.cli import hints
from penchant.cli.options import HowMany, LimitOptions, Metric, ModelFile, OutputOptions
from penchant.cli.output import answers
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
        typer.Argument(metavar="ITEM", help="Items, by id or by exact name (in any case)."),
    ],
    k: HowMany = 10,
    metric: Annotated[
        Metric,
        typer.Option(
            help="cosine of the items' vectors, or dot, which favors popular items.",
            metavar="METRIC",
        ),
    ] = "cosine",
    among: LimitOptions,
    printing: OutputOptions,
) -> None:
    """Find the items most similar to some items.

    A text that is both an id and a name is read as an id, unless --by-name is given.
    """
    from penchant.models import load

    out = printing.open()
    loaded = load(model)
    similar_items = loaded.similar_items(
        [item(loaded, text, among.by_name) for text in items],
        k,
        metric=metric,
        **limited(loaded, among),
    )
    out.show(*answers(similar_items))
    hints.show(out, f"recommend {hints.quoted(model)} --like {hints.quoted(items[0])}")
    out.document(similar_items.to_dicts())
