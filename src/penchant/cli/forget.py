"""``penchant forget``: delete a person from a database and from models."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from penchant.cli import explicit, hints
from penchant.cli.options import OutputOptions

EXAMPLES = r"""[bold]Examples[/bold]

penchant forget visitor-17 --db sqlite:///penchant.db
penchant forget 4711 --db postgresql://me@host/feedback \
      --model artists.penchant

[dim]# without any influence on the vectors of others[/dim]
penchant forget 4711 --model artists.penchant --refit"""


def forget(
    person: Annotated[str, typer.Argument(metavar="ID", help="The id of the person.")],
    *,
    db: Annotated[
        str, typer.Option(help="Database of the events.", envvar="PENCHANT_DB", metavar="URL")
    ] = "sqlite:///penchant.db",
    model: Annotated[
        list[Path] | None,
        typer.Option(
            help="A model file to write again without the person; may be repeated.", metavar="FILE"
        ),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit from the start instead of training further.")
    ] = False,
    printing: OutputOptions,
) -> None:
    """Delete a person: events, history and vector.

    The events are deleted and overwritten in all files of the database. Servers on the database
    answer as for an unknown person from now on, whatever model they use, and every later penchant
    update leaves the person out. Model files named with --model are written again at once, as by
    penchant update. Copies and backups of files are not changed.
    """
    from penchant.models import load
    from penchant.serving.process.update import update_model
    from penchant.serving.store.opening import existing_store

    out = printing.open()
    if not model:
        explicit.refuse("--refit goes with --model FILE", "refit")
    models: list[dict[str, Any]] = []
    for file in model or ():
        load(file)  # a file that can't be used is refused before anything is deleted
    with existing_store(db, "--db") as store:
        receipt = store.forget(person)
        out.text(f"deleted {receipt.events:,} events; this is deletion {receipt.number:,}")
        if not receipt.erased:
            out.text("deleted bytes are overwritten later: another process keeps the database busy")
        for file in model or ():
            with out.progress(f"updating {file}"):
                counts = update_model(store, file, file, refit=refit)
            out.text(f"wrote {file} without {counts.forgotten:,} deleted users")
            models.append({"file": str(file), "users": counts.forgotten})
    if model:
        hints.show(out, f"info {hints.quoted(model[0])}")
    out.document({"receipt": dataclasses.asdict(receipt), "models": models})
