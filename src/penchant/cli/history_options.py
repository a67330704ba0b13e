"""The option that names a log of other users, in place of those of the model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated

from penchant.cli import explicit
from penchant.cli.data_options import LogOptions
from penchant.cli.everyone import PANEL
from penchant.cli.options import option


@dataclass(frozen=True)
class HistoryOptions(LogOptions):
    """A log of other users, and how it is read."""

    histories: Annotated[
        str | None,
        option(
            "With --all: for the users of this log, who may be new, by what they have there. A "
            "SOURCE as in [cyan]penchant fit[/cyan], read by the options below; items that the "
            "model does not know are left out. --to names a folder.",
            "--histories",
            panel=PANEL,
            metavar="SOURCE",
        ),
    ] = None

    def check(self) -> None:
        """Refuse options of the log where none is read.

        Raises
        ------
        SettingsError
            If there are any on the command line.
        """
        if self.histories is None:
            names = [field.name for field in fields(self)]
            explicit.refuse("no log is read without --histories", *names)
