"""``penchant ingest``: from a log of any size to a data set on disk, from a query to a file."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from penchant.cli import explicit, hints, sources
from penchant.cli.cluster import engine_of
from penchant.cli.data_options import FilteredLogOptions
from penchant.cli.options import OutputOptions, option
from penchant.cli.output import Output, seconds
from penchant.data.disk.names import is_dataset
from penchant.data.io import database
from penchant.errors import SettingsError
from penchant.rendering.plain import size

EXAMPLES = r"""[bold]Examples[/bold]

[dim]# a log that is larger than memory; all commands read the data set[/dim]
penchant ingest likes.csv --user uid --item mid -o likes.dataset
penchant fit likes.dataset -o likes.penchant

[dim]# many files, from an object store to another; busy users and items only[/dim]
penchant ingest "s3://logs/plays-*.csv.gz" -o s3://models/plays.dataset \
      --min-per-user 5 --min-per-item 5

[dim]# events of several types, weighted by type and age[/dim]
penchant ingest events.csv --event what --weight view=1 --weight buy=5 \
      --timestamp at --half-life 30d -o events.dataset

[dim]# many files by four processes[/dim]
penchant ingest "plays-*.csv.gz" -o plays.dataset --cluster local:4

[dim]# a query of a database: to a data set, or to a file[/dim]
penchant ingest sqlite:///shop.db -o plays.dataset \
      --query "SELECT user, item, plays FROM log"
penchant ingest sqlite:///shop.db -o plays.parquet \
      --query "SELECT user, item, plays FROM log"

[dim]# the password comes from ~/.pgpass or PGPASSWORD, as with psql[/dim]
penchant ingest postgresql://me@host/shop -o likes.parquet \
      --query "SELECT customer AS user, product AS item, at FROM likes"
penchant fit likes.parquet --timestamp at -o likes.penchant"""


_PANEL = "Cluster"


@dataclass(frozen=True)
class IngestWorkers:
    """Where an ingest runs, if not in this process."""

    cluster: Annotated[
        str | None,
        option(
            "Read, merge and sort on a Dask cluster: the address of its scheduler, "
            "tcp://HOST:8786, or local:N for N processes of this machine. --memory-limit is for "
            "each task.",
            "--cluster",
            metavar="ADDRESS",
            panel=_PANEL,
        ),
    ] = None
    cluster_folder: Annotated[
        str | None,
        option(
            "A folder that all workers mount, for temporary files. Default: a temporary folder of "
            "this machine.",
            "--cluster-folder",
            metavar="FOLDER",
            panel=_PANEL,
        ),
    ] = None

    @contextlib.contextmanager
    def engine(self) -> Iterator[Any]:
        """Connect to the cluster, if one is named, and give its engine while the block runs.

        Raises
        ------
        SettingsError
            If the address can't be used, or a folder is named without a cluster.
        MissingExtraError
            If ``distributed`` is not installed.
        PenchantError
            If the scheduler does not answer.
        """
        if self.cluster is None:
            if self.cluster_folder is not None:
                raise SettingsError("--cluster-folder is for an ingest with --cluster ADDRESS")
            yield None
            return
        with engine_of(self.cluster, self.cluster_folder) as engine:
            yield engine


def ingest(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A log as in [cyan]penchant fit[/cyan]: a file, a folder or a glob, also of an "
            "object store (s3://, gs://); or a database: sqlite:///file.db "
            "(sqlite:////folder/file.db), postgresql://user:password@host/name.",
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="The data set to write, a folder or an address that ends in .dataset; or, for a "
            "query, a file: .parquet, .csv or .jsonl (the latter two also .gz). It appears once "
            "it is complete.",
            metavar="TARGET",
        ),
    ],
    *,
    log: FilteredLogOptions,
    memory_limit: Annotated[
        str, option("How much memory sorting may use, such as 4GB.", metavar="SIZE")
    ] = "1GB",
    temp_folder: Annotated[
        Path | None,
        option(
            "Folder of temporary files, which take some times the size of the log. Default: that "
            "of the data set.",
            metavar="FOLDER",
        ),
    ] = None,
    resume: Annotated[
        bool,
        option(
            "Continue an ingest of the same log and settings that was interrupted, or remove what "
            "it left.",
            "--resume/--no-resume",
        ),
    ] = True,
    workers: IngestWorkers,
    printing: OutputOptions,
) -> None:
    """Write a log of any size to a data set on disk, or a query's rows to a file.

    A data set is written in bounded memory. It holds the matrix of users and items, which every
    command reads as its SOURCE without loading it whole.
    """
    out = printing.open()
    if is_dataset(output):
        options = {"memory_limit": memory_limit, "temp_folder": temp_folder, "resume": resume}
        _data_set(source, output, {**sources.log_arguments(log), **options}, workers, out)
    else:
        names = ("resume", "cluster", "cluster_folder")
        explicit.refuse("a query's rows are written to a file by one process", *names)
        _file(source, Path(output), log, out)


def _data_set(
    source: str, output: str, options: dict[str, Any], workers: IngestWorkers, out: Output
) -> None:
    from penchant.data.disk.describe import describe
    from penchant.data.disk.ingest import ingest as ingested
    from penchant.data.disk.progress import CONTINUES

    if database.is_address(source):
        sources.need_query(options["query"], "log")
    began = time.perf_counter()
    steps: set[str] = set()

    def on_progress(share: float, what: str) -> None:
        steps.add(what)
        update(share, 1.0, what)

    with workers.engine() as engine, out.progress("ingesting") as update:
        data = ingested(
            source,
            output,
            **options,
            engine=engine,
            on_progress=on_progress,
        )
    spent = time.perf_counter() - began
    contents = describe(output)
    out.text(data.summary())
    continued = ", continuing one that was interrupted" if CONTINUES in steps else ""
    out.text(f"wrote {output} ({size(contents['bytes'])}) in {seconds(spent)}{continued}")
    file = hints.quoted(output)
    hints.show(out, f"fit {file}", f"info {file}")
    out.document({"dataset": output, "seconds": spent, **contents})


def _file(source: str, output: Path, log: FilteredLogOptions, out: Output) -> None:
    from penchant.data.io.queries import to_file

    if not database.is_address(source):
        raise SettingsError(
            f"{source} is no database: a log is written to a data set, -o NAME.dataset"
        )
    query = sources.query_of(log, "rows")
    sources.refuse_all_but(log, "query", "a query's rows are written to a file as they are")
    with out.progress("reading the database") as update:
        rows = to_file(
            source, query, output, on_rows=lambda here: update(here, None, f"{here:,} rows")
        )
    written = output.stat().st_size
    out.text(f"wrote {rows:,} rows to {output} ({size(written)})")
    hints.show(out, hints.fit_table(output))
    out.document({"file": str(output), "rows": rows, "bytes": written})
