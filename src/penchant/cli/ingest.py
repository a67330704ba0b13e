"""``penchant ingest``: from a database to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penchant.cli.options import Json, Quiet
from penchant.cli.output import Output, size

EXAMPLES = r"""[bold]Examples[/bold]

penchant ingest sqlite:///shop.db --query "SELECT user, item, plays FROM log" -o plays.parquet

[dim]# the password comes from ~/.pgpass or PGPASSWORD, as with psql[/dim]
penchant ingest postgresql://me@host/shop -o likes.parquet \
      --query "SELECT customer AS user, product AS item, at FROM likes WHERE at > '2025-01-01'"
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
        str, typer.Option(help="The SELECT whose rows to write; it can only read.", metavar="SQL")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The file to write: .parquet, .csv or .jsonl (the latter two also .gz). It "
            "appears once it is whole.",
            metavar="FILE",
        ),
    ],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the rows of a query to a file, which every verb reads.

    Rows are streamed: memory stays small however many they are. Integers stay integers, and text
    stays text.
    """
    from penchant.data.io.queries import to_file

    out = Output(as_json=json, quiet=quiet)
    with out.progress("reading the database") as update:
        rows = to_file(
            address, query, output, on_rows=lambda here: update(here, None, f"{here:,} rows")
        )
    written = output.stat().st_size
    out.text(f"wrote {rows:,} rows to {output} ({size(written)})")
    out.advice("", "next:", f"  penchant fit {output} --user USER --item ITEM")
    out.document({"file": str(output), "rows": rows, "bytes": written})
