"""Commands to run next, complete, so that they work when they are pasted."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.cli.output import Output

if TYPE_CHECKING:
    from penchant.cli.data_options import DataOptions
    from penchant.cli.model_options import ModelOptions
    from penchant.evaluation.evaluate import Evaluation

_NO_LOG = ("yes",)


def show(out: Output, *commands: str) -> None:
    """Print commands to run next, unless the command is quiet."""
    out.advice("", "next:", *(f"  penchant {command}" for command in commands))


def quoted(*words: object) -> str:
    """Return words quoted for a shell."""
    return shlex.join(str(word) for word in words)


def log_words(source: str, data: DataOptions) -> str:
    """Return a source and the options that say how it is read, as words of a command line."""
    words = [quoted(source)]
    for field in dataclasses.fields(data):
        value = getattr(data, field.name)
        if value == field.default or field.name in _NO_LOG:
            continue
        values = value if isinstance(value, list) else [value]
        words += [option(field.name, item) for item in values]
    return " ".join(words)


def option(name: str, value: Any) -> str:
    """Return the option that sets a setting to a value: ``--factors 64``, ``--no-hogwild``."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    text = "/".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    text = "none" if value is None else text
    # a value that begins with a dash would be read as another option
    return f"--{flag}={quoted(text)}" if text.startswith("-") else f"--{flag} {quoted(text)}"


def fit_command(
    source: str, data: DataOptions, spec: str, options: ModelOptions, **settings: Any
) -> str:
    """Return the command that fits a model with settings of the command line and others."""
    from penchant.models import class_of

    names = class_of(spec.partition(":")[0]).settings_names()
    values = {**options.only(names).values, **settings}
    words = [log_words(source, data), "--model", quoted(spec)]
    words += [option(name, value) for name, value in values.items() if name != "half_life"]
    return f"fit {' '.join(words)} -o {quoted(target(source))}"


def target(source: str) -> str:
    """Return the name of a model file for a source."""
    return f"{stem(source) or 'model'}.penchant"


def stem(source: str) -> str:
    """Return the name of a source without its endings; empty for a database or a glob."""
    from penchant.data.io import database

    # the address of a database may hold a password
    name = "" if database.is_address(source) else Path(source).name.split(".")[0]
    return "" if set(name) & set("*?[") else name


def best_spec(results: Mapping[str, Evaluation]) -> str:
    """Return the model with the best value of the first metric."""
    from penchant.evaluation.comparison import Comparison

    compared = Comparison(results)
    return compared.best(compared.metrics[0]) or next(iter(results))


def fit_table(path: Path) -> str:
    """Return the command that fits a model to a table, with its columns if they are not clear."""
    from penchant.data.io.options import ReaderOptions
    from penchant.data.io.preview import preview
    from penchant.data.io.roles import ROLES

    seen = preview(path, dict.fromkeys(ROLES), ReaderOptions())
    words: Iterable[str] = ()
    if seen is not None and seen.choice is None and seen.width > 1:
        words = ("--user", seen.name(0), "--item", seen.name(1))
    return f"fit {quoted(path, *words, '-o', target(str(path)))}"
