"""``penchant update``: train a model further with the events that a server stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from penchant.cli import explicit, hints
from penchant.cli.fit import check_target
from penchant.cli.options import ModelFile, OutputOptions

EXAMPLES = r"""[bold]Examples[/bold]

penchant update artists.penchant -o artists-2.penchant
penchant update artists.penchant --db postgresql://me@host/feedback --refit \
      -o artists-2.penchant"""


def update(
    model: ModelFile,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The model file to write.", metavar="FILE")
    ],
    db: Annotated[
        str, typer.Option(help="Database of the events.", envvar="PENCHANT_DB", metavar="URL")
    ] = "sqlite:///penchant.db",
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit from the start instead of training further.")
    ] = False,
    iterations: Annotated[
        int, typer.Option(min=1, help="Epochs of further training.", metavar="N")
    ] = 1,
    activate: Annotated[
        bool,
        typer.Option(help="Make the new model the active one; running servers then switch to it."),
    ] = True,
    printing: OutputOptions,
) -> None:
    """Train a model further with the events that a server stored.

    New users and items get vectors, and those of the others are updated. The new model is checked
    before it becomes active; a server checks it again, and keeps the old model if that fails.
    """
    from penchant.models import load
    from penchant.models.iterative import Iterative
    from penchant.serving.process.update import update_model
    from penchant.serving.store.opening import existing_store

    out = printing.open()
    check_target(output)
    if refit:
        explicit.refuse("--refit trains for the model's own number of epochs", "iterations")
    elif explicit.flags("iterations") and not isinstance(load(model), Iterative):
        explicit.refuse("a model of this kind is always fitted from the start", "iterations")
    with existing_store(db, "--db") as store:
        with out.progress(f"training {model.name} further"):
            summary = update_model(store, model, output, refit=refit, iterations=iterations)
        if activate:
            store.activate(str(output.resolve()), learned=summary.learned)
    out.text(
        f"used the events of {summary.people:,} people; {summary.new_users:,} users and "
        f"{summary.new_items:,} items are new"
    )
    if summary.forgotten:
        out.text(f"dropped {summary.forgotten:,} users who were deleted")
    if summary.left_out:
        out.text(
            f"left out {summary.left_out:,} items whose ids are texts: the model's are integers"
        )
    out.text(f"wrote {output}" + (", the active model now" if activate else ""), style="bold")
    hints.show(out, f"info {hints.quoted(output)}")
    out.document({"file": str(output), "active": activate, **dataclasses.asdict(summary)})
