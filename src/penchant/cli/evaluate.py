"""``penchant evaluate``: how good models are, on likes that they were not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penchant.cli import settings, sources
from penchant.cli.fit import described, trained
from penchant.cli.options import DataOptions, Json, ModelOptions, Quiet, SplitOptions
from penchant.cli.output import Output, evaluations

if TYPE_CHECKING:
    from penchant.evaluation.evaluate import Evaluation
    from penchant.split import Split

EXAMPLES = r"""[bold]Examples[/bold]

penchant evaluate lastfm-2k
penchant evaluate ratings.csv --split temporal --timestamp time --share 0.1

[dim]# settings side by side[/dim]
penchant evaluate likes.csv --model als --model als:factors=128,alpha=10

[dim]# new items, known by their tags alone[/dim]
penchant evaluate plays.csv --split cold-items --share 0.2 --model hybrid-als \
      --item-features tags.csv --item-features-name tag

[dim]# three figures of one's own choice, with longer lists[/dim]
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
            help="als (the default), hybrid-als, ranking, ease, content, item-neighbors, "
            "popularity or blend, with settings: als:factors=128,alpha=10. May be repeated; "
            "the settings below go to all.",
            rich_help_panel="The model",
            metavar="KIND",
        ),
    ] = None,
    baselines: Annotated[
        bool, typer.Option(help="Measure the simple models beside.", rich_help_panel="The model")
    ] = True,
    k: Annotated[int, typer.Option("-k", min=1, help="The length of lists.", metavar="N")] = 10,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="ndcg, precision, recall, map, mrr, hit_rate, coverage or novelty (all of these "
            "unless told), auc, percentile_rank (slower: they rank every item) or mse; may be "
            "repeated. ndcg@5 has a length of its own.",
            metavar="NAME",
        ),
    ] = None,
    include_seen: Annotated[
        bool,
        typer.Option(
            "--include-seen",
            help="Leave what a user already has in their list, to compete with what is held out.",
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure models on likes that were held out.

    Takes a log, not a model file: what is measured on must be held out before a model is
    fitted, and a model that was fitted on everything has seen it.
    """
    out = Output(as_json=json, quiet=quiet)
    specs = list(dict.fromkeys([*(_BASELINES if baselines else ()), *(model or ["als"])]))
    unfitted = settings.models(specs, model_options)
    interactions = sources.read(source, data, out)
    split = settings.split(interactions, split_options)
    out.text(interactions.summary())
    out.text(held_out(split))
    how: dict[str, Any] = {"k": k, "exclude_seen": not include_seen}
    if metric:
        how["metrics"] = metric
    found = {spec: _measured(one, split, out, how) for spec, one in unfitted.items()}
    out.text()
    out.show(*evaluations(found))
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
                    "evaluation": found[spec].to_dict(),
                }
                for spec, one in unfitted.items()
            },
        }
    )


def _measured(model: Any, split: Split, out: Output, how: dict[str, Any]) -> Evaluation:
    from penchant.evaluation.evaluate import evaluate as measure

    fitted, _ = trained(model, split.train, out)
    with out.progress(f"measuring {model.kind}"):
        return measure(fitted, split, **how)


def held_out(split: Split) -> str:
    """A line about a split."""
    told = ", ".join(f"{name}={value}" for name, value in split.settings.items())
    return (
        f"  {split.kind.replace('_', '-')} ({told}): {split.train.nnz:,} to learn from, "
        f"{split.test.nnz:,} held out"
    )
