"""How a function becomes a verb of the command line: groups of options are spread into its own."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any

import typer


def add(app: typer.Typer, verb: Callable[..., None], examples: str, name: str = "") -> None:
    """Make a function a verb of a command line: its docstring is the help, examples follow."""
    made = app.command(name or verb.__name__, help=flowing(verb.__doc__), epilog=examples)
    made(grouped(verb))


def flowing(text: str | None) -> str:
    """A docstring whose paragraphs are lines, for the terminal to break."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def grouped(verb: Callable[..., None]) -> Callable[..., None]:
    """A verb whose arguments of a group's type are spread into that group's options."""
    hints = typing.get_type_hints(verb, include_extras=True)
    groups: dict[str, type[Any]] = {}
    spread: list[inspect.Parameter] = []
    for parameter in inspect.signature(verb).parameters.values():
        kind = hints[parameter.name]
        if dataclasses.is_dataclass(kind):
            groups[parameter.name] = typing.cast(type[Any], kind)
            spread += _parameters(groups[parameter.name])
        else:
            spread.append(parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(verb)
    def spread_verb(**given: Any) -> None:
        for name, group in groups.items():
            fields = [field.name for field in dataclasses.fields(group)]
            given[name] = group(**{field: given.pop(field) for field in fields})
        verb(**given)

    spread_verb.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    spread_verb.__annotations__ = {one.name: one.annotation for one in spread}
    return spread_verb


def _parameters(group: type[Any]) -> list[inspect.Parameter]:
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
