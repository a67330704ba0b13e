"""The command ``tacit``: its verbs, and what they share."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tacit import __version__
from tacit.cli import (
    curve,
    datasets,
    demo,
    evaluate,
    explain,
    export,
    failures,
    fit,
    info,
    ingest,
    recommend,
    search,
    serve,
    similar,
    update,
)
from tacit.cli.verbs import add


class _Verbs(TyperGroup):
    """The verbs, whose failures are told in one place."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look for the switches that say how to tell a failure, before anything can fail."""
        words = args[: args.index("--")] if "--" in args else args
        ctx.meta["tacit.json"] = "--json" in words
        ctx.meta["tacit.debug"] = "--debug" in words
        return list(super().parse_args(ctx, args))

    def invoke(self, ctx: Any) -> Any:
        """Run a verb."""
        with failures.told(as_json=ctx.meta["tacit.json"], debug=ctx.meta["tacit.debug"]):
            return super().invoke(ctx)


_HELP = """\
Learn what people like from what they do: likes, plays, purchases, clicks.

Begin with [cyan]tacit demo[/cyan]; then try [cyan]tacit fit[/cyan] on a log of your own. \
Each verb tells more, with examples: [cyan]tacit fit --help[/cyan]."""

app = typer.Typer(
    name="tacit",
    cls=_Verbs,
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=failures.EXIT_CODES,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"tacit {__version__}")
        raise typer.Exit


@app.callback(help=_HELP)
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """What holds for all verbs."""


add(app, fit.fit, fit.EXAMPLES)
add(app, evaluate.evaluate, evaluate.EXAMPLES)
add(app, curve.learning_curve, curve.EXAMPLES, "learning-curve")
add(app, search.search, search.EXAMPLES)
add(app, recommend.recommend, recommend.EXAMPLES)
add(app, similar.similar, similar.EXAMPLES)
add(app, explain.explain, explain.EXAMPLES)
add(app, info.info, info.EXAMPLES)
add(app, ingest.ingest, ingest.EXAMPLES)
add(app, export.export, export.EXAMPLES)
add(app, serve.serve, serve.EXAMPLES)
add(app, update.update, update.EXAMPLES)
app.add_typer(datasets.app, name="datasets")
add(app, demo.demo, demo.EXAMPLES)


def run() -> None:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names hold what a terminal may not be able to show
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="tacit")
