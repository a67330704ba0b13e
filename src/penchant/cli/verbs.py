"""Turn a function into a command: spread its groups of options, select the options to list."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperCommand

from penchant.cli.model_options import PREFIX, declaration_for, help_text

_HELP_ALL = "--help-all"


class Command(TyperCommand):
    """A command whose help lists the options that matter first.

    ``--help`` lists the common options and the main settings of the default model;
    ``--model NAME --help`` all settings of that model; ``--help-all`` everything.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note which options the help is to list."""
        words = args[: args.index("--")] if "--" in args else args
        ctx.meta["penchant.help_all"] = _HELP_ALL in words
        ctx.meta["penchant.models"] = _models(words)
        return super().parse_args(ctx, ["--help" if word == _HELP_ALL else word for word in args])

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        shown_all, models = ctx.meta["penchant.help_all"], ctx.meta["penchant.models"]
        params: list[Any] = self.params
        advanced = {id(param) for param in params if getattr(param, "hidden", False)}
        if not advanced:
            super().format_help(ctx, formatter)
            return
        for param in params:
            _name_kinds(param)
            if param.name.startswith(PREFIX):
                _list_setting(param, models, shown_all)
            elif shown_all:
                param.hidden = False
        text = self.help
        self.help = (
            f"{text}\n\nMore options: [cyan]{_HELP_ALL}[/cyan] lists all of them, "
            "[cyan]--model NAME --help[/cyan] the settings of a model."
        )
        try:
            super().format_help(ctx, formatter)
        finally:
            self.help = text
            for param in params:
                if id(param) in advanced:
                    param.hidden = True


def _models(words: list[str]) -> list[str]:
    """Return the kinds of model that a command line names with ``--model``."""
    values = [word.partition("=")[2] for word in words if word.startswith("--model=")]
    values += [after for word, after in pairwise(words) if word == "--model"]
    return [value.partition(":")[0] for value in values]


def _name_kinds(param: Any) -> None:
    """Fill the kinds of model in for ``{kinds}`` in an option's help."""
    from penchant.models import kinds

    if "{kinds}" in (getattr(param, "help", None) or ""):
        param.help = param.help.replace("{kinds}", ", ".join(kinds()))


def _list_setting(param: Any, models: list[str], shown_all: bool) -> None:
    """List an option if a named model has its setting; without a name, the main ones of als."""
    from penchant.models import kinds

    named = [kind for kind in models if kind in kinds()]
    name = param.name.removeprefix(PREFIX)
    declaration = declaration_for(name, named or ["als"])
    if declaration is not None:
        param.help = help_text(declaration)
        param.hidden = not (named or shown_all) and declaration.setting.advanced
    else:
        param.hidden = bool(named) or not shown_all


def add(app: typer.Typer, verb: Callable[..., None], examples: str, name: str = "") -> None:
    """Make a function a command: its docstring is the help, the examples follow."""
    text = flowing(verb.__doc__)
    command = app.command(name or verb.__name__, help=text, epilog=examples, cls=Command)
    command(grouped(verb))


def add_title(app: typer.Typer, verb: Callable[..., None], name: str) -> None:
    """Add a command for the list of commands only: its options would import every model."""

    def title() -> None:
        """Do nothing: the command is made in full when a command line names it."""

    app.command(name, help=flowing(verb.__doc__))(title)


def flowing(text: str | None) -> str:
    """Return a docstring with each paragraph on one line, for the terminal to wrap."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def grouped(verb: Callable[..., None]) -> Callable[..., None]:
    """Return a function that takes the options of a command's groups one by one.

    A group is a dataclass with an option per field, or a class with the methods ``parameters``
    and ``from_arguments``.
    """
    hints = typing.get_type_hints(verb, include_extras=True)
    groups: dict[str, Any] = {}
    spread: list[inspect.Parameter] = []
    for parameter in inspect.signature(verb).parameters.values():
        kind: Any = hints[parameter.name]
        if dataclasses.is_dataclass(kind):
            groups[parameter.name] = kind
            spread += _parameters(kind)
        else:
            spread.append(parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(verb)
    def spread_verb(**arguments: Any) -> None:
        for name, group in groups.items():
            arguments[name] = _made(group, arguments)
        verb(**arguments)

    spread_verb.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    spread_verb.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    return spread_verb


def _made(group: Any, arguments: dict[str, Any]) -> Any:
    """Return a group made of a command's arguments, which it is taken out of."""
    if hasattr(group, "from_arguments"):
        return group.from_arguments(arguments)
    names = [field.name for field in dataclasses.fields(group)]
    return group(**{name: arguments.pop(name) for name in names})


def _parameters(group: Any) -> list[inspect.Parameter]:
    if hasattr(group, "parameters"):
        return list(group.parameters())
    hints = typing.get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(group)
    ]
