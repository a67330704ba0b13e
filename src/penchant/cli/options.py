"""Options that several commands share."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import typer

from penchant.cli.output import Output

if TYPE_CHECKING:
    from penchant.models.base import Model


class OptionGroup(ABC):
    """A group of options that is not a field per option: it makes its own parameters."""

    @classmethod
    @abstractmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """Return the parameters of a command."""

    @classmethod
    @abstractmethod
    def from_arguments(cls, arguments: dict[str, Any]) -> Self:
        """Take the group's values out of a command's arguments."""


def option(
    text: str,
    *names: str,
    panel: str | None = None,
    metavar: str | None = None,
    advanced: bool = False,
) -> Any:
    """Return an option; an advanced one is listed by ``--help-all`` only."""
    return typer.Option(*names, help=text, rich_help_panel=panel, metavar=metavar, hidden=advanced)


Json = Annotated[bool, option("Print one JSON document.", "--json")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="As in [cyan]penchant fit[/cyan].")]
ModelFile = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="A model file written by [cyan]penchant fit[/cyan]."),
]
HowMany = Annotated[
    int, typer.Option("-k", "--top", min=1, help="Length of the list.", metavar="N")
]
ByName = Annotated[bool, option("Read items as names, never as ids.", "--by-name")]
ExcludeSeen = Annotated[
    bool,
    option(
        "Leave a user's own items out of their list. With --no-exclude-seen they stay and compete "
        "with the others.",
        "--exclude-seen/--no-exclude-seen",
        panel="Items that the user has",
    ),
]
Allow = Annotated[
    list[str] | None, option("Choose from these items only; may be repeated.", metavar="ITEM")
]
Deny = Annotated[list[str] | None, option("Leave this item out; may be repeated.", metavar="ITEM")]
AllowFile = Annotated[
    Path | None, option("Choose from the items in this file only, one per line.", metavar="FILE")
]
DenyFile = Annotated[
    Path | None, option("Leave out the items in this file, one per line.", metavar="FILE")
]
Metric = Literal["cosine", "dot"]


@dataclass(frozen=True)
class LimitOptions:
    """Which items may be recommended, and how items are named."""

    allow: Allow = None
    allow_file: AllowFile = None
    deny: Deny = None
    deny_file: DenyFile = None
    by_name: ByName = False


@dataclass(frozen=True)
class SavingOptions:
    """The model file, and what it keeps."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The model file to write. Default: SOURCE's name and .penchant, in this folder. "
            "An existing file is replaced once the new one is complete.",
            metavar="FILE",
        ),
    ] = None
    interactions: Annotated[
        Literal["all", "seen", "none"],
        option(
            "What the model file keeps of the interactions: all; seen, which items each user has, "
            "only to leave them out; or none.",
            "--save-interactions",
            metavar="all|seen|none",
            advanced=True,
        ),
    ] = "all"

    def check(self, model: Model) -> None:
        """Check that a model, fitted or not, can be saved with these options."""
        from penchant.models._outline import check_use

        check_use(model.kind, model.uses_interactions, self.interactions)


@dataclass(frozen=True)
class OutputOptions:
    """How results are printed."""

    json: Json = False
    quiet: Annotated[bool, option("Print no progress and no advice.", "--quiet", "-q")] = False

    def open(self) -> Output:
        """Return the output of a command."""
        return Output(as_json=self.json, quiet=self.quiet)
