"""``penchant tune``: the settings that do best on what was held out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from penchant.cli import settings, sources, tune_output
from penchant.cli.curve import Epochs, Every, IncludeSeen, Patience, epochs_to_measure
from penchant.cli.evaluate import held_out
from penchant.cli.fit import check_target, quoted
from penchant.cli.options import DataOptions, Json, ModelOptions, Quiet, SplitOptions
from penchant.cli.output import Output, size
from penchant.cli.space import space
from penchant.errors import SettingsError

if TYPE_CHECKING:
    from penchant.data.interactions import Interactions
    from penchant.split import Split
    from penchant.tuning.results import TuningResult

EXAMPLES = r"""[bold]Examples[/bold]

[dim]# every combination; stopped or killed, the same line goes on where it was[/dim]
penchant tune lastfm-2k --confidence log --grid factors=20,40,80 --grid alpha=1,5,20

[dim]# ranges, fifty trials, each new one chosen by what the last ones gave[/dim]
penchant tune likes.csv --range factors=16..128:log --range alpha=0.1..100:log \
      --range regularization=1e-3..100:log --trials 50

[dim]# for an hour, in three-fold cross-validation; then fit the best on everything[/dim]
penchant tune likes.csv --range alpha=0.1..100:log --timeout 3600 --folds 3 -o likes.penchant

[dim]# another model; a page with pictures[/dim]
penchant tune likes.csv --model item-neighbors --grid similarity=cosine,tfidf,bm25 \
      --grid neighbors=20,50,100,200 --report search.html"""

_SEARCH = "The search"
_DEFAULT_TRIALS = 50

Sampler = Literal["grid", "random", "tpe"]


@dataclass(frozen=True)
class SearchOptions:
    """What is searched, and how."""

    grid: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting and its values: factors=10,20,40; may be repeated. A pair is 0.1/0.2. "
            "Settings given as options below are the same for all trials.",
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
            help="grid, every combination; random; or tpe, which learns from what is finished. "
            "Left out: tpe where there is a range, else grid.",
            rich_help_panel=_SEARCH,
            metavar="HOW",
        ),
    ] = None
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many in all. Left out: the whole grid; with random and tpe what --timeout "
            "leaves time for, else 50.",
            rich_help_panel=_SEARCH,
            metavar="N",
        ),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Begin no trial after so many seconds.", rich_help_panel=_SEARCH, metavar="SECONDS"
        ),
    ] = None
    metric: Annotated[
        str,
        typer.Option(
            help="What is compared, as in [cyan]penchant evaluate[/cyan].",
            rich_help_panel=_SEARCH,
            metavar="NAME",
        ),
    ] = "ndcg@10"
    also: Annotated[
        list[str] | None,
        typer.Option(
            help="Measure this besides; may be repeated.", rich_help_panel=_SEARCH, metavar="NAME"
        ),
    ] = None
    folds: Annotated[
        int,
        typer.Option(
            min=1,
            help="Compare means over so many splits, drawn with different seeds.",
            rich_help_panel=_SEARCH,
            metavar="N",
        ),
    ] = 1
    final: Annotated[
        bool,
        typer.Option(
            help="Hold out a final test split first, which the search never sees, and measure the "
            "best settings on it.",
            rich_help_panel=_SEARCH,
        ),
    ] = True
    prune: Annotated[
        bool | None,
        typer.Option(
            help="Give up trials that are worse than the median of the others. Left out: not on "
            "a grid.",
            rich_help_panel=_SEARCH,
        ),
    ] = None
    storage: Annotated[
        Path,
        typer.Option(
            help="The file that keeps what is finished.", rich_help_panel=_SEARCH, metavar="FILE"
        ),
    ] = Path("tuning.db")
    search_name: Annotated[
        str,
        typer.Option(
            help="Which search of those in the file.", rich_help_panel=_SEARCH, metavar="NAME"
        ),
    ] = "search"
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--fresh",
            help="Go on with what is finished, or forget it and begin afresh.",
            rich_help_panel=_SEARCH,
        ),
    ] = True
    search_seed: Annotated[
        int,
        typer.Option(min=0, help="Of the order or the draw.", rich_help_panel=_SEARCH, metavar="N"),
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
    include_seen: IncludeSeen = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Fit the best settings on everything, and write this model file.",
            metavar="FILE",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a page of tables and pictures.", metavar="FILE"),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Look for the settings that do best on what was held out.

    Every trial is a learning curve, so the number of epochs is chosen too. What is finished is
    kept: stopped or killed, the same line goes on where it was. Several processes may run the
    same line at the same time, and share the work.
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
            **_how(options),
            epochs=epochs_to_measure(epochs, every),
            patience=patience,
            exclude_seen=not include_seen,
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


def _how(options: SearchOptions) -> dict[str, Any]:
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
    interactions: Interactions, how: SplitOptions, options: SearchOptions
) -> tuple[list[Split], Split | None]:
    """What is searched on, drawn from what the final test part leaves, and that part."""
    if options.folds > 1 and how.split == "temporal":
        raise SettingsError("--folds does not go with --split temporal: time is cut in one way")
    final = settings.split(interactions, how) if options.final else None
    left = interactions if final is None else final.train
    first = how.split_seed + (final is not None)
    inner = how if final is None else dataclasses.replace(how, at=None)
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
