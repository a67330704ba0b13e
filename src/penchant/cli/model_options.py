"""Options for the settings of models, derived from the settings' declarations."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

import typer

from penchant.cli.data_options import DataOptions
from penchant.cli.options import OptionGroup
from penchant.cli.setting_table import SettingEntry, kinds, settings_of

PANEL = "The model"
PREFIX = "setting_"
"""Starts the parameter names of these options, so that they never clash with a command's own."""

_OF_THE_DATA = ("half_life",)
"""Settings whose option is one of :class:`penchant.cli.data_options.DataOptions`."""

ModelKind = Annotated[
    str, typer.Option(help="Kind of model: {kinds}.", rich_help_panel=PANEL, metavar="KIND")
]

_METAVARS = {
    "int": "N",
    "float": "NUMBER",
    "pair": "NUMBER",
    "choice": "NAME",
    "duration": "TIME",
    "time": "TIME",
    "text": "NAME",
}


@dataclass(frozen=True)
class ModelOptions(OptionGroup):
    """The settings given on the command line, by name; the others keep the model's default."""

    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """Return the parameters of a command, one for each setting of any model."""
        return [
            _parameter(name, list(by_kind.values()))
            for name, by_kind in declarations().items()
            if name not in _OF_THE_DATA
        ]

    @classmethod
    def from_arguments(cls, arguments: dict[str, Any]) -> Self:
        """Take the settings out of a command's arguments."""
        names = [name for name in arguments if name.startswith(PREFIX)]
        values = {name.removeprefix(PREFIX): arguments.pop(name) for name in names}
        return cls({name: value for name, value in values.items() if value is not None})

    def with_half_life(self, data: DataOptions) -> ModelOptions:
        """Add the half-life, unless it is that of the events of a log, which are read with it."""
        if data.age is None or data.event is not None:
            return self
        return ModelOptions({**self.values, "half_life": data.half_life})

    def parameter_names(self, data: DataOptions) -> list[str]:
        """Return the command's parameters that hold these settings, with that of the half-life."""
        values = self.with_half_life(data).values
        return [name if name in _OF_THE_DATA else PREFIX + name for name in values]

    def only(self, names: Iterable[str]) -> ModelOptions:
        """Return those of some names."""
        return ModelOptions({name: value for name, value in self.values.items() if name in names})


def declarations() -> dict[str, dict[str, SettingEntry]]:
    """Return name → kind of model → setting, of the settings that a word can express."""
    by_name: dict[str, dict[str, SettingEntry]] = {}
    for kind in kinds():
        for name, entry in settings_of(kind).items():
            by_name.setdefault(name, {})[kind] = entry
    return by_name


def declaration_for(name: str, models: Iterable[str]) -> SettingEntry | None:
    """Return an option's setting as the first of the models declares it that has it."""
    return next((settings_of(kind)[name] for kind in models if name in settings_of(kind)), None)


def help_text(declaration: SettingEntry) -> str:
    """Return an option's help: the setting's, with its choices and its default."""
    text = declaration.help
    if declaration.choices:
        text += f" One of: {', '.join(_words(declaration))}."
    if declaration.kind == "pair":
        text += " A pair is written USERS/ITEMS."
    if declaration.default is not None:
        text += f" Default: {_default_word(declaration)}."
    return text


def _parameter(name: str, declared: list[SettingEntry]) -> inspect.Parameter:
    flag = name.replace("_", "-")
    same = {declaration.kind for declaration in declared}
    kind = same.pop() if len(same) == 1 else "pair"
    words = tuple(dict.fromkeys(word for each in declared for word in _words(each)))
    types: dict[str, Any] = {"int": int, "float": float, "bool": bool}
    types["choice"] = Literal[words] if words else str
    if any(map(_takes_none, declared)):
        types[kind] = str  # a number, or "none"; the setting checks it
    option = typer.Option(
        f"--{flag}/--no-{flag}" if kind == "bool" else f"--{flag}",
        help=help_text(declared[0]),
        rich_help_panel=PANEL,
        metavar=_METAVARS.get(kind),
        hidden=True,  # listed where its model is, see penchant.cli.help.Command
    )
    return inspect.Parameter(
        PREFIX + name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[types.get(kind, str) | None, option],
    )


def _takes_none(declaration: SettingEntry) -> bool:
    """Whether None is a value that is not the default, which the word "none" stands for."""
    number = declaration.kind in ("int", "float")
    return number and declaration.optional and declaration.default is not None


def _default_word(declaration: SettingEntry) -> str:
    """Return the default as the command line takes it."""
    if declaration.kind == "bool":
        flag = declaration.name.replace("_", "-")
        return f"--{flag}" if declaration.default else f"--no-{flag}"
    return str(declaration.default)


def _words(declaration: SettingEntry) -> tuple[str, ...]:
    return declaration.choices + (("none",) if declaration.choices and declaration.optional else ())
