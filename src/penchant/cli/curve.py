"""``penchant learning-curve``: train and test metrics by epoch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from penchant.cli import settings, sources
from penchant.cli.data_options import DataOptions
from penchant.cli.evaluate import held_out
from penchant.cli.fit import described
from penchant.cli.model_options import ModelOptions
from penchant.cli.options import ExcludeSeen, Json, Quiet
from penchant.cli.output import Output
from penchant.cli.split_options import SplitOptions

EXAMPLES = r"""[bold]Examples[/bold]

penchant learning-curve lastfm-2k --confidence log --alpha 20
penchant learning-curve likes.csv --epochs 60 --every 5 --metric ndcg --patience 2"""

Epochs = Annotated[
    int, typer.Option(min=1, help="Epochs of a training.", metavar="N", show_default=True)
]
Every = Annotated[int, typer.Option(min=1, help="Measure every N epochs.", metavar="N")]
Patience = Annotated[
    int | None,
    typer.Option(
        min=1, help="End a training after N measurements without a better value.", metavar="N"
    ),
]


def learning_curve(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="As in [cyan]penchant fit[/cyan].")
    ],
    data: DataOptions,
    split_options: SplitOptions,
    model_options: ModelOptions,
    model: Annotated[
        str,
        typer.Option(
            help="As in [cyan]penchant fit[/cyan].", rich_help_panel="The model", metavar="KIND"
        ),
    ] = "als",
    epochs: Epochs = 38,
    every: Every = 2,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="As in [cyan]penchant evaluate[/cyan]; may be repeated. "
            "Default: precision@5, mse.",
            metavar="NAME",
        ),
    ] = None,
    patience: Patience = None,
    exclude_seen: ExcludeSeen = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train once, and measure train and test likes during the training.

    Prints a line for each measured epoch, and the best one at the end. The train metrics are of
    the users with held-out likes.
    """
    from penchant.tuning.curve import learning_curve as measure
    from penchant.tuning.measure import full_names
    from penchant.tuning.results import heading, line

    out = Output(as_json=json, quiet=quiet)
    unfitted = settings.model(model, model_options)
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
        epochs_to_measure(epochs, every),
        names,
        patience=patience,
        exclude_seen=exclude_seen,
        verbose=False,
        on_row=lambda row: out.text(line(names, row)),
    )
    best = curve.best()
    out.text()
    out.text(f"best {names[0]} on test: {best.test[names[0]]:.5f} after epoch {best.epoch}")
    out.text(described(unfitted), style="dim")
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


def epochs_to_measure(epochs: int, every: int) -> range:
    """Return the epochs to measure: every ``every``-th, up to ``epochs``."""
    return range(every, max(epochs, every) + 1, every)
