"""``penchant update``: a model that has learned from the events of a server."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from penchant.cli.options import Json, ModelFile, Quiet
from penchant.cli.output import Output

EXAMPLES = r"""[bold]Examples[/bold]

penchant update artists.penchant --db sqlite:///penchant.db -o artists-2.penchant
penchant update artists.penchant --db postgresql://me@host/feedback -o artists-2.penchant --refit"""


def update(
    model: ModelFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The model file to write.", metavar="FILE")
    ],
    db: Annotated[
        str, typer.Option(help="Where the events are.", envvar="PENCHANT_DB", metavar="URL")
    ] = "sqlite:///penchant.db",
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit anew, in place of training on.")
    ] = False,
    iterations: Annotated[int, typer.Option(min=1, help="Epochs of training on.", metavar="N")] = 1,
    activate: Annotated[
        bool,
        typer.Option(help="Make it the active model, which running servers then switch to."),
    ] = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fold the events that a server stored into its model.

    People and items that are new get vectors, those known get better ones. The new model is
    checked before it is made active; a server checks it once more and stays with the old one if
    it fails.
    """
    from penchant.serving.process.update import update_model
    from penchant.serving.store.opening import open_store

    out = Output(as_json=json, quiet=quiet)
    with open_store(db, create=False) as store:
        with out.progress("learning"):
            counts = update_model(store, model, output, refit=refit, iterations=iterations)
        if activate:
            store.activate(str(output.resolve()), learned=counts.learned)
    out.text(
        f"took in the events of {counts.people:,} people, with {counts.new_users:,} users and "
        f"{counts.new_items:,} items that are new"
    )
    if counts.forgotten:
        out.text(f"dropped {counts.forgotten:,} users who were deleted")
    if counts.left_out:
        out.text(
            f"left out {counts.left_out:,} items whose ids are of another type than the model's"
        )
    out.text(f"wrote {output}" + (", the active model now" if activate else ""), style="bold")
    out.document({"file": str(output), "active": activate, **dataclasses.asdict(counts)})
