"""``penchant ingest``: from a database to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penchant.cli import hints
from penchant.cli.options import OutputOptions
from penchant.cli.output import size

EXAMPLES = r"""[bold]Examples[/bold]

penchant ingest sqlite:///shop.db -o plays.parquet \
      --query "SELECT user, item, plays FROM log"

[dim]# the password comes from ~/.pgpass or PGPASSWORD, as with psql[/dim]
penchant ingest postgresql://me@host/shop -o likes.parquet \
      --query "SELECT customer AS user, product AS item, at FROM likes"
penchant fit likes.parquet --timestamp at -o likes.penchant"""


def ingest(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="sqlite:///file.db (sqlite:////folder/file.db), or "
            "postgresql://user:password@host/name.",
        ),
    ],
    query: Annotated[
        str,
        typer.Option(
            help="The SELECT statement whose rows are written; the database is only read.",
            metavar="SQL",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The file to write: .parquet, .csv or .jsonl (the latter two also .gz). It "
            "appears once it is complete.",
            metavar="FILE",
        ),
    ],
    printing: OutputOptions,
) -> None:
    """Write the rows of a query to a file that every command reads.

    Rows are streamed: memory use does not grow with their number. Integers stay integers, and text
    stays text.
    """
    from penchant.data.io.queries import to_file

    out = printing.open()
    with out.progress("reading the database") as update:
        rows = to_file(
            address, query, output, on_rows=lambda here: update(here, None, f"{here:,} rows")
        )
    written = output.stat().st_size
    out.text(f"wrote {rows:,} rows to {output} ({size(written)})")
    hints.show(out, hints.fit_table(output))
    out.document({"file": str(output), "rows": rows, "bytes": written})
