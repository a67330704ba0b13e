"""``penchant serve``: serve pages and an API over model files."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from penchant.cli.options import Json, ModelFile, Quiet
from penchant.cli.output import Output
from penchant.errors import require

EXAMPLES = r"""[bold]Examples[/bold]

penchant serve artists.penchant
penchant serve artists.penchant --hybrid artists-hybrid.penchant --workers 2
penchant serve artists.penchant --db postgresql://me@host/feedback --port 9000

[dim]# for other machines too: writing then needs the token[/dim]
PENCHANT_TOKEN=$(openssl rand -hex 16) penchant serve artists.penchant --host 0.0.0.0"""


def serve(
    model: ModelFile,
    hybrid: Annotated[
        Path | None,
        typer.Option(help="A model of likes and tags, shown in a row of its own.", metavar="FILE"),
    ] = None,
    visual: Annotated[
        Path | None,
        typer.Option(help="A model of the items' pictures, shown likewise.", metavar="FILE"),
    ] = None,
    db: Annotated[
        str,
        typer.Option(
            help="Database of feedback: sqlite:///FILE, postgresql://HOST/NAME.",
            envvar="PENCHANT_DB",
            metavar="URL",
        ),
    ] = "sqlite:///penchant.db",
    host: Annotated[
        str, typer.Option(help="Address to listen on; other than loopback needs a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0: any free one.", metavar="N")
    ] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, help="Number of server processes.", metavar="N")
    ] = 1,
    token: Annotated[
        str | None,
        typer.Option(
            help="Token that writing and admin requests must carry; better set in the environment.",
            envvar="PENCHANT_TOKEN",
            metavar="TEXT",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host name of the server, as behind a proxy; may be repeated; *: any.",
            metavar="NAME",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Requests per second of one client; 0: no limit. Default: 50 unless on loopback.",
            metavar="N",
        ),
    ] = None,
    picture_cache: Annotated[
        Path | None,
        typer.Option(
            help="A folder to keep pictures of the web in: the server fetches those that the "
            "catalog names, and browsers get them from it. Left out: browsers fetch them.",
            metavar="FOLDER",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Serve a model: pages for people, an API for programs.

    The pages and the API are at the same address; /api/v1/openapi.json describes the API.
    Feedback is stored in a database, and counts at once. A model file that is replaced, or made
    the active one by penchant update, is put to use without dropping a request. Ctrl-C stops.
    """
    for module in ("fastapi", "msgspec", "uvicorn"):
        if find_spec(module) is None:  # to import them takes long, and is the workers' to do
            require(module, extra="serve", what="Servers")
    from penchant.serving.process.run import serve as run
    from penchant.serving.process.settings import ServeSettings

    out = Output(as_json=json, quiet=quiet)
    settings = ServeSettings(
        likes=str(model),
        hybrid=None if hybrid is None else str(hybrid),
        visual=None if visual is None else str(visual),
        db=db,
        host=host,
        port=port,
        workers=workers,
        token=token,
        hosts=tuple(allow_host or ()),
        rate=rate,
        picture_cache=None if picture_cache is None else str(picture_cache),
    )

    def on_ready(address: str) -> None:
        out.text(f"serving {model} at {address}; Ctrl-C stops", style="bold")
        out.document({"address": address, "model": str(model), "workers": workers})

    if run(settings, on_ready) == signal.SIGINT:
        raise KeyboardInterrupt
