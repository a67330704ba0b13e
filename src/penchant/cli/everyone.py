"""Options of the lists of all users or items: where they go, and what computes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penchant.cli.cluster import client_of
from penchant.cli.options import option
from penchant.data.paths import is_remote, names_folder
from penchant.errors import SettingsError

if TYPE_CHECKING:
    from penchant.cli.output import Output

PANEL = "All users or items"


@dataclass(frozen=True)
class EveryoneOptions:
    """Whether the lists are those of everyone, where they go, and what computes them."""

    everyone: Annotated[
        bool,
        typer.Option("--all", help="For all of them; needs --to.", rich_help_panel=PANEL),
    ] = False
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            "-o",
            help="Write to this .parquet, .csv or .jsonl file (the latter two also .gz), or to a "
            "folder of Parquet files: a name that ends in /, or an address such as "
            "s3://bucket/top10. A folder that was interrupted is continued.",
            metavar="FILE",
            rich_help_panel=PANEL,
        ),
    ] = None
    wide: Annotated[
        bool,
        option("One row each in the file, as for a mailing: item_1, name_1, item_2, name_2 and so "
               "on, without scores.", "--wide", panel=PANEL),
    ] = False  # fmt: skip
    cluster: Annotated[
        str | None,
        option(
            "Compute a folder on a Dask cluster: the address of its scheduler, tcp://HOST:8786, "
            "or local:N for N processes of this machine.",
            "--cluster",
            metavar="ADDRESS",
            panel=PANEL,
        ),
    ] = None

    def check(self) -> None:
        """Check that the options go together.

        Raises
        ------
        SettingsError
            If they don't.
        """
        if self.everyone != (self.to is not None):
            raise SettingsError("--all and --to FILE go together")
        if self.wide and (self.to is None or names_folder(self.to)):
            raise SettingsError("--wide writes one file: add --all --to mailing.csv")
        if self.cluster is not None and not names_folder(self.to):
            raise SettingsError("--cluster writes a folder: end its name in a slash, --to top10/")

    def write(
        self, method: Callable[..., Any], model: Path, out: Output, noun: str, **options: Any
    ) -> None:
        """Write the lists of everyone by a method of the model, and tell where they are.

        Parameters
        ----------
        method
            ``recommend_all`` or ``similar_all``.
        model
            The model file.
        out
            The output of the command.
        noun
            What the lists are for: ``"users"`` or ``"items"``.
        **options
            Arguments of the method.
        """
        written, n = self.run(method, model, out, noun, **options)
        k = options["k"]
        out.text(f"wrote up to {k} items for each of {n:,} {noun} to {written}")
        out.document({"file": str(written), noun: n, "k": k})

    def run(
        self, method: Callable[..., Any], model: Path, out: Output, noun: str, **options: Any
    ) -> tuple[Path | str, int]:
        """Run a method of the model that writes; return where, and for how many; see `write`."""
        assert self.to is not None
        n = 0

        def update_all(completed: int, total: int) -> None:
            nonlocal n
            n = total
            update(completed, total, f"{completed:,} of {total:,} {noun}")

        name = self.to if is_remote(self.to) else Path(self.to).name
        with self._executor() as executor, out.progress(f"writing {name}") as update:
            if executor is not None:
                options |= {"engine": executor, "model_file": model}
            if self.wide:
                options |= {"wide": True}
            written = method(to=self.to, on_progress=update_all, **options)
        return written, n

    @contextlib.contextmanager
    def _executor(self) -> Iterator[Any]:
        if self.cluster is None:
            yield None
            return
        with client_of(self.cluster) as client:
            from penchant.engines.cluster.dask import DaskExecutor

            yield DaskExecutor(client)
