"""``penchant similar``: find the items most similar to an item."""

from __future__ import annotations

from typing import Annotated

import typer

from penchant.cli import hints
from penchant.cli.everyone import EveryoneOptions
from penchant.cli.options import HowMany, LimitOptions, Metric, ModelFile, OutputOptions
from penchant.cli.output import answers
from penchant.cli.recommend import item, limited
from penchant.errors import SettingsError

EXAMPLES = r"""[bold]Examples[/bold]

penchant similar artists.penchant Radiohead
penchant similar artists.penchant 154 "Sigur Rós" -k 5
penchant similar artists.penchant 154 --metric dot --json

[dim]# those of every item, into a file or a folder[/dim]
penchant similar artists.penchant --all --to similar.parquet"""


def similar(
    model: ModelFile,
    *,
    items: Annotated[
        list[str] | None,
        typer.Argument(metavar="ITEM", help="Items, by id or by exact name (in any case)."),
    ] = None,
    k: HowMany = 10,
    metric: Annotated[
        Metric,
        typer.Option(
            help="cosine of the items' vectors, or dot, which favors popular items.",
            metavar="METRIC",
        ),
    ] = "cosine",
    everyone: EveryoneOptions,
    among: LimitOptions,
    printing: OutputOptions,
) -> None:
    """Find the items most similar to some items, or to each of all items.

    A text that is both an id and a name is read as an id, unless --by-name is given.
    """
    from penchant.models import load

    everyone.check()
    if bool(items) == everyone.everyone:
        raise SettingsError("name items, or choose --all")
    out = printing.open()
    loaded = load(model)
    if not items:
        limits = limited(loaded, among)
        everyone.write(loaded.similar_all, model, out, "items", k=k, metric=metric, **limits)
        return
    similar_items = loaded.similar_items(
        [item(loaded, text, among.by_name) for text in items],
        k,
        metric=metric,
        **limited(loaded, among),
    )
    out.show(*answers(similar_items))
    hints.show(out, f"recommend {hints.quoted(model)} --like {hints.quoted(items[0])}")
    out.document(similar_items.to_dicts())
