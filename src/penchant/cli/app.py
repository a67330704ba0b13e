"""The command ``penchant``: its verbs, and what they share."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from penchant import __version__
from penchant.cli import failures
from penchant.cli.verbs import add

_MODULES = {
    "fit": "fit",
    "evaluate": "evaluate",
    "learning-curve": "curve",
    "tune": "tune",
    "recommend": "recommend",
    "similar": "similar",
    "explain": "explain",
    "info": "info",
    "ingest": "ingest",
    "export": "export",
    "serve": "serve",
    "update": "update",
    "datasets": "datasets",
    "demo": "demo",
}
"""Where each verb is, in the order of the help."""


class _Verbs(TyperGroup):
    """The verbs, whose failures are told in one place."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look for the switches that say how to tell a failure, before anything can fail."""
        words = args[: args.index("--")] if "--" in args else args
        ctx.meta["penchant.json"] = "--json" in words
        ctx.meta["penchant.debug"] = "--debug" in words
        return list(super().parse_args(ctx, args))

    def invoke(self, ctx: Any) -> Any:
        """Run a verb."""
        with failures.told(as_json=ctx.meta["penchant.json"], debug=ctx.meta["penchant.debug"]):
            return super().invoke(ctx)


_HELP = """\
Learn what people like from what they do: likes, plays, purchases, clicks.

Begin with [cyan]penchant demo[/cyan]; then try [cyan]penchant fit[/cyan] on a log of your own. \
Each verb tells more, with examples: [cyan]penchant fit --help[/cyan]."""


def application(*verbs: str) -> typer.Typer:
    """The command line with some of its verbs; where none is named, with all."""
    app = typer.Typer(
        name="penchant",
        cls=_Verbs,
        no_args_is_help=True,
        rich_markup_mode="rich",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=failures.EXIT_CODES,
    )
    app.callback(help=_HELP)(_root)
    for verb in verbs or _MODULES:
        module = import_module(f"penchant.cli.{_MODULES[verb]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=verb)
        else:
            add(app, getattr(module, verb.replace("-", "_")), module.EXAMPLES, verb)
    return app


def run() -> None:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names hold what a terminal may not be able to show
            stream.reconfigure(errors="backslashreplace")
    # all verbs take a while to make; one that is named is enough
    verb = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    application(*{verb} & _MODULES.keys())(prog_name="penchant")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"penchant {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """What holds for all verbs."""
