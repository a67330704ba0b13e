"""``penchant fold-in``: write the factors of the users of a log, who may be new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penchant.cli.data_options import LogOptions
from penchant.cli.everyone import EveryoneOptions
from penchant.cli.options import ModelFile, OutputOptions, option
from penchant.cli.sources import read_log
from penchant.data.paths import names_folder
from penchant.errors import SettingsError

EXAMPLES = r"""[bold]Examples[/bold]

penchant fold-in likes.penchant likes.csv --user uid --item mid --to factors/

[dim]# by four processes[/dim]
penchant fold-in likes.penchant likes.dataset --to factors/ --cluster local:4"""


def fold_in(
    model: ModelFile,
    histories: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A log of users, as in [cyan]penchant fit[/cyan]: a file, a glob, a database or a "
            "data set on disk.",
        ),
    ],
    *,
    to: Annotated[
        str,
        option(
            "The folder of Parquet files to write: a name that ends in /, or an address such as "
            "s3://bucket/factors. One that was interrupted is continued.",
            "--to",
            "-o",
            metavar="FOLDER/",
        ),
    ],
    log: LogOptions,
    cluster: Annotated[
        str | None,
        option(
            "Compute on a Dask cluster: the address of its scheduler, tcp://HOST:8786, or local:N "
            "for N processes of this machine.",
            "--cluster",
            metavar="ADDRESS",
        ),
    ] = None,
    printing: OutputOptions,
) -> None:
    """Write the factors of the users of a log, who may be new to a factor model.

    The factors of items stay as they were fitted. Items that the model does not know are left
    out. The files have the columns user and factors.
    """
    from penchant.models import load

    if not names_folder(to):
        raise SettingsError(
            "factors are written to a folder of Parquet files: end its name in a slash, "
            f"--to {Path(to).name.partition('.')[0] or 'factors'}/"
        )
    out = printing.open()
    loaded = load(model)
    people = read_log(histories, log, out)
    writing = EveryoneOptions(everyone=True, to=to, cluster=cluster)
    written, n = writing.run(loaded.fold_in_all, model, out, "users", histories=people)
    out.text(f"wrote the factors of {n:,} users to {written}")
    out.document({"file": str(written), "users": n})
