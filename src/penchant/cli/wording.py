"""Messages of the library in the words of the command line: options, not Python's arguments."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

from penchant.cli import attribution, explicit
from penchant.errors import PenchantError

_ARGUMENT = re.compile(
    r"""(?P<quoted>(?<![=\w])'[^'\n]*'|(?<![=\w])"[^"\n]*")"""
    r"""|(?P<none>\bNone\b)"""
    r"""|(?<![\w.\-])(?P<name>[a-z]\w*)=(?P<value>'[^'\n]*'|"[^"\n]*"|[-+\w.]*\w)?"""
)
_USER_INFO = re.compile(r"(\w:/{1,2}[^\s:/@]*):(?!password@)\S*@")
_PASSWORD = re.compile(r"(?<=\bpassword=)('[^']*'|[^\s&'\"]+)")
_WORDS = {"None": "none", "True": "yes", "False": "no"}


class Option(NamedTuple):
    """How an argument is called on the command line."""

    name: str
    negated: str | None
    is_flag: bool


_options: ContextVar[Mapping[str, Option]] = ContextVar("options")
_renamed: ContextVar[Mapping[str, str]] = ContextVar("renamed")
_schemes: ContextVar[set[str]] = ContextVar("schemes")


@contextlib.contextmanager
def options_of(commands: Mapping[str, Any], words: list[str]) -> Iterator[None]:
    """Translate messages inside the block to the options of some commands.

    ``words`` are those of the command line: addresses among them are restored in messages, since
    a path loses one of the slashes of ``s3://bucket``.
    """
    parameters = [param for command in commands.values() for param in command.params]
    options: dict[str, Option] = {}
    for param in parameters:
        if not param.opts or not param.opts[0].startswith("-"):
            continue
        name = max(param.opts, key=len)
        negated = max(param.secondary_opts, key=len, default=None)
        option = Option(name, negated, bool(getattr(param, "is_flag", False)))
        options[param.name] = options[name.lstrip("-").replace("-", "_")] = option
    texts = [word.partition("=")[2] if word.startswith("-") else word for word in words]
    schemes = {match[0] for text in texts if (match := re.match(r"[A-Za-z]\w*:(?=//)", text))}
    marks = _options.set(options), _schemes.set(schemes), explicit.typed.set([])
    try:
        yield
    finally:
        _options.reset(marks[0])
        _schemes.reset(marks[1])
        explicit.typed.reset(marks[2])


@contextlib.contextmanager
def renamed(prefix: str, **others: str) -> Iterator[None]:
    """Translate the reader's arguments to options with a prefix: ``sep=`` to ``--catalog-sep``.

    Arguments in ``others`` get the name given there. Errors are raised again with the names
    replaced, since their messages are printed outside.
    """
    names = {name: f"{prefix}{name}" for name in ("sep", "quote", "encoding", "header", "query")}
    mark = _renamed.set({**names, **others})
    try:
        yield
    except PenchantError as error:
        error.args = tuple(_attributed(arg) if isinstance(arg, str) else arg for arg in error.args)
        raise
    finally:
        _renamed.reset(mark)


def _attributed(text: str) -> str:
    return attribution.attributed(in_options(text), _renamed.get({}))


def in_options(text: str) -> str:
    """Return a message of the library in the words of the command line."""
    for scheme in _schemes.get(set()):
        text = re.sub(rf"\b{scheme}/(?!/)", f"{scheme}//", text)
    text = attribution.subject_named(text, dict(_renamed.get({})))
    return _ARGUMENT.sub(_translated, text)


def of_error(text: str) -> str:
    """Return an error's message in the words of the command line, with the option it is about."""
    return without_secrets(attribution.attributed(in_options(text)))


def without_secrets(text: str) -> str:
    """Return a message without the passwords of the addresses in it."""
    return _PASSWORD.sub("***", _USER_INFO.sub(r"\1:***@", text))


def _translated(match: re.Match[str]) -> str:
    if match["quoted"]:
        return match[0]
    if match["none"]:
        return "none"
    name = _renamed.get({}).get(match["name"], match["name"])
    option = _options.get({}).get(name)
    if option is None or match[0] == "name=value":  # what a placeholder looks like
        return match[0]
    if match["value"] is None:
        return option.name
    if option.is_flag:
        return option.negated or option.name if match["value"] == "False" else option.name
    value = match["value"]
    text = _WORDS.get(value, value[1:-1] if value[0] in "'\"" else value)
    return f"{option.name} {shlex.quote(text)}"
