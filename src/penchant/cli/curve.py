"""``penchant learning-curve``: measure train and test metrics by epoch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from penchant.cli import explicit, hints, settings, sources
from penchant.cli.data_options import DataOptions
from penchant.cli.evaluate import held_out
from penchant.cli.fit import described
from penchant.cli.model_options import PREFIX, ModelKind, ModelOptions
from penchant.cli.options import ExcludeSeen, OutputOptions, Source
from penchant.cli.split_options import SplitOptions

if TYPE_CHECKING:
    from penchant.models.base import Model

EXAMPLES = r"""[bold]Examples[/bold]

penchant learning-curve lastfm-2k
penchant learning-curve likes.csv --epochs 60 --every 5 \
      --metric ndcg --patience 2"""


@dataclass(frozen=True)
class CurveOptions:
    """When a training is measured, and when it ends."""

    epochs: Annotated[int, typer.Option(min=1, help="Epochs of a training.", metavar="N")] = 38
    every: Annotated[int, typer.Option(min=1, help="Measure every N epochs.", metavar="N")] = 2
    patience: Annotated[
        int | None,
        typer.Option(
            min=1, help="End a training after N measurements without a better value.", metavar="N"
        ),
    ] = None
    exclude_seen: ExcludeSeen = True

    @property
    def measured_epochs(self) -> range:
        """The epochs to measure: every ``every``-th, up to ``epochs``."""
        return range(self.every, max(self.epochs, self.every) + 1, self.every)


def check_epochs(model: type[Model]) -> None:
    """Refuse options about epochs for a model that has none.

    Raises
    ------
    SettingsError
        If the command line has some.
    """
    from penchant.tuning.training import has_epochs

    if not has_epochs(model):
        names = ("epochs", "every", "patience", "prune")
        explicit.refuse(f"{model.kind} is not trained in epochs", *names)


def learning_curve(
    source: Source,
    *,
    data: DataOptions,
    split_options: SplitOptions,
    model: ModelKind = "als",
    model_options: ModelOptions,
    options: CurveOptions,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="As in [cyan]penchant evaluate[/cyan]; may be repeated. "
            "Default: precision@5, mse.",
            metavar="NAME",
        ),
    ] = None,
    printing: OutputOptions,
) -> None:
    """Train once, and measure train and test likes during the training.

    Prints a line for each measured epoch, and the best epoch at the end. The train metrics are of
    the users with held-out likes.
    """
    from penchant.tuning.curve import learning_curve as measure
    from penchant.tuning.measure import full_names
    from penchant.tuning.results import heading, line

    out = printing.open()
    unfitted = settings.model(model, model_options.with_half_life(data))
    check_epochs(type(unfitted))
    explicit.refuse("--epochs N is the number of epochs", f"{PREFIX}iterations")
    settings.check_features([unfitted])
    names = full_names(metric or ["precision@5", "mse"])
    interactions = sources.read(source, data, out)
    split = settings.split(interactions, split_options)
    out.text(interactions.summary())
    out.text(held_out(split))
    out.text()
    out.text(heading(names), style="cyan")
    curve = measure(
        unfitted,
        split,
        options.measured_epochs,
        names,
        patience=options.patience,
        exclude_seen=options.exclude_seen,
        verbose=False,
        on_row=lambda row: out.text(line(names, row)),
    )
    best = curve.best()
    out.text()
    out.text(f"best {names[0]} on test: {best.test[names[0]]:.5f} after epoch {best.epoch}")
    out.text(described(unfitted), style="dim")
    more = {"iterations": best.epoch}
    hints.show(out, hints.fit_command(source, data, model, model_options, **more))
    out.document(
        {
            "data": interactions.name,
            "split": {"kind": split.kind, **split.settings},
            "model": {"kind": unfitted.kind, "settings": unfitted.settings},
            "metrics": list(names),
            "rows": [asdict(row) for row in curve.rows],
            "best": asdict(best),
        }
    )
