"""``penchant evaluate``: measure models on held-out likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from penchant.cli import explicit, hints, settings, sources
from penchant.cli.comparison import BASELINES, next_to_try
from penchant.cli.data_options import DataOptions
from penchant.cli.fit import described, measured
from penchant.cli.model_options import ModelOptions
from penchant.cli.options import ExcludeSeen, OutputOptions, Source
from penchant.cli.output import evaluations
from penchant.cli.split_options import SplitOptions

if TYPE_CHECKING:
    from penchant.evaluation.evaluate import Evaluation
    from penchant.models.base import Model
    from penchant.split import Split

EXAMPLES = r"""[bold]Examples[/bold]

penchant evaluate lastfm-2k
penchant evaluate ratings.csv --split temporal --timestamp time --share 0.1

[dim]# settings side by side[/dim]
penchant evaluate likes.csv --model als --model als:factors=64

[dim]# new items, known by their tags only[/dim]
penchant evaluate plays.csv --split cold-items --share 0.2 \
      --model hybrid-als --item-features tags.csv --item-features-name tag

[dim]# as the articles on graph networks measure[/dim]
penchant evaluate lastfm-2k --protocol lightgcn

[dim]# three chosen metrics, with longer lists[/dim]
penchant evaluate likes.csv -k 20 --metric ndcg --metric recall --metric auc"""

Protocol = Literal["ncf", "lightgcn", "strong-generalization", "global-temporal", "leave-last-out"]


@dataclass(frozen=True)
class EvaluationOptions:
    """What is measured, and how."""

    baselines: Annotated[bool, typer.Option(help="Also measure popularity and item-neighbors.")] = (
        True
    )
    k: Annotated[int, typer.Option("-k", min=1, help="Length of the lists.", metavar="N")] = 10
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="ndcg, precision, recall, map, mrr, hit_rate, coverage, novelty (these are the "
            "default), recall_truncated (of the possible hits), auc, percentile_rank (slower: they "
            "rank every item) or mse; may be repeated. ndcg@5 is of lists of length 5.",
            metavar="NAME",
        ),
    ] = None
    protocol: Annotated[
        Protocol | None,
        typer.Option(
            help="Split, candidates and metrics of published comparisons: ncf (the last like of "
            "each user among 99 sampled items; biased), lightgcn (20 % of each user's likes), "
            "strong-generalization (held-out users), global-temporal or leave-last-out.",
            metavar="NAME",
        ),
    ] = None
    exclude_seen: ExcludeSeen = True


def evaluate(
    source: Source,
    *,
    data: DataOptions,
    split_options: SplitOptions,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Kind of model: {kinds}; with settings: als:factors=64. "
            "May be repeated; the settings below apply to all. Default: als.",
            rich_help_panel="The model",
            metavar="KIND",
        ),
    ] = None,
    model_options: ModelOptions,
    options: EvaluationOptions,
    printing: OutputOptions,
) -> None:
    """Measure models on held-out likes.

    Takes a log, not a model file: the likes to measure on are held out before the models are
    fitted, and a model file was fitted on all likes.
    """
    out = printing.open()
    baselines = BASELINES if options.baselines else ()
    specs = list(dict.fromkeys([*baselines, *(model or ["als"])]))
    models = settings.models(specs, model_options.with_half_life(data))
    settings.check_features(models.values())
    _check_lengths(options)
    interactions = sources.read(source, data, out)
    if options.protocol is not None:
        split = settings.protocol_split(options.protocol, interactions, split_options)
    else:
        split = settings.split(interactions, split_options)
    out.text(interactions.summary())
    out.text(held_out(split))
    wanted: dict[str, Any] = {"metrics": options.metric} if options.metric else {}
    wanted |= {"k": options.k, "exclude_seen": options.exclude_seen}
    results = {spec: measured(unfitted, split, out, **wanted) for spec, unfitted in models.items()}
    out.text()
    out.show(*evaluations(results))
    if split.note:
        out.text(split.note)
    for spec, fitted in models.items():
        out.text(f"{spec}: {described(fitted)}", style="dim")
    advice = next_to_try(models, results, hints.log_words(source, data))
    for line in advice:
        out.text(line, style="yellow")
    hints.show(out, hints.fit_command(source, data, hints.best_spec(results), model_options))
    out.document(
        {
            "data": interactions.name,
            "split": {"kind": split.kind, **split.settings},
            "note": split.note,
            "models": _document(models, results),
            "advice": advice,
        }
    )


def _check_lengths(options: EvaluationOptions) -> None:
    """Refuse ``-k`` where no metric is of lists of that length."""
    if options.metric is None and options.protocol is not None:
        explicit.refuse(f"--protocol {options.protocol} defines the metrics and lengths", "k")
    elif options.metric is not None and not any(map(_takes_length, options.metric)):
        explicit.refuse(f"no metric among {', '.join(options.metric)} takes a length", "k")


def _takes_length(metric: str) -> bool:
    from penchant.evaluation.metrics import METRICS

    return "@" not in metric and (metric not in METRICS or METRICS[metric].of_lists)


def _document(models: Mapping[str, Model], results: Mapping[str, Evaluation]) -> dict[str, Any]:
    return {
        spec: {
            "kind": model.kind,
            "settings": model.settings,
            "evaluation": results[spec].to_dict(),
        }
        for spec, model in models.items()
    }


def held_out(split: Split) -> str:
    """Return a line that describes a split."""
    settings = ", ".join(f"{name}={value}" for name, value in split.settings.items())
    return (
        f"  {split.kind.replace('_', '-')} ({settings}): {split.train.nnz:,} for training, "
        f"{split.test.nnz:,} held out"
    )
