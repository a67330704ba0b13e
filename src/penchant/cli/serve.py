"""``penchant serve``: serve pages and an API over model files."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from penchant.cli.options import ModelFile, OutputOptions
from penchant.errors import require

if TYPE_CHECKING:
    from penchant.serving.process.settings import ServeSettings

EXAMPLES = r"""[bold]Examples[/bold]

penchant serve artists.penchant
penchant serve artists.penchant --hybrid artists-hybrid.penchant --workers 2
penchant serve artists.penchant --db postgresql://me@host/feedback --port 9000

[dim]# for other machines too: requests that write then need the token[/dim]
export PENCHANT_TOKEN=$(openssl rand -hex 16)
penchant serve artists.penchant --host 0.0.0.0"""


@dataclass(frozen=True)
class ServerOptions:
    """The models of a server besides the main one, its database, address and limits."""

    hybrid: Annotated[
        Path | None,
        typer.Option(
            help="A model of likes and tags, whose recommendations get a row of their own.",
            metavar="FILE",
        ),
    ] = None
    visual: Annotated[
        Path | None,
        typer.Option(help="A model of the items' pictures, with a row too.", metavar="FILE"),
    ] = None
    db: Annotated[
        str,
        typer.Option(
            help="Database of events: sqlite:///FILE, postgresql://HOST/NAME.",
            envvar="PENCHANT_DB",
            metavar="URL",
        ),
    ] = "sqlite:///penchant.db"
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on; addresses other than loopback need a token.",
            metavar="ADDRESS",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0: any free one.", metavar="N")
    ] = 8000
    workers: Annotated[
        int, typer.Option(min=1, help="Number of server processes.", metavar="N")
    ] = 1
    token: Annotated[
        str | None,
        typer.Option(
            help="Token that writing and admin requests must carry; better set in the environment.",
            envvar="PENCHANT_TOKEN",
            metavar="TEXT",
        ),
    ] = None
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host name of the server, as behind a proxy; may be repeated; *: any.",
            metavar="NAME",
        ),
    ] = None
    rate: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Requests per second of one client; 0: no limit. Default: 50 unless on loopback.",
            metavar="N",
        ),
    ] = None
    picture_cache: Annotated[
        Path | None,
        typer.Option(
            help="A folder to cache pictures in: the server downloads those that the catalog "
            "links, and browsers get them from the server. Default: browsers download them.",
            metavar="FOLDER",
        ),
    ] = None

    def settings(self, model: Path) -> ServeSettings:
        """Return the settings of a server of a model file."""
        from penchant.serving.process.settings import ServeSettings

        return ServeSettings(
            likes=str(model),
            hybrid=None if self.hybrid is None else str(self.hybrid),
            visual=None if self.visual is None else str(self.visual),
            db=self.db,
            host=self.host,
            port=self.port,
            workers=self.workers,
            token=self.token,
            hosts=tuple(self.allow_host or ()),
            rate=self.rate,
            picture_cache=None if self.picture_cache is None else str(self.picture_cache),
        )


def serve(model: ModelFile, server: ServerOptions, printing: OutputOptions) -> None:
    """Serve a model: pages for people, an API for programs.

    The pages and the API are at the same address; /api/v1/openapi.json describes the API.
    Events such as likes are stored in a database, and count at once. When the model file is
    replaced, or penchant update makes another one active, the server switches to it without
    dropping a request. Ctrl-C stops the server.
    """
    for module in ("fastapi", "msgspec", "uvicorn"):
        if find_spec(module) is None:  # importing them is slow and left to the worker processes
            require(module, extra="serve", what="Servers")
    from penchant.serving.process.run import serve as run

    out = printing.open()

    def on_ready(address: str) -> None:
        out.text(f"serving {model} at {address}; Ctrl-C stops", style="bold")
        out.document({"address": address, "model": str(model), "workers": server.workers})

    run(server.settings(model), on_ready)
