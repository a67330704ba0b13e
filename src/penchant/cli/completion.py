"""Complete words of a command line: data sets, files, model kinds, settings, metrics, columns."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import typer

from penchant.cli.options import Metric

_VARIABLE = "_PENCHANT_COMPLETE"
_COLUMNS = ("user", "item", "value", "timestamp", "event")


def words() -> list[str] | None:
    """Return the words of the command line to complete; None if none is to be completed.

    A shell passes them in the environment, where the command ``penchant`` has no arguments.
    """
    if not os.environ.get(_VARIABLE):
        return None
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        return shlex.split(line)[1:]
    except ValueError:  # a quote that is still open
        return line.split()[1:]


def attach(name: str, info: Any) -> None:
    """Let the values of a parameter be completed, if they are known.

    Parameters
    ----------
    name
        The name of the parameter.
    info
        The option or argument, as typer declares it.
    """
    values = _VALUES.get(name)
    if values is not None and getattr(info, "autocompletion", None) is None:
        info.autocompletion = _completer(values)


def _completer(values: Callable[[Any, str], Iterable[str]]) -> Callable[..., list[str]]:
    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        matching = dict.fromkeys(v for v in values(ctx, incomplete) if v.startswith(incomplete))
        return list(matching)

    complete.__annotations__ = {"ctx": typer.Context, "incomplete": str}
    return complete


# --- values -----------------------------------------------------------------------------


def _sources(_: Any, incomplete: str) -> Iterator[str]:
    """Yield the known data sets and, beside them, files; files alone are left to the shell."""
    from penchant.data import datasets

    names = [name for name in datasets.names() if name.startswith(incomplete)]
    yield from names
    if names:
        yield from _files(incomplete)


def _data_sets(_: Any, __: str) -> list[str]:
    from penchant.data import datasets

    return datasets.names()


def _models(context: Any, incomplete: str) -> list[str]:
    """Return the kinds of model; where a command takes a model file, the model files."""
    if not _reads_log(context):
        return [name for name in _files(incomplete) if name.endswith((".penchant", "/"))]
    from penchant.models import kinds

    return list(kinds())


def _families(_: Any, incomplete: str) -> list[str]:
    from penchant.models import kinds

    before, comma, _last = incomplete.rpartition(",")
    taken = before.split(",")
    names = [kind for kind in kinds() if kind not in taken]
    return [before + comma + name for name in names] + ([] if comma else ["auto"])


def _settings(context: Any, _: str) -> list[str]:
    from penchant.models import class_of, kinds

    named = (context.params.get("model") or "als").partition(":")[0]
    kind = named if named in kinds() else "als"
    return [f"{name.replace('_', '-')}=" for name in class_of(kind).declarations]


def _metrics(context: Any, _: str) -> list[str]:
    if not _reads_log(context):
        return list(get_args(Metric))
    from penchant.evaluation.metrics import METRICS

    return list(METRICS)


def _reads_log(context: Any) -> bool:
    """Return whether a command takes a log; else it takes a model file."""
    return any(param.name == "source" for param in context.command.params)


def _separators(_: Any, __: str) -> list[str]:
    from penchant.cli.written import SEPARATORS

    return [name for name in SEPARATORS if name.isalpha()]


def _encodings(_: Any, __: str) -> list[str]:
    return ["utf-8", "utf-16", "latin-1", "cp1252", "shift-jis", "gb18030"]


def _column_names(context: Any, _: str) -> list[str]:
    """Return the columns of the file that the command line names."""
    from penchant.data.io.options import ReaderOptions
    from penchant.data.io.preview import preview
    from penchant.data.io.roles import ROLES
    from penchant.errors import PenchantError

    # the parser takes no arguments while the last option waits for its value
    candidates = [context.params.get("source"), *(words() or ())[1:]]
    files = (Path(str(name)).expanduser() for name in candidates if name)
    logs = (file for file in files if file.is_file() and file.suffix != ".penchant")
    source = next(logs, None)
    if source is None:
        return []
    try:
        seen = preview(source, dict.fromkeys(ROLES), ReaderOptions(), n_rows=0)
    except (PenchantError, OSError):
        return []
    return list(seen.columns or ()) if seen is not None else []


def _files(incomplete: str) -> Iterator[str]:
    """Yield the files and folders that a path begins, folders with a slash at the end."""
    folder, slash, begin = incomplete.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(begin) and (begin.startswith(".") or entry.name[0] != "."):
            yield f"{folder}{slash}{entry.name}{'/' * entry.is_dir()}"


_VALUES: dict[str, Callable[[Any, str], Iterable[str]]] = {
    "source": _sources,
    "name": _data_sets,
    "model": _models,
    "models": _families,
    "metric": _metrics,
    "also": _metrics,
    "grid": _settings,
    "range": _settings,
    "sep": _separators,
    "catalog_sep": _separators,
    "features_sep": _separators,
    "encoding": _encodings,
    "catalog_encoding": _encodings,
    "features_encoding": _encodings,
    **dict.fromkeys(_COLUMNS, _column_names),
}
"""Name of a parameter → the values that it takes."""
