"""``penchant tune``: find the settings that do best on held-out likes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from penchant.cli import settings, sources, tune_output
from penchant.cli.curve import Epochs, Every, Patience, epochs_to_measure
from penchant.cli.data_options import DataOptions
from penchant.cli.evaluate import held_out
from penchant.cli.fit import check_target, quoted
from penchant.cli.model_options import ModelOptions
from penchant.cli.options import ExcludeSeen, Json, Quiet
from penchant.cli.output import Output, size
from penchant.cli.space import space
from penchant.cli.split_options import SplitOptions
from penchant.errors import SettingsError

if TYPE_CHECKING:
    from penchant.data.interactions import Interactions
    from penchant.split import Split
    from penchant.tuning.results import TuningResult

EXAMPLES = r"""[bold]Examples[/bold]

[dim]# every combination; after a stop the same command resumes[/dim]
penchant tune lastfm-2k --confidence log --grid factors=20,40,80 --grid alpha=1,5,20

[dim]# ranges; fifty trials, each chosen by the results of the former ones[/dim]
penchant tune likes.csv --range factors=16..128:log --range alpha=0.1..100:log \
      --range regularization=1e-3..100:log --trials 50

[dim]# for an hour, on three splits; then fit the best settings on everything[/dim]
penchant tune likes.csv --range alpha=0.1..100:log --timeout 3600 --folds 3 -o likes.penchant

[dim]# another model; a report with charts[/dim]
penchant tune likes.csv --model item-neighbors --grid similarity=cosine,tfidf,bm25 \
      --grid neighbors=20,50,100,200 --report search.html"""

_SEARCH = "The search"
_DEFAULT_TRIALS = 50

Sampler = Literal["grid", "random", "tpe"]


@dataclass(frozen=True)
class SearchOptions:
    """The search space, and how it is searched."""

    grid: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting and its values: factors=10,20,40; may be repeated. A pair is 0.1/0.2. "
            "Settings given as options below are fixed.",
            rich_help_panel=_SEARCH,
            metavar="NAME=V,V",
        ),
    ] = None
    range: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting and its range: regularization=1e-5..10:log; may be repeated.",
            rich_help_panel=_SEARCH,
            metavar="NAME=LOW..HIGH",
        ),
    ] = None
    sampler: Annotated[
        Sampler | None,
        typer.Option(
            help="grid: every combination; random; tpe: chosen by the results of finished trials. "
            "Default: tpe with a range, else grid.",
            rich_help_panel=_SEARCH,
            metavar="HOW",
        ),
    ] = None
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of trials. Default: the whole grid; with random and tpe as many as "
            "--timeout allows, else 50.",
            rich_help_panel=_SEARCH,
            metavar="N",
        ),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Start no trial after this many seconds.",
            rich_help_panel=_SEARCH,
            metavar="SECONDS",
        ),
    ] = None
    metric: Annotated[
        str,
        typer.Option(
            help="The metric to compare, as in [cyan]penchant evaluate[/cyan].",
            rich_help_panel=_SEARCH,
            metavar="NAME",
        ),
    ] = "ndcg@10"
    also: Annotated[
        list[str] | None,
        typer.Option(
            help="Another metric to report; may be repeated.",
            rich_help_panel=_SEARCH,
            metavar="NAME",
        ),
    ] = None
    folds: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of splits, of different seeds, whose mean is compared.",
            rich_help_panel=_SEARCH,
            metavar="N",
        ),
    ] = 1
    final: Annotated[
        bool,
        typer.Option(
            help="Hold out a final test split first, which the search does not use, and measure "
            "the best settings on it.",
            rich_help_panel=_SEARCH,
        ),
    ] = True
    prune: Annotated[
        bool | None,
        typer.Option(
            help="Stop trials that are worse than the median of the others. Default: not with a "
            "grid.",
            rich_help_panel=_SEARCH,
        ),
    ] = None
    storage: Annotated[
        Path,
        typer.Option(help="File of the finished trials.", rich_help_panel=_SEARCH, metavar="FILE"),
    ] = Path("tuning.db")
    search_name: Annotated[
        str,
        typer.Option(
            help="Name of the search within the file.", rich_help_panel=_SEARCH, metavar="NAME"
        ),
    ] = "search"
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--fresh",
            help="Resume with the finished trials, or delete them and start again.",
            rich_help_panel=_SEARCH,
        ),
    ] = True
    search_seed: Annotated[
        int,
        typer.Option(
            min=0,
            help="Seed of the order or the random draws.",
            rich_help_panel=_SEARCH,
            metavar="N",
        ),
    ] = 0


def tune(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="As in [cyan]penchant fit[/cyan].")
    ],
    options: SearchOptions,
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
    patience: Patience = None,
    exclude_seen: ExcludeSeen = True,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Fit the best settings on everything and write this model file.",
            metavar="FILE",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a report of tables and charts.", metavar="FILE"),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the settings that do best on held-out likes.

    Every trial is a learning curve, so the number of epochs is chosen too. Finished trials are
    stored: after a stop the same command resumes. Several processes may run the same command at
    the same time and share the work.
    """
    from penchant.models import class_of
    from penchant.tuning.tune import tune as run_tuning

    out = Output(as_json=json, quiet=quiet)
    kind = class_of(model)
    wanted = space(options.grid or [], options.range or [], model_options)
    for path in (output, report):
        if path is not None:
            check_target(path)
    interactions = sources.read(source, data, out)
    splits, final = _splits(interactions, split_options, options)
    out.text(interactions.summary())
    out.text("searched on" + held_out(splits[0]) + (f"; {len(splits)} such" * (len(splits) > 1)))
    if final is not None:
        out.text("final test" + held_out(final))
    with out.live() as draw:
        result = run_tuning(
            kind,
            wanted,
            splits,
            options.metric,
            **_arguments(options),
            epochs=epochs_to_measure(epochs, every),
            patience=patience,
            exclude_seen=exclude_seen,
            final=final,
            on_progress=(lambda now: draw(tune_output.now(now, options.metric)))
            if out.is_watched
            else None,
        )
    tune_output.show(result, out)
    if result.about["stopped"] == "interrupted":
        raise KeyboardInterrupt
    _write(result, interactions, output, report, out)
    _advise(result, source, output, out)
    out.document(tune_output.document(result))


def _arguments(options: SearchOptions) -> dict[str, Any]:
    sampler = options.sampler or ("tpe" if options.range else "grid")
    trials = options.trials
    if trials is None and options.timeout is None and sampler != "grid":
        trials = _DEFAULT_TRIALS
    return {
        "sampler": sampler,
        "trials": trials,
        "timeout": options.timeout,
        "metrics": options.also or [],
        "prune": options.prune,
        "storage": options.storage,
        "name": options.search_name,
        "resume": options.resume,
        "seed": options.search_seed,
    }


def _splits(
    interactions: Interactions, split: SplitOptions, options: SearchOptions
) -> tuple[list[Split], Split | None]:
    """Return the splits to search on, and the final split that they leave out."""
    if options.folds > 1 and split.split == "temporal":
        raise SettingsError("--folds does not go with --split temporal: time is cut in one way")
    final = settings.split(interactions, split) if options.final else None
    left = interactions if final is None else final.train
    first = split.split_seed + (final is not None)
    inner = split if final is None else dataclasses.replace(split, at=None)
    return [
        settings.split(left, dataclasses.replace(inner, split_seed=first + fold))
        for fold in range(options.folds)
    ], final


def _write(
    result: TuningResult,
    interactions: Interactions,
    output: Path | None,
    report: Path | None,
    out: Output,
) -> None:
    if report is not None:
        out.text(f"wrote {result.report(report)}")
    if output is not None:
        with out.progress("fitting the best on everything"):
            fitted = result.refit(interactions)
        metrics = {label: one.to_dict() for label, one in (result.final or {}).items()}
        fitted.save(output, metrics=metrics.get("best settings"))
        out.text(f"fitted the best settings on everything and wrote {output} "
                 f"({size(output.stat().st_size)})")  # fmt: skip


def _advise(result: TuningResult, source: str, output: Path | None, out: Output) -> None:
    if not result.ranked:
        return
    if output is not None:
        out.advice("", "next:", f"  penchant info {output}")
        return
    words = [f"--{name.replace('_', '-')} {_word(one)}" for name, one in result.settings.items()]
    kind = "" if result.model.kind == "als" else f" --model {result.model.kind}"
    out.advice(
        "",
        "next, with the options that say how to read the log:",
        f"  penchant fit {quoted(source)}{kind} {' '.join(words)}",
    )


def _word(value: Any) -> str:
    return "/".join(map(str, value)) if isinstance(value, tuple | list) else quoted(value)
