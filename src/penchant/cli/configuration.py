"""Options from a file: penchant.toml in the current folder, or the file of --config."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from penchant.cli import lines
from penchant.cli.commands import MODULES
from penchant.cli.explicit import flag
from penchant.errors import SettingsError

DEFAULT_FILE = "penchant.toml"
_DATA = "data"
"""The table of options that say how a log is read, of all commands that read one."""
_NO_FILE = "none"
_SECRETS = ("token",)
_NOT_IN_FILES = ("config", "help", "install_completion", "show_completion")


def parameter() -> inspect.Parameter:
    """Return the option ``--config`` of a command."""
    option = typer.Option(
        "--config",
        callback=_apply,
        is_eager=True,
        expose_value=False,
        hidden=True,
        help=f"File of options: a table such as \\[fit] for each command, and \\[{_DATA}] for the "
        f"options that say how a log is read. The command line wins. Default: {DEFAULT_FILE} in "
        f"this folder, if there is one; {_NO_FILE}: no file.",
        metavar="FILE",
    )
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter("config", kind, default=None, annotation=Annotated[str | None, option])


def report(context: Any) -> None:
    """Say in one line which options come from the file, unless the command is quiet."""
    path = context.meta.get("penchant.config")
    if path is None or context.params.get("quiet"):
        return
    words = []
    for param in context.command.params:
        source = context.get_parameter_source(param.name)
        if source is not None and source.name == "DEFAULT_MAP":
            words += _written(param, context.default_map[param.name])
    if words:
        lines.write("", f"options from {path}: {' '.join(words)}")


def _apply(context: typer.Context, value: str | None) -> str | None:
    """Make the options of the file the defaults of the command."""
    if context.resilient_parsing or value == _NO_FILE:
        return value
    path = Path(value or DEFAULT_FILE).expanduser()
    if value is None and not path.is_file():
        return None
    options = _options_of(path, context)
    context.meta["penchant.config"] = str(path)
    context.default_map = {**(context.default_map or {}), **options}
    return value


def _options_of(path: Path, context: Any) -> dict[str, Any]:
    """Return parameter → value, from the tables of a file that belong to a command."""
    tables = _tables(path)
    params = {param.name: param for param in context.command.params}
    by_name = {_plain(flag(p)): p for p in params.values() if p.name not in _NOT_IN_FILES}
    by_name = {name: p for name, p in by_name.items() if flag(p).startswith("-")}
    values: dict[str, Any] = {}
    for name, value in tables.get(_DATA, {}).items():
        _check_name(name, _data_names(), f"{path}: [{_DATA}]")
        param = by_name.get(_plain(name))
        if param is not None and _reads_log(params, context):
            values[param.name] = _value(param, value, f"{path}: [{_DATA}] {name}")
    table, where = _table_of(tables, context.command_path.split()[1:])
    for name, value in table.items():
        _check_name(name, by_name, f"{path}: [{where}]")
        param = by_name[_plain(name)]
        values[param.name] = _value(param, value, f"{path}: [{where}] {name}")
    return values


def _reads_log(params: Mapping[str, Any], context: Any) -> bool:
    """Return whether a command reads a log: its SOURCE, or one that an option names."""
    histories = params.get("histories")
    if histories is None or histories.required:
        return "source" in params or histories is not None
    words = context.meta.get("penchant.words", [])
    return any(word.partition("=")[0] == flag(histories) for word in words)


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    """Return table → options of a file.

    Raises
    ------
    SettingsError
        If it can't be read, or has a table that is no command.
    """
    import tomllib  # without a file it is not needed

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"--config: can't read {path}: {reason}") from None
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise SettingsError(
                f"{path}: {name} is in no table: write it under [fit] or another command, or "
                f"under [{_DATA}]"
            )
        _check_name(name, [*MODULES, _DATA], f"{path}:", f"[{name}] is no command")
    return tables


def _table_of(
    tables: Mapping[str, dict[str, Any]], command: list[str]
) -> tuple[dict[str, Any], str]:
    """Return the table of a command, ``[fit]`` or ``[datasets.fetch]``, and its name."""
    table: Any = tables
    for name in command:
        table = table.get(name, {}) if isinstance(table, Mapping) else {}
    return dict(table), ".".join(command)


def _check_name(name: str, names: Iterable[str], where: str, problem: str = "") -> None:
    """Check that a name is one of some; ``-`` and ``_`` are the same.

    Raises
    ------
    SettingsError
        If it is not; the message names a close one.
    """
    valid = [_plain(item) for item in names]
    if _plain(name) in valid:
        return
    close = difflib.get_close_matches(_plain(name), valid, n=1)
    hint = f" (did you mean {close[0].replace('_', '-')!r}?)" if close else ""
    raise SettingsError(f"{where} {problem or f'there is no option {name!r}'}{hint}")


def _value(param: Any, value: Any, where: str) -> Any:
    """Return a value in the form that the command line gives: texts, lists of texts, true or false.

    Raises
    ------
    SettingsError
        If a value of this type can't be one of the option.
    """
    if param.is_flag:
        if not isinstance(value, bool):
            raise SettingsError(f"{where} must be true or false, got {value!r}")
        return value
    if isinstance(value, bool | Mapping) or (isinstance(value, list) and not param.multiple):
        raise SettingsError(f"{where} must be a text or a number, got {value!r}")
    if param.multiple:
        items = value if isinstance(value, list) else [value]
        return [str(item) for item in items]
    return str(value)


def _written(param: Any, value: Any) -> list[str]:
    """Return an option as the words of a command line."""
    from penchant.data.io import database

    if param.is_flag:
        return [flag(param, value)] if value or param.secondary_opts else []
    name = flag(param)
    if param.name in _SECRETS:
        return [name, "…"]
    texts = value if isinstance(value, list) else [value]
    shown = (database.without_password(t) if database.is_address(t) else t for t in texts)
    return [word for text in shown for word in (name, shlex.quote(text))]


def _data_names() -> list[str]:
    from penchant.cli.data_options import DataOptions

    return [field.name for field in dataclasses.fields(DataOptions)]


def _plain(name: str) -> str:
    return name.lstrip("-").replace("-", "_")
