"""``penchant datasets``: the data sets that penchant knows by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penchant.cli import sources
from penchant.cli.options import Json, Quiet
from penchant.cli.output import Output, size, table
from penchant.cli.verbs import add

if TYPE_CHECKING:
    from penchant.data.datasets.registry import Dataset

EXAMPLES = r"""[bold]Examples[/bold]

penchant datasets
penchant datasets info lastfm-2k
penchant datasets fetch lastfm-2k
penchant datasets fetch movielens-1m --path ~/Downloads/ml-1m.zip

PENCHANT_DATA names a folder of local copies, PENCHANT_DATA_MIRROR an address to
fetch from instead of the publishers', PENCHANT_CACHE the folder of what was
fetched."""

app = typer.Typer(
    help="List, describe or fetch the data sets that penchant knows by name.",
    epilog=EXAMPLES,
    rich_markup_mode="rich",
    invoke_without_command=True,
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="As [cyan]penchant datasets[/cyan] lists.")
]


@app.callback()
def root(context: typer.Context, json: Json = False) -> None:
    """List, describe or fetch the data sets that penchant knows by name."""
    if context.invoked_subcommand is None:
        list_(json=json)


def list_(json: Json = False, quiet: Quiet = False) -> None:
    """List what there is."""
    from penchant.data import datasets

    out = Output(as_json=json, quiet=quiet)
    known = datasets.available()
    rows = [[one.name, _download(one), one.description] for one in known]
    out.show(table(["name", "download", "what"], rows, right=(1,), wrap=(2,)))
    out.advice("", "next:", "  penchant datasets info NAME", "  penchant fit NAME -o NAME.penchant")
    out.document([_document(one) for one in known])


def info(name: Name, json: Json = False, quiet: Quiet = False) -> None:
    """Tell of one: what it holds, its license, where it comes from."""
    from penchant.data import datasets

    out = Output(as_json=json, quiet=quiet)
    one = datasets.describe(name)
    out.text(one.name, style="bold")
    out.text(one.description)
    out.text(f"license:  {one.license}")
    out.text(f"homepage: {one.homepage}")
    out.text(f"download: {_download(one)}")
    out.document(_document(one))


def fetch(
    name: Name,
    path: Annotated[
        Path | None,
        typer.Option(help="A local copy: the publisher's folder or archive.", metavar="PATH"),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="The folder of what was fetched.", metavar="FOLDER")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fetch one into the cache, whole and checked, and read it."""
    out = Output(as_json=json, quiet=quiet)
    read = sources.fetch(name, out, path=path, cache=cache)
    out.text(read.summary())
    out.advice("", "next:", f"  penchant fit {name} -o {name}.penchant")
    out.document(
        {
            "name": read.name,
            "users": read.n_users,
            "items": read.n_items,
            "interactions": read.nnz,
            "density": read.density,
            "notes": list(read.notes),
        }
    )


add(app, list_, EXAMPLES, "list")
add(app, info, EXAMPLES)
add(app, fetch, EXAMPLES)


def _download(one: Dataset) -> str:
    if one.download_bytes == 0:
        return "none"
    return "?" if one.download_bytes is None else size(one.download_bytes)


def _document(one: Dataset) -> dict[str, Any]:
    return {
        "name": one.name,
        "description": one.description,
        "license": one.license,
        "homepage": one.homepage,
        "download_bytes": one.download_bytes,
        "sources": [source.url for source in one.sources],
    }
