"""Turn a function into a command: spread its groups of options."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any

import typer

from penchant.cli import completion, configuration
from penchant.cli.help import Command
from penchant.cli.options import OptionGroup

_REQUIRED = dataclasses.MISSING


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

    A group is a dataclass with an option per field, or an ``OptionGroup``.
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
        arguments.pop("config")  # its options are among the others
        for name, group in groups.items():
            arguments[name] = _made(group, arguments)
        verb(**arguments)

    spread.append(configuration.parameter())
    for parameter in spread:
        for info in typing.get_args(parameter.annotation)[1:]:
            completion.attach(parameter.name, info)
    spread_verb.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    spread_verb.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    return spread_verb


def _made(group: Any, arguments: dict[str, Any]) -> Any:
    """Return a group made of a command's arguments, which it is taken out of."""
    if issubclass(group, OptionGroup):
        return group.from_arguments(arguments)
    names = [field.name for field in dataclasses.fields(group)]
    return group(**{name: arguments.pop(name) for name in names})


def _parameters(group: Any) -> list[inspect.Parameter]:
    if issubclass(group, OptionGroup):
        return list(group.parameters())
    hints = typing.get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is _REQUIRED else field.default,
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(group)
    ]
