"""``penchant tune``: find the settings that perform best on held-out likes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from penchant.cli import explicit, hints, selection, settings, sources, tune_output
from penchant.cli.curve import CurveOptions, check_epochs
from penchant.cli.data_options import DataOptions
from penchant.cli.evaluate import held_out
from penchant.cli.fit import check_target
from penchant.cli.model_options import ModelKind, ModelOptions
from penchant.cli.options import OutputOptions, Source
from penchant.cli.output import Output
from penchant.cli.space import space
from penchant.cli.split_options import SplitOptions
from penchant.errors import SettingsError
from penchant.rendering.plain import size

if TYPE_CHECKING:
    from penchant.data.interactions import Interactions
    from penchant.split import Split
    from penchant.tuning.results import TuningResult

EXAMPLES = r"""[bold]Examples[/bold]

[dim]# the best of all families of models, found in ten minutes[/dim]
penchant tune likes.csv -o likes.penchant

[dim]# the same for an hour, and of these families only[/dim]
penchant tune likes.csv --budget "1 h" --models als,ease,graph-filter

[dim]# every combination; after a stop the same command resumes[/dim]
penchant tune lastfm-2k --grid factors=64,128,256 \
      --grid unobserved-share=3,10,30

[dim]# ranges; fifty trials, each chosen by the results of the earlier ones[/dim]
penchant tune likes.csv --range factors=32..512:log \
      --range unobserved-share=1..50:log \
      --range regularization=0.02..0.3:log --trials 50

[dim]# for an hour, on three splits; then fit the best settings to all likes[/dim]
penchant tune likes.csv --range unobserved-share=1..50:log \
      --range regularization=0.02..0.3:log --timeout 3600 --folds 3 \
      -o likes.penchant

[dim]# another model; a report with charts[/dim]
penchant tune likes.csv --model item-neighbors \
      --grid similarity=cosine,tfidf,bm25 \
      --grid neighbors=20,50,100,200 --report tuning.html"""

_PANEL = "Tuning"
_DEFAULT_TRIALS = 50
_OF_ONE_MODEL = (
    *("sampler", "trials", "timeout", "also", "folds", "final", "prune", "report"),
    *("epochs", "every", "patience"),
)
"""Parameters without effect on a selection of models."""

Sampler = Literal["grid", "random", "tpe"]


@dataclass(frozen=True)
class TuneOptions:
    """The tuning space, how it is explored, and what is written."""

    models: Annotated[
        str | None,
        typer.Option(
            help="Families to select from: auto for all, or als,ease. Without --grid and --range "
            "the best model of all families is selected.",
            rich_help_panel=_PANEL,
            metavar="KINDS",
        ),
    ] = None
    budget: Annotated[
        str,
        typer.Option(
            help="Time that the selection of a model may take: '10 min', 90s.",
            rich_help_panel=_PANEL,
            metavar="TIME",
        ),
    ] = selection.DEFAULT_BUDGET

    grid: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting and its values: factors=10,20,40; may be repeated. A pair is 0.1/0.2. "
            "Settings given as options below are fixed.",
            rich_help_panel=_PANEL,
            metavar="NAME=V,V",
        ),
    ] = None
    range: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting and its range: regularization=1e-5..10:log; or a setting alone, such "
            "as alpha, for the range that the model declares. May be repeated.",
            rich_help_panel=_PANEL,
            metavar="NAME=LOW..HIGH",
        ),
    ] = None
    sampler: Annotated[
        Sampler | None,
        typer.Option(
            help="grid: every combination; random; tpe: chosen by the results of finished trials. "
            "Default: tpe with a range, else grid.",
            rich_help_panel=_PANEL,
            metavar="NAME",
        ),
    ] = None
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of trials. Default: the whole grid; with random and tpe as many as "
            "--timeout allows, else 50.",
            rich_help_panel=_PANEL,
            metavar="N",
        ),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Start no trial after this many seconds.",
            rich_help_panel=_PANEL,
            metavar="SECONDS",
        ),
    ] = None
    metric: Annotated[
        str,
        typer.Option(
            help="The metric to compare, as in [cyan]penchant evaluate[/cyan].",
            rich_help_panel=_PANEL,
            metavar="NAME",
        ),
    ] = "ndcg@10"
    also: Annotated[
        list[str] | None,
        typer.Option(
            help="Another metric to report; may be repeated.",
            rich_help_panel=_PANEL,
            metavar="NAME",
        ),
    ] = None
    folds: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of splits, of different seeds, whose mean is compared.",
            rich_help_panel=_PANEL,
            metavar="N",
        ),
    ] = 1
    final: Annotated[
        bool,
        typer.Option(
            help="Hold out a final test split first, which tuning does not use, and measure the "
            "best settings on it.",
            rich_help_panel=_PANEL,
        ),
    ] = True
    prune: Annotated[
        bool | None,
        typer.Option(
            help="Stop trials that are worse than the median of the others. Default: not with a "
            "grid.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    storage: Annotated[
        Path,
        typer.Option(help="File of the finished trials.", rich_help_panel=_PANEL, metavar="FILE"),
    ] = Path("tuning.db")
    tuning_name: Annotated[
        str,
        typer.Option(
            help="Name of this tuning run in the file.", rich_help_panel=_PANEL, metavar="NAME"
        ),
    ] = "tuning"
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--fresh",
            help="Resume with the finished trials, or delete them and start again.",
            rich_help_panel=_PANEL,
        ),
    ] = True
    tuning_seed: Annotated[
        int,
        typer.Option(
            min=0,
            help="Seed of the order of a grid, or of the random draws.",
            rich_help_panel=_PANEL,
            metavar="N",
        ),
    ] = 0
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Fit the best settings to all likes and write this model file.",
            metavar="FILE",
        ),
    ] = None
    report: Annotated[
        Path | None,
        typer.Option(help="Write a report of tables and charts.", metavar="FILE"),
    ] = None


def tune(
    source: Source,
    *,
    options: TuneOptions,
    curve: CurveOptions,
    data: DataOptions,
    split_options: SplitOptions,
    model: ModelKind = "als",
    model_options: ModelOptions,
    printing: OutputOptions,
) -> None:
    """Find the model, or the settings of a model, that perform best on held-out likes.

    Without --grid and --range all families of models are tried. With them the settings of one are:
    every trial is a learning curve, so the number of epochs is chosen too. Finished trials are
    stored: after a stop the same command resumes. Several processes may run the same command at
    the same time and share the work.
    """
    from penchant.models import class_of
    from penchant.tuning.tune import tune as run_tuning

    out = printing.open()
    if options.models or not (options.grid or options.range):
        _select(source, options, data, split_options, model_options, curve.exclude_seen, out)
        return
    explicit.refuse("--budget is for a selection of models; --timeout ends this tuning", "budget")
    cls = class_of(model)
    check_epochs(cls)
    settings.check_features([cls()])
    values = space(cls, options.grid or [], options.range or [], model_options.with_half_life(data))
    for path in (options.output, options.report):
        if path is not None:
            check_target(path)
    interactions = sources.read(source, data, out)
    splits, final = _splits(interactions, split_options, options)
    out.text(interactions.summary())
    out.text("tuned on" + held_out(splits[0]) + (f"; {len(splits)} splits" * (len(splits) > 1)))
    if final is not None:
        out.text("final test" + held_out(final))
    with out.live() as draw:
        result = run_tuning(
            cls,
            values,
            splits,
            options.metric,
            **_arguments(options),
            epochs=curve.measured_epochs,
            patience=curve.patience,
            exclude_seen=curve.exclude_seen,
            final=final,
            on_progress=(lambda progress: draw(tune_output.progress_of(progress, options.metric)))
            if out.is_watched
            else None,
        )
    tune_output.show(result, out)
    if result.about["stopped"] == "interrupted":
        raise KeyboardInterrupt
    _write(result, interactions, options, out)
    _advise(result, source, data, options.output, out)
    out.document(tune_output.document(result))


def _select(
    source: str,
    options: TuneOptions,
    data: DataOptions,
    split_options: SplitOptions,
    model_options: ModelOptions,
    exclude_seen: bool,
    out: Output,
) -> None:
    """Select a model of all families, or of the named ones."""
    _refuse_for_selection(options, data, model_options)
    if options.output is not None:
        check_target(options.output)
    interactions = sources.read(source, data, out)
    out.text(interactions.summary())
    # on sparse data most users have too few likes for the split that is this command's default
    is_default = not explicit.flags(*vars(split_options))
    parts = interactions if is_default else settings.split(interactions, split_options)
    chosen = selection.select(
        parts,
        out,
        models=selection.kinds(options.models),
        budget=options.budget,
        metric=options.metric,
        storage=options.storage,
        name=options.tuning_name,
        resume=options.resume,
        exclude_seen=exclude_seen,
        seed=options.tuning_seed,
    )
    if options.output is not None:
        selection.save(chosen, interactions, options.output, out)
        hints.show(out, f"info {hints.quoted(options.output)}")
    else:
        log = hints.log_words(source, data)
        hints.show(out, f"tune {log} -o {hints.quoted(hints.target(source))}")
    out.document(selection.document(chosen))


def _refuse_for_selection(
    options: TuneOptions, data: DataOptions, model_options: ModelOptions
) -> None:
    """Refuse the options that belong to tuning the settings of one model."""
    if options.models is not None:
        explicit.refuse("--models selects a model and its settings", "grid", "range")
    explicit.refuse(
        "without --grid and --range, a model and its settings are selected",
        *("model", *model_options.parameter_names(data), *_OF_ONE_MODEL),
    )


def _arguments(options: TuneOptions) -> dict[str, Any]:
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
        "name": options.tuning_name,
        "resume": options.resume,
        "seed": options.tuning_seed,
    }


def _splits(
    interactions: Interactions, split: SplitOptions, options: TuneOptions
) -> tuple[list[Split], Split | None]:
    """Return the splits to tune on, and the final split that they leave out."""
    if options.folds > 1 and split.split == "temporal":
        raise SettingsError(
            "--folds does not go with --split temporal: there is one way to split by time"
        )
    final = settings.split(interactions, split) if options.final else None
    left = interactions if final is None else final.train
    first = split.split_seed + (final is not None)
    inner = split if final is None else dataclasses.replace(split, at=None)
    return [
        settings.split(left, dataclasses.replace(inner, split_seed=first + fold))
        for fold in range(options.folds)
    ], final


def _write(
    result: TuningResult, interactions: Interactions, options: TuneOptions, out: Output
) -> None:
    if options.report is not None:
        out.text(f"wrote {result.report(options.report)}")
    if options.output is not None:
        with out.progress("fitting the best settings to all likes"):
            fitted = result.refit(interactions)
        metrics = {label: figures.to_dict() for label, figures in (result.final or {}).items()}
        fitted.save(options.output, metrics=metrics.get("best settings"))
        n_bytes = options.output.stat().st_size
        out.text(
            f"fitted the best settings to all likes and wrote {options.output} ({size(n_bytes)})"
        )


def _advise(
    result: TuningResult, source: str, data: DataOptions, output: Path | None, out: Output
) -> None:
    if not result.ranked:
        return
    if output is not None:
        hints.show(out, f"info {hints.quoted(output)}")
    else:
        command = hints.fit_command(
            source, data, result.model.kind, ModelOptions(), **result.settings
        )
        hints.show(out, command)
