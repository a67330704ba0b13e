"""``penchant datasets``: list, describe or download known data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penchant.cli import hints, sources
from penchant.cli.help import Group
from penchant.cli.options import Json, OutputOptions
from penchant.cli.output import table
from penchant.cli.verbs import add
from penchant.rendering.plain import size

if TYPE_CHECKING:
    from penchant.data.datasets.registry import Dataset

EXAMPLES = r"""[bold]Examples[/bold]

penchant datasets
penchant datasets info lastfm-2k
penchant datasets fetch lastfm-2k
penchant datasets fetch movielens-1m --path ~/Downloads/ml-1m.zip

Environment: PENCHANT_DATA, a folder of local copies; PENCHANT_DATA_MIRROR, an
address to download from instead of the publishers'; PENCHANT_CACHE, the
folder of downloaded data sets."""

app = typer.Typer(
    cls=Group,
    help="List, describe or download the known data sets.",
    epilog=EXAMPLES,
    rich_markup_mode="rich",
    invoke_without_command=True,
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="As [cyan]penchant datasets[/cyan] lists.")
]


@app.callback()
def root(context: typer.Context, json: Json = False) -> None:
    """List, describe or download the known data sets."""
    if context.invoked_subcommand is None:
        list_(OutputOptions(json=json))


def list_(printing: OutputOptions) -> None:
    """List the known data sets."""
    from penchant.data import datasets

    out = printing.open()
    available = datasets.available()
    rows = [[dataset.name, _download(dataset), dataset.description] for dataset in available]
    out.show(table(["name", "download", "what"], rows, right=(1,), wrap=(2,)))
    first = available[0].name
    hints.show(out, f"datasets info {first}", f"fit {first} -o {first}.penchant")
    out.document([_document(dataset) for dataset in available])


def info(name: Name, printing: OutputOptions) -> None:
    """Describe a data set: contents, license, origin."""
    from penchant.data import datasets

    out = printing.open()
    dataset = datasets.describe(name)
    out.text(dataset.name, style="bold")
    out.text(dataset.description)
    out.text(f"license:  {dataset.license}")
    out.text(f"homepage: {dataset.homepage}")
    out.text(f"download: {_download(dataset)}")
    hints.show(out, f"fit {name} -o {name}.penchant")
    out.document(_document(dataset))


def fetch(
    name: Name,
    *,
    path: Annotated[
        Path | None,
        typer.Option(help="A local copy: the publisher's folder or archive.", metavar="PATH"),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="The folder of downloaded data sets.", metavar="FOLDER"),
    ] = None,
    printing: OutputOptions,
) -> None:
    """Download a data set into the cache, check it, and read it."""
    out = printing.open()
    read = sources.fetch(name, out, path=path, cache=cache)
    out.text(read.summary())
    hints.show(out, f"fit {name} -o {name}.penchant")
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


def _download(dataset: Dataset) -> str:
    if dataset.download_bytes == 0:
        return "none"
    return "?" if dataset.download_bytes is None else size(dataset.download_bytes)


def _document(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "description": dataset.description,
        "license": dataset.license,
        "homepage": dataset.homepage,
        "download_bytes": dataset.download_bytes,
        "sources": [source.url for source in dataset.sources],
    }
