"""The command ``penchant``: its commands, and the options they share."""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from penchant import __version__
from penchant.cli import completion, failures
from penchant.cli.commands import MODULES
from penchant.cli.help import Group, option_words
from penchant.cli.verbs import add, add_title
from penchant.cli.wording import options_of

_WITH_SUBCOMMANDS = {"datasets"}


class _Verbs(Group):
    """The group of commands, which reports all errors in one place."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note the words of the command line, for messages."""
        ctx.meta["penchant.words"] = list(args)  # the parser empties args
        return list(super().parse_args(ctx, args))

    def make_context(self, info_name: Any, args: list[str], *more: Any, **extra: Any) -> Any:
        """Parse the options before the command, and report their errors."""
        with _reported(args):
            return super().make_context(info_name, args, *more, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run a command and report its errors."""
        words = ctx.meta["penchant.words"]
        with options_of(self.commands, words), _reported(words):
            return super().invoke(ctx)


_HELP = """\
Recommendations from implicit feedback: likes, plays, purchases, clicks.

Start with [cyan]penchant demo[/cyan]; then use [cyan]penchant fit[/cyan] on your own log. \
Each command has help with examples: [cyan]penchant fit --help[/cyan]."""


def application(*verbs: str, titles_only: bool = False) -> typer.Typer:
    """Return the command line with some of its commands; by default with all.

    With ``titles_only`` they have no options: enough for the list of commands.
    """
    app = typer.Typer(
        name="penchant",
        cls=_Verbs,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=failures.EXIT_CODES,
    )
    app.callback(help=_HELP)(_root)
    for verb in verbs or MODULES:
        module = import_module(f"penchant.cli.{MODULES[verb]}")
        if verb in _WITH_SUBCOMMANDS:
            app.add_typer(module.app, name=verb)
        elif titles_only:
            add_title(app, getattr(module, verb.replace("-", "_")), verb)
        else:
            add(app, getattr(module, verb.replace("-", "_")), module.EXAMPLES, verb)
    return app


def run() -> None:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names may hold characters that the terminal can't show
            stream.reconfigure(errors="backslashreplace")
    # making all commands is slow: make the named one, or only the list of commands
    words = completion.words() or sys.argv[1:]
    verb = next((word for word in words if not word.startswith("-")), "")
    app = application(verb) if verb in MODULES else application(titles_only=True)
    app(prog_name="penchant")


def _reported(args: list[str]) -> contextlib.AbstractContextManager[None]:
    """Report errors as the command line asks, which is known before it is parsed."""
    words = option_words(args)
    return failures.reported(as_json="--json" in words, debug="--debug" in words)


def _version(requested: bool) -> None:
    if requested:
        print(f"penchant {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Take the options of all commands."""
