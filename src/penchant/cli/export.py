"""``penchant export``: answers for everyone, into a file or a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

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
from penchant.cli.output import Output
from penchant.cli.recommend import limited
from penchant.data.io import database
from penchant.errors import SettingsError

What = Literal["recommendations", "similar"]
Format = Literal["parquet", "jsonl", "csv", "sqlite", "postgres"]

EXAMPLES = r"""[bold]Examples[/bold]

[dim]# everyone's ten, and every item's neighbors[/dim]
penchant export artists.penchant --to top10.parquet
penchant export artists.penchant --what similar -k 20 --to similar.csv.gz

[dim]# into the shop's own database, which serves them[/dim]
penchant export artists.penchant --to postgresql://me@host/shop --table top_artists
penchant export artists.penchant --to sqlite:///shop.db --allow-file in-stock.txt

Stopped, and called again in the same way, it goes on where it was."""


def export(
    model: ModelFile,
    *,
    to: Annotated[
        str,
        typer.Option(
            help="A .parquet, .csv or .jsonl file (the latter two also .gz), or the address of a "
            "database: sqlite:///file.db, postgresql://user:password@host/name.",
            metavar="TARGET",
        ),
    ],
    what: Annotated[
        What,
        typer.Option(
            help="recommendations for every user, or what is similar to every item.",
            metavar="WHAT",
        ),
    ] = "recommendations",
    k: HowMany = 10,
    format: Annotated[  # noqa: A002 - the option's name
        Format | None,
        typer.Option(
            help="parquet, jsonl, csv, sqlite or postgres; left out: by the target.",
            metavar="FORMAT",
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="A database's table; left out: called as --what is.", metavar="NAME"),
    ] = None,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="recommendations: also what a user has.")
    ] = False,
    metric: Annotated[
        Metric, typer.Option(help="similar: cosine, or dot.", metavar="HOW")
    ] = "cosine",
    among: LimitOptions,
    by_name: ByName = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write everyone's best items, or every item's neighbors, to serve from elsewhere.

    The file or table appears once it is whole; a table that is there is replaced in one
    transaction, so that its readers never see half of it.
    """
    from penchant.models import load
    from penchant.models._io.export import export as write

    out = Output(as_json=json, quiet=quiet)
    target, loaded = _target(to, format), load(model)
    with out.progress("exporting") as update:
        done = write(
            model,
            target,
            what=what,
            k=k,
            table=table,
            exclude_seen=not include_seen,
            metric=metric,
            **limited(loaded, among, by_name),
            on_progress=lambda here, whole: update(here, whole, f"{here:,} of {whole:,}"),
        )
    noun = "users" if what == "recommendations" else "items"
    where = f"the table {table or what} of " if database.is_address(target) else ""
    shown = database.without_password(target)
    if done.resumed:
        out.text(f"went on after {done.resumed:,} {noun} that were there already")
    out.text(f"wrote up to {k} items for each of {done.queries:,} {noun} to {where}{shown}")
    out.document({"to": shown, "what": what, "k": k, **vars(done)})


def _target(to: str, form: Format | None) -> str:
    """The target, with what its format says about it."""
    if form is None:
        return to
    if form == "sqlite" and not database.is_address(to):
        return f"sqlite:///{to}"
    fits = {"sqlite": to.startswith("sqlite:"), "postgres": to.startswith("postgres")}
    file = Path(to).name.lower().removesuffix(".gz")
    if not fits.get(form, not database.is_address(to) and file.endswith(f".{form}")):
        told = database.without_password(to)
        raise SettingsError(f"--format {form} does not fit {told}: leave one of them out")
    return to
