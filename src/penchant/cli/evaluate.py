"""``penchant evaluate``: measure models on held-out likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penchant.cli import settings, sources
from penchant.cli.data_options import DataOptions
from penchant.cli.fit import described, trained
from penchant.cli.model_options import ModelOptions
from penchant.cli.options import ExcludeSeen, Json, Quiet
from penchant.cli.output import Output, evaluations
from penchant.cli.split_options import SplitOptions

if TYPE_CHECKING:
    from penchant.evaluation.evaluate import Evaluation
    from penchant.split import Split

EXAMPLES = r"""[bold]Examples[/bold]

penchant evaluate lastfm-2k
penchant evaluate ratings.csv --split temporal --timestamp time --share 0.1

[dim]# settings side by side[/dim]
penchant evaluate likes.csv --model als --model als:factors=128,alpha=10

[dim]# new items, known by their tags only[/dim]
penchant evaluate plays.csv --split cold-items --share 0.2 --model hybrid-als \
      --item-features tags.csv --item-features-name tag

[dim]# three chosen metrics, with longer lists[/dim]
penchant evaluate likes.csv -k 20 --metric ndcg --metric recall --metric auc"""

_BASELINES = ("popularity", "item-neighbors")


def evaluate(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="As in [cyan]penchant fit[/cyan].")
    ],
    data: DataOptions,
    split_options: SplitOptions,
    model_options: ModelOptions,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Kind of model: {kinds}; with settings: als:factors=128,alpha=10. "
            "May be repeated; the settings below apply to all. Default: als.",
            rich_help_panel="The model",
            metavar="KIND",
        ),
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option(help="Also measure popularity and item-neighbors."),
    ] = True,
    k: Annotated[int, typer.Option("-k", min=1, help="Length of the lists.", metavar="N")] = 10,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="ndcg, precision, recall, map, mrr, hit_rate, coverage, novelty (these are the "
            "default), auc, percentile_rank (slower: they rank every item) or mse; may be "
            "repeated. ndcg@5 is of lists of length 5.",
            metavar="NAME",
        ),
    ] = None,
    exclude_seen: ExcludeSeen = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure models on held-out likes.

    Takes a log and not a model file: the likes to measure on must be held out before a model is
    fitted, and a model file was fitted on everything.
    """
    out = Output(as_json=json, quiet=quiet)
    specs = list(dict.fromkeys([*(_BASELINES if baselines else ()), *(model or ["als"])]))
    unfitted = settings.models(specs, model_options)
    interactions = sources.read(source, data, out)
    split = settings.split(interactions, split_options)
    out.text(interactions.summary())
    out.text(held_out(split))
    options: dict[str, Any] = {"k": k, "exclude_seen": exclude_seen}
    if metric:
        options["metrics"] = metric
    results = {spec: _measured(one, split, out, options) for spec, one in unfitted.items()}
    out.text()
    out.show(*evaluations(results))
    for spec, one in unfitted.items():
        out.text(f"{spec}: {described(one)}", style="dim")
    out.document(
        {
            "data": interactions.name,
            "split": {"kind": split.kind, **split.settings},
            "models": {
                spec: {
                    "kind": one.kind,
                    "settings": one.settings,
                    "evaluation": results[spec].to_dict(),
                }
                for spec, one in unfitted.items()
            },
        }
    )


def _measured(model: Any, split: Split, out: Output, options: dict[str, Any]) -> Evaluation:
    from penchant.evaluation.evaluate import evaluate as measure

    fitted, _ = trained(model, split.train, out)
    with out.progress(f"measuring {model.kind}"):
        return measure(fitted, split, **options)


def held_out(split: Split) -> str:
    """Return a line that describes a split."""
    settings = ", ".join(f"{name}={value}" for name, value in split.settings.items())
    return (
        f"  {split.kind.replace('_', '-')} ({settings}): {split.train.nnz:,} to learn from, "
        f"{split.test.nnz:,} held out"
    )
