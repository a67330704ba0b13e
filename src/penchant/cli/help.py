"""The help of a command: the options that matter first, and no text cut off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from typer.core import TyperCommand, TyperGroup

from penchant.cli import configuration, explicit
from penchant.cli.model_options import PREFIX, declaration_for, help_text
from penchant.cli.setting_table import kinds

_HELP_ALL = "--help-all"
_PANEL_WIDTH = 80
"""Columns that the panels of options need; a narrower terminal gets plain text."""

_CHANGED = ("help", "hidden", "metavar", "opts", "secondary_opts", "show_default")


class Group(TyperGroup):
    """A group of commands whose help shows no type beside an option without a value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters."""
        params = list(super().get_params(ctx))
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
        return params


class Command(TyperCommand):
    """A command whose help lists the options that matter first.

    ``--help`` lists the common options and the main settings of the default model;
    ``--model NAME --help`` all settings of that model; ``--help-all`` everything.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note which options the help is to list."""
        words = option_words(args)
        ctx.meta["penchant.help_all"] = _HELP_ALL in words
        ctx.meta["penchant.models"] = _models(words)
        return super().parse_args(ctx, ["--help" if word == _HELP_ALL else word for word in args])

    def invoke(self, ctx: Any) -> Any:
        """Run the command; errors name the options on its command line."""
        explicit.record(ctx)
        configuration.report(ctx)
        return super().invoke(ctx)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return options to complete: those of the help; once letters are typed, all of them."""
        params: list[Any] = self.get_params(ctx)
        with _restored(params):
            _list_options(params, ctx.meta["penchant.models"], len(incomplete) > len("--"))
            return list(super().shell_complete(ctx, incomplete))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        shown_all, models = ctx.meta["penchant.help_all"], ctx.meta["penchant.models"]
        params: list[Any] = self.get_params(ctx)
        texts = self.help, self.epilog, self.rich_markup_mode
        with _restored(params):
            if any(getattr(param, "hidden", False) for param in params):
                _list_options(params, models, shown_all)
                more = f"More options: [cyan]{_HELP_ALL}[/cyan] lists all of them"
                if any("--model" in param.opts for param in params):
                    more += ", [cyan]--model NAME --help[/cyan] the settings of a model"
                self.help = f"{self.help}\n\n{more}."
            for param in params:
                _show_flag(param)
            if shutil.get_terminal_size().columns < _PANEL_WIDTH:
                self._use_plain_text(params)
            try:
                super().format_help(ctx, formatter)
            finally:
                self.help, self.epilog, self.rich_markup_mode = texts

    def _use_plain_text(self, params: list[Any]) -> None:
        """Replace the panels and the markup of texts, until they are restored."""
        self.rich_markup_mode = None
        self.help, self.epilog = _plain(self.help or ""), _preformatted(_plain(self.epilog or ""))
        for param in params:
            param.help = _plain(getattr(param, "help", None) or "")


def option_words(args: list[str]) -> list[str]:
    """Return the words of a command line that may be options: those before ``--``."""
    return args[: args.index("--")] if "--" in args else args


def _models(words: list[str]) -> list[str]:
    """Return the kinds of model that a command line names with ``--model``."""
    values = [word.partition("=")[2] for word in words if word.startswith("--model=")]
    values += [after for word, after in pairwise(words) if word == "--model"]
    return [value.partition(":")[0] for value in values]


@contextmanager
def _restored(params: list[Any]) -> Iterator[None]:
    """Undo the changes to parameters that are made for the help."""
    before = [{name: getattr(param, name, None) for name in _CHANGED} for param in params]
    try:
        yield
    finally:
        for param, attributes in zip(params, before, strict=True):
            vars(param).update(attributes)


def _list_options(params: list[Any], models: list[str], shown_all: bool) -> None:
    """Select the options to list."""
    for param in params:
        _name_kinds(param)
        if param.name.startswith(PREFIX):
            _list_setting(param, models, shown_all)
        elif shown_all:
            param.hidden = False


def _name_kinds(param: Any) -> None:
    """Fill the kinds of model in for ``{kinds}`` in an option's help."""
    if "{kinds}" in (getattr(param, "help", None) or ""):
        param.help = param.help.replace("{kinds}", ", ".join(kinds()))


def _list_setting(param: Any, models: list[str], shown_all: bool) -> None:
    """List an option if a named model has its setting; without a name, the main ones of als."""
    named = [kind for kind in models if kind in kinds()]
    name = param.name.removeprefix(PREFIX)
    declaration = declaration_for(name, named or ["als"])
    if declaration is not None:
        param.help = help_text(declaration)
        param.hidden = not (named or shown_all) and declaration.advanced
    else:
        param.hidden = bool(named) or not shown_all


def _show_flag(param: Any) -> None:
    """Show an option without a value in one column: both its names, and no type."""
    if not getattr(param, "is_flag", False):
        return
    param.metavar = ""
    if param.secondary_opts:
        if param.default is not None:
            default = (param.opts if param.default else param.secondary_opts)[0]
            param.help = f"{param.help} Default: {default}."
        param.opts = ["/".join([*param.opts, *param.secondary_opts])]
        param.secondary_opts = []
        param.show_default = False


def _plain(markup: str) -> str:
    from rich.text import Text

    return Text.from_markup(markup).plain


def _preformatted(text: str) -> str:
    """Keep the lines of each paragraph, which the plain formatter would fill."""
    return "\n\n".join(f"\b\n{paragraph}" for paragraph in text.split("\n\n"))
