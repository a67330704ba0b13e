"""``penchant export``: write recommendations for all users to a file or a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from penchant.cli.options import (
    ByName,
    ExcludeSeen,
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

[dim]# ten items for each user; similar items for each item[/dim]
penchant export artists.penchant --to top10.parquet
penchant export artists.penchant --what similar -k 20 --to similar.csv.gz

[dim]# into an application's own database[/dim]
penchant export artists.penchant --to postgresql://me@host/shop --table top_artists
penchant export artists.penchant --to sqlite:///shop.db --allow-file in-stock.txt

After a stop, the same command resumes."""


def export(
    model: ModelFile,
    *,
    to: Annotated[
        str,
        typer.Option(
            help="A .parquet, .csv or .jsonl file (the latter two also .gz), or the address of a "
            "database: sqlite:///FILE, postgresql://HOST/NAME.",
            metavar="TARGET",
        ),
    ],
    what: Annotated[
        What,
        typer.Option(
            help="recommendations for every user, or similar items for every item.",
            metavar="WHAT",
        ),
    ] = "recommendations",
    k: HowMany = 10,
    format: Annotated[  # noqa: A002 - the option's name
        Format | None,
        typer.Option(
            help="parquet, jsonl, csv, sqlite or postgres. Default: by the target.",
            metavar="FORMAT",
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            help="Name of the database's table. Default: the value of --what.", metavar="NAME"
        ),
    ] = None,
    exclude_seen: ExcludeSeen = True,
    metric: Annotated[
        Metric, typer.Option(help="similar: cosine, or dot.", metavar="HOW")
    ] = "cosine",
    among: LimitOptions,
    by_name: ByName = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write each user's recommendations, or each item's similar items, to a file or a database.

    The file or table appears once it is complete. An existing table is replaced in one
    transaction, so that readers never see a part of it.
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
            exclude_seen=exclude_seen,
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
    """Return the target as an address or path that fits the format."""
    if form is None:
        return to
    if form == "sqlite" and not database.is_address(to):
        return f"sqlite:///{to}"
    fits = {"sqlite": to.startswith("sqlite:"), "postgres": to.startswith("postgres")}
    file = Path(to).name.lower().removesuffix(".gz")
    if not fits.get(form, not database.is_address(to) and file.endswith(f".{form}")):
        target = database.without_password(to)
        raise SettingsError(f"--format {form} does not fit {target}: leave one of them out")
    return to
