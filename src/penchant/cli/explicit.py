"""The options that a command line sets, and the refusal of those that would have no effect."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import typer

from penchant.errors import SettingsError

_flags: ContextVar[Mapping[str, str]] = ContextVar("flags")


@contextlib.contextmanager
def recorded(context: typer.Context) -> Iterator[None]:
    """Record, inside the block, the options that the command line of a context sets.

    Those with their default value count too, if they are on the command line; those from the
    environment do not.
    """
    mark = _flags.set(
        {
            str(param.name): _flag(param, context.params.get(str(param.name)))
            for param in context.command.params
            if _is_explicit(context, str(param.name))
        }
    )
    try:
        yield
    finally:
        _flags.reset(mark)


def flags(*names: str) -> list[str]:
    """Return the options on the command line with these parameter names, as they are written."""
    explicit = _flags.get({})
    return [explicit[name] for name in names if name in explicit]


def refuse(why: str, *names: str) -> None:
    """Raise SettingsError if the command line sets an option that would have no effect.

    Parameters
    ----------
    why
        The reason, for the message.
    names
        The parameter names of the options.
    """
    useless = flags(*names)
    if useless:
        raise SettingsError(f"{why}: leave out {', '.join(useless)}")


def _is_explicit(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _flag(param: Any, value: object) -> str:
    """Return the longest spelling of an option; of a switch that is off, that of its negation."""
    is_off = value is False and bool(param.secondary_opts)
    spellings: list[str] = param.secondary_opts if is_off else param.opts
    return max(spellings, key=len)
