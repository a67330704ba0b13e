"""``penchant export``: write recommendations for all users to a file or a database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from penchant.cli import explicit, hints
from penchant.cli.options import (
    ExcludeSeen,
    HowMany,
    LimitOptions,
    Metric,
    ModelFile,
    OutputOptions,
)
from penchant.cli.recommend import NO_HISTORY, check_names, limited
from penchant.data.io import database
from penchant.errors import SettingsError, UnsupportedError, reworded

if TYPE_CHECKING:
    from penchant.data.ids import Id
    from penchant.models.base import Model

What = Literal["recommendations", "similar"]
Format = Literal["parquet", "jsonl", "csv", "sqlite", "postgres"]

EXAMPLES = r"""[bold]Examples[/bold]

[dim]# ten items for each user; similar items for each item[/dim]
penchant export artists.penchant --to top10.parquet
penchant export artists.penchant --what similar -k 20 --to similar.csv.gz

[dim]# into an application's own database[/dim]
penchant export artists.penchant --to postgresql://me@host/shop \
      --table top_artists
penchant export artists.penchant --to sqlite:///shop.db \
      --allow-file in-stock.txt

After a stop, the same command resumes."""


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """Where the lists are written."""

    to: Annotated[
        str,
        typer.Option(
            help="A .parquet, .csv or .jsonl file (the latter two also .gz), or the address of a "
            "database: sqlite:///FILE, postgresql://HOST/NAME.",
            metavar="TARGET",
        ),
    ]
    format: Annotated[
        Format | None,
        typer.Option(
            help="parquet, jsonl, csv, sqlite or postgres. Default: by the target.",
            metavar="FORMAT",
        ),
    ] = None
    table: Annotated[
        str | None,
        typer.Option(
            help="Name of the database's table. Default: the value of --what.", metavar="NAME"
        ),
    ] = None

    @property
    def address(self) -> str:
        """The target as an address or path that fits the format.

        Raises
        ------
        SettingsError
            If the format does not fit the target.
        """
        to, form = self.to, self.format
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


@dataclass(frozen=True)
class UserOptions:
    """The users to write recommendations for."""

    exclude_seen: ExcludeSeen = True
    db: Annotated[
        str | None,
        typer.Option(
            help="Database of a server: users who were deleted from it are left out.",
            envvar="PENCHANT_DB",
            metavar="URL",
        ),
    ] = None

    def deleted(self, path: Path, model: Model) -> list[Id]:
        """Return the users of a model file who were deleted since it was fitted."""
        if self.db is None:
            return []
        from penchant.serving.learned import learned_by
        from penchant.serving.store.opening import existing_store

        with existing_store(self.db, "--db") as store:
            return store.tombstones().hidden(model.users, learned_by(store, path).deletion)


def export(
    model: ModelFile,
    *,
    target: TargetOptions,
    what: Annotated[
        What,
        typer.Option(
            help="recommendations for every user, or similar items for every item.",
            metavar="WHAT",
        ),
    ] = "recommendations",
    k: HowMany = 10,
    users: UserOptions,
    metric: Annotated[
        Metric, typer.Option(help="similar: cosine, or dot.", metavar="METRIC")
    ] = "cosine",
    among: LimitOptions,
    printing: OutputOptions,
) -> None:
    """Write each user's recommendations, or each item's similar items, to a file or a database.

    The file or table appears once it is complete. An existing table is replaced in one
    transaction, so that readers never see a part of it.
    """
    from penchant.models import load
    from penchant.models._io.export import export as write

    out = printing.open()
    if what == "similar":
        explicit.refuse("--what similar is about items", "exclude_seen", "db")
    else:
        explicit.refuse("--metric goes with --what similar", "metric")
    if not database.is_address(target.address):
        explicit.refuse("--table goes with the address of a database", "table")
    check_names(among)
    address, loaded = target.address, load(model)
    with (
        out.progress(f"exporting {model.name}") as update,
        reworded(UnsupportedError, NO_HISTORY),
    ):
        written = write(
            model,
            address,
            what=what,
            k=k,
            table=target.table,
            exclude_seen=users.exclude_seen,
            leave_out=users.deleted(model, loaded) if what == "recommendations" else (),
            metric=metric,
            **limited(loaded, among),
            on_progress=lambda n, total: update(n, total, f"{n:,} of {total:,}"),
        )
    noun = "users" if what == "recommendations" else "items"
    where = f"the table {target.table or what} of " if database.is_address(address) else ""
    shown = database.without_password(address)
    if written.resumed:
        out.text(f"resumed after {written.resumed:,} {noun} that were written before")
    out.text(f"wrote up to {k} items for each of {written.queries:,} {noun} to {where}{shown}")
    if what == "recommendations" and not database.is_address(address):
        file = Path(address)
        other = file.with_name(f"similar-{file.name}")
        hints.show(out, f"export {hints.quoted(model)} --what similar --to {hints.quoted(other)}")
    out.document({"to": shown, "what": what, "k": k, **vars(written)})
