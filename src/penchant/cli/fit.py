"""``penchant fit``: from a log to a model file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penchant.cli import explicit, hints, selection, settings, sources
from penchant.cli.catalogs import name_hint
from penchant.cli.cluster import ClusterOptions
from penchant.cli.comparison import BASELINES, next_to_try
from penchant.cli.data_options import DataOptions
from penchant.cli.model_options import ModelKind, ModelOptions
from penchant.cli.options import OutputOptions, SavingOptions
from penchant.cli.output import Output, evaluations, seconds
from penchant.data.io import database
from penchant.errors import SettingsError
from penchant.rendering.plain import size

if TYPE_CHECKING:
    from penchant.data.interactions import Interactions
    from penchant.engines.base import Engine
    from penchant.engines.block_progress import BlockProgress
    from penchant.evaluation.evaluate import Evaluation
    from penchant.models.base import Epoch, Model
    from penchant.split import Split

EXAMPLES = r"""[bold]Examples[/bold]

[dim]# a data set that penchant knows (penchant datasets lists them)[/dim]
penchant fit lastfm-2k -o artists.penchant

[dim]# plays per listener and artist, with the artists' names[/dim]
penchant fit user_artists.dat --user userID --item artistID --value weight \
      --catalog artists.dat -o artists.penchant

[dim]# the best of all families of models, found in five minutes[/dim]
penchant fit likes.csv --auto --budget "5 min" -o likes.penchant

[dim]# likes without a header: columns by position, busy users and items only[/dim]
penchant fit likes.psv --user 2 --item 1 --min-per-user 5 --min-per-item 5

[dim]# from a database, which is only read[/dim]
penchant fit postgresql://me@host/shop -o shop.penchant \
      --query "SELECT customer AS user, product AS item FROM orders"

[dim]# tags of items, so that new items are recommended too[/dim]
penchant fit plays.csv --model hybrid-als --item-features tags.csv \
      --item-features-id artist --item-features-name tag --features-at-least 3

[dim]# vectors of pictures or texts: items similar to those that a user likes[/dim]
penchant fit plays.csv --model content --item-features vectors.npy \
      --item-features-of ids.txt

[dim]# a purchase counts five times a view, and half as much after a month[/dim]
penchant fit events.csv --event what --weight view=1 --weight purchase=5 \
      --timestamp time --half-life 30d

[dim]# also measure it, on a fifth of the likes that is held out first[/dim]
penchant fit ratings.parquet --evaluate"""


@dataclass(frozen=True)
class TrainingOptions(selection.SelectionOptions, ClusterOptions):
    """Whether the model is selected, and where it is trained."""


def fit(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="CSV, TSV, PSV, Parquet or JSON lines, compressed or not; a folder or a glob "
            "of Parquet; a data set on disk (.dataset); the name of a known data set; or a "
            "database's address, with --query.",
        ),
    ],
    *,
    data: DataOptions,
    model: ModelKind = "als",
    model_options: ModelOptions,
    saving: SavingOptions,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate",
            help="First hold out a fifth of the likes at random, fit on the rest and measure, "
            "beside popularity and item-neighbors; then fit on everything. The metrics are saved "
            "with the model.",
        ),
    ] = False,
    training: TrainingOptions,
    printing: OutputOptions,
) -> None:
    """Fit a model to a log of interactions.

    Reads the log, reports how its rows were used, fits the model and writes one model file. On an
    error nothing is written.
    """
    out = printing.open()
    path = saving.output or Path(f"{_stem(source)}.penchant")
    check_target(path)
    if training.auto:
        if saving.interactions != "all":
            raise SettingsError(
                "--auto may choose a model that can't answer without its interactions: leave out "
                "--save-interactions"
            )
        _select(source, data, model_options, path, training, out)
        return
    explicit.refuse("the budget is that of a selection of models: add --auto", "budget")
    log = hints.log_words(source, data)
    unfitted = settings.model(model, model_options.with_half_life(data))
    saving.check(unfitted)
    training.check(unfitted)
    settings.check_features([unfitted])
    interactions = sources.read(source, data, out)
    out.text(interactions.summary())
    comparison = _measure(unfitted, interactions, log, out) if evaluate else None
    with training.engine_for(unfitted) as engine:
        fitted, spent = trained(unfitted, interactions, out, engine=engine)
    own = comparison.results[fitted.kind] if comparison else None
    fitted.save(path, metrics=own.to_dict() if own else None, interactions=saving.interactions)
    out.text()
    out.text(f"fitted {described(fitted)} in {seconds(spent)}{_losses(fitted)}")
    if chosen := chosen_from_data(fitted):
        out.text(f"chosen from the data: {chosen}", style="dim")
    out.text(f"wrote {path} ({size(path.stat().st_size)})")
    _hint_at_names(source, data, interactions, out)
    _advise(fitted, path, out)
    out.document(_document(fitted, path, spent, comparison))


def _select(
    source: str,
    data: DataOptions,
    options: ModelOptions,
    path: Path,
    training: TrainingOptions,
    out: Output,
) -> None:
    """Select the best model of all families and write it."""
    explicit.refuse(
        "--auto selects the model and its settings, and measures it on held-out likes",
        *("model", "evaluate", *options.parameter_names(data)),
    )
    explicit.refuse(
        "--auto fits models of all families, on this machine only and without checkpoints",
        *("cluster", "cluster_folder", "checkpoint", "resume"),
    )
    interactions = sources.read(source, data, out)
    out.text(interactions.summary())
    chosen = selection.select(interactions, out, budget=training.budget, storage=None)
    selection.save(chosen, interactions, path, out)
    _advise(chosen.best, path, out)
    out.document({"model_file": str(path), **selection.document(chosen)})


def trained(
    model: Model, interactions: Interactions, out: Output, *, engine: Engine[Any, Any] | None = None
) -> tuple[Model, float]:
    """Fit a model and show the progress; return it and the seconds it took.

    ``engine`` is that of a cluster, for models that train on one; None: this machine.
    """
    from penchant.engines.base import BlockEngine
    from penchant.engines.selection import engine_for
    from penchant.models.als.factor_model import FactorModel
    from penchant.models.capabilities import ReportsSteps, TrainsInEpochs

    options: dict[str, Any] = {}
    with out.progress(f"fitting {model.kind} to {interactions.name}") as update:
        if isinstance(model, TrainsInEpochs):
            epochs: int = model.settings["iterations"]

            def on_epoch(epoch: Epoch) -> None:
                loss = "" if epoch.loss is None else f", loss {epoch.loss:,.0f}"
                update(epoch.number, epochs, f"epoch {epoch.number} of {epochs}{loss}")

            options = {"on_epoch": on_epoch, "track_loss": True}
            if engine is None and isinstance(model, FactorModel) and interactions.blocks:
                engine = engine_for(interactions, model.threads)
            if isinstance(engine, BlockEngine):
                engine.on_block = lambda block: update(block.epochs, epochs, _block(block, epochs))
        elif isinstance(model, ReportsSteps):
            options = {"on_step": lambda step, n: update(step, n, f"step {step} of {n}")}
        if engine is not None:
            options["engine"] = engine
        began = time.perf_counter()
        model.fit(interactions, **options)
        return model, time.perf_counter() - began


def _block(progress: BlockProgress, epochs: int) -> str:
    """Return the epoch and the block of a training in words."""
    block = f"block {progress.block} of {progress.blocks}"
    if progress.half_step > 1:
        return f"last half step, {block}"
    return f"epoch {progress.epoch} of {epochs}, half step {progress.half_step + 1}, {block}"


def measured(model: Model, split: Split, out: Output, **options: Any) -> Evaluation:
    """Fit a model to the training part of a split and measure it; see ``penchant.evaluate``."""
    from penchant.evaluation.evaluate import evaluate

    fitted, _ = trained(model, split.train, out)
    with out.progress(f"measuring {model.kind} on {split.train.name}"):
        return evaluate(fitted, split, **options)


def described(model: Model) -> str:
    """Return a model's name with the settings that differ from their defaults."""
    changed = (f"{name}={value}" for name, value in model.changed_settings.items())
    return f"{type(model).__name__}({', '.join(changed)})"


def chosen_from_data(model: Model) -> str:
    """Return the settings that the model chose from the data, in words; empty if there are none."""
    settings = model.settings
    chosen = {name: value for name, value in model.training.items() if value != settings[name]}
    words = (f"{name.replace('_', ' ')} {value}" for name, value in chosen.items())
    return ", ".join(words)


def _stem(source: str) -> str:
    name = hints.stem(source)
    if not name:
        what = "a query" if database.is_address(source) else repr(source)
        raise SettingsError(f"can't name a model file after {what}: name it with -o FILE")
    return name


def check_target(path: Path) -> None:
    """Check before the work that a file can be written after it."""
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise SettingsError(f"can't write {path}: {what}; name a file in an existing folder")


@dataclass(frozen=True)
class _Measured:
    """Evaluations of the model and of the baselines, by kind, and what to try next."""

    results: Mapping[str, Evaluation]
    advice: list[str]


def _measure(model: Model, interactions: Interactions, source: str, out: Output) -> _Measured:
    """Measure the model beside popularity and neighbors on likes that are held out."""
    from penchant.models import class_of
    from penchant.split import random_fraction

    split = random_fraction(interactions)
    models = {model.kind: model.with_settings()}
    models |= {kind: class_of(kind)() for kind in BASELINES if kind != model.kind}
    results = {kind: measured(unfitted, split, out) for kind, unfitted in models.items()}
    out.text()
    out.text("held out a fifth of the likes at random, fitted on the rest:")
    out.show(*evaluations(results))
    advice = next_to_try(models, results, source)
    for line in advice:
        out.text(line, style="yellow")
    return _Measured(results, advice)


def _epochs(model: Model) -> tuple[Epoch, ...]:
    from penchant.models.capabilities import TrainsInEpochs

    return model.epochs if isinstance(model, TrainsInEpochs) else ()


def _losses(model: Model) -> str:
    losses = [epoch.loss for epoch in _epochs(model) if epoch.loss is not None]
    if not losses:
        return ""
    return f": {len(losses)} epochs, loss {losses[0]:,.0f} → {losses[-1]:,.0f}"


def _hint_at_names(source: str, data: DataOptions, interactions: Interactions, out: Output) -> None:
    """Print the option that reads the names of items, if the log has a column of them."""
    report = interactions.report
    hint = name_hint(source, data, [] if report is None else [report.source])
    if hint is not None:
        out.advice(f"for results with the names of items, fit with {hint}")


def _advise(model: Model, path: Path, out: Output) -> None:
    item = model.items[int(model.interactions.by_item().row_counts.argmax())]
    if model.catalog is not None:
        item = model.catalog.name(item)
    file = hints.quoted(path)
    hints.show(
        out,
        f"similar {file} {hints.quoted(item)}",
        f"recommend {file} {hints.quoted(model.users[0])}",
        f"recommend {file} --all --to {hints.quoted(f'{path.stem}-top10.csv')}",
        f"serve {file}",
        f"info {file}",
    )


def _document(model: Model, path: Path, spent: float, measured: _Measured | None) -> dict[str, Any]:
    data = model.interactions
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "kind": model.kind,
        "settings": model.settings,
        "training": dict(model.training),
        "seconds": spent,
        "data": {
            "name": data.name,
            "users": data.n_users,
            "items": data.n_items,
            "interactions": data.nnz,
            "density": data.density,
            "notes": list(data.notes),
            "steps": [vars(step) for step in data.steps],
        },
        "losses": [epoch.loss for epoch in _epochs(model)],
        "evaluation": measured and measured.results[model.kind].to_dict(),
        "baselines": measured
        and {
            kind: result.to_dict()
            for kind, result in measured.results.items()
            if kind != model.kind
        },
        "advice": measured and measured.advice,
    }
