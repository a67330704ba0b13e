"""Tuning of settings by many learning curves, stored so that finished work is not repeated."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, overload

from penchant._boundary import checked
from penchant._settings.checks import check_choice, check_float, check_int
from penchant.data.interactions import Interactions
from penchant.errors import SettingsError, require
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.final import evaluate_final
from penchant.tuning.measure import check_split, full_names
from penchant.tuning.results import TuningResult, better_of
from penchant.tuning.space import Space
from penchant.tuning.training import epochs_of

if TYPE_CHECKING:
    from penchant.tuning.plan import Plan
    from penchant.tuning.sampler import Kind
    from penchant.tuning.selection.results import ModelSelection
    from penchant.tuning.worker import OnProgress


@overload
def tune(
    model: type[Model],
    space: Mapping[str, Any] | Sequence[str],
    split: Split | Sequence[Split],
    metric: str = "ndcg@10",
    **options: Any,
) -> TuningResult: ...
@overload
def tune(
    model: Interactions | Split, *, metric: str = "ndcg@10", **options: Any
) -> ModelSelection: ...
@checked  # type: ignore[misc]  # the options of both forms are those below
def tune(
    model: type[Model] | Interactions | Split,
    space: Mapping[str, Any] | Sequence[str] | None = None,
    split: Split | Sequence[Split] | None = None,
    metric: str = "ndcg@10",
    *,
    models: str | Iterable[str | type[Model]] = "auto",
    budget: str | float = "10 min",
    sampler: str = "grid",
    trials: int | None = None,
    timeout: float | None = None,
    storage: str | Path | None = "sqlite:///tuning.db",
    name: str = "tuning",
    resume: bool = True,
    epochs: Iterable[int] | int = range(2, 40, 2),
    metrics: Sequence[str] = (),
    prune: bool | None = None,
    patience: int | None = None,
    final: Split | None = None,
    exclude_seen: bool = True,
    seed: int = 0,
    on_progress: Callable[[Any], object] | None = None,
) -> TuningResult | ModelSelection:
    """Find the settings of a model that perform best on held-out likes, or the best model.

    With a class of models it searches their settings. With interactions or a split in its place,
    ``tune(likes, models="auto", budget="10 min")``, it tries all families of models, from the
    cheapest on, on one validation part cut from the training part; drops those that fall behind,
    by successive halving over the size of the data and of the models; spends the rest of the time
    on the best, and on blends of them; measures the choice once on the test part; and fits it on
    everything. Only ``metric``, ``models``, ``budget``, ``storage``, ``name``, ``resume``,
    ``exclude_seen``, ``seed`` and ``on_progress`` apply then.

    Every trial is a learning curve, so the number of epochs is tuned as well. Each measured epoch
    is stored at once: after an interruption at any moment, even by ``kill -9``, the same call
    resumes, repeats no finished trial, and returns the result of an uninterrupted run. Several
    processes of one machine may share a storage. A combination of settings that fails is recorded
    with its message, and tuning continues.

    Parameters
    ----------
    model
        The class of the model, such as ``penchant.ALS``. Or interactions, of which a tenth is
        held out at random as the test part; or a split, whose test part is then used only once,
        and on whose training part the chosen model is fitted.
    space
        Setting → a list of values; a :class:`penchant.Range` or a tuple (low, high) or (low, high,
        ``"log"``); or one value for all trials. A list of names: the values worth trying that
        the settings declare.
    split
        The split to train and measure on; several for cross-validation: metrics are then means
        over the splits, epoch by epoch.
    metric
        The metric to optimize, as for :func:`penchant.evaluate`.
    models
        The families to select from: ``"auto"`` for all, or a list of their kinds.
    budget
        The time that a selection may take: ``"10 min"``, ``"90s"``, or a number of seconds.
    sampler
        ``"grid"``: every combination, in an order shuffled by ``seed``; ``"random"``; or
        ``"tpe"``, which learns from the finished trials (the first ten are random).
    trials
        The number of trials, including those of earlier calls. None: on a grid all; else as many
        as ``timeout`` permits.
    timeout
        Seconds after which this call starts no further trial.
    storage
        A SQLite file, as a path or ``sqlite:///FILE`` (lock files are kept beside it); None: in
        memory only.
    name
        The name of this tuning run in the storage.
    resume
        False: delete the stored trials of that name, and start again.
    epochs
        The epochs to measure at; a trial ends after the last. A number: every epoch up to it.
    metrics
        Further metrics to measure.
    prune
        Whether to stop a trial whose best value so far is below the median of the complete trials
        at the same epoch (once there are 5, and after the first quarter of the epochs). None:
        True unless the sampler is ``"grid"``.
    patience
        End a trial after this many measurements in a row without improvement.
    final
        A split that takes no part in tuning; every ``split`` must be made from ``final.train``.
        In the end, the process that finishes last fits the model with the best settings and with
        the defaults (of the settings that vary) on ``final.train`` and measures both on
        ``final.test``.
    exclude_seen
        As for :func:`penchant.evaluate`.
    seed
        The same seed gives the same trials.
    on_progress
        Called after each measured epoch and each trial with the progress, which prints as a line.

    Returns
    -------
    ModelSelection
        If families of models were compared. After Ctrl-C, KeyboardInterrupt is raised; the same
        call then resumes.
    TuningResult
        Else. After Ctrl-C, or when the time is up: the finished trials;
        ``result.about["stopped"]`` has the reason.

    Raises
    ------
    SettingsError
        If an argument is out of range, the final test part overlaps with the splits, or the
        storage holds a tuning run of that name on other data or with other arguments.
    DataError
        If the storage can't be used.
    MissingExtraError
        If Optuna is not installed.
    """
    if isinstance(model, Interactions | Split):
        return _selection(
            model,
            (space, split),
            models=models,
            budget=budget,
            metric=metric,
            storage=storage,
            name=name,
            resume=resume,
            exclude_seen=exclude_seen,
            seed=seed,
            on_progress=on_progress,
        )
    _need_class(model)
    _require_optuna()
    from penchant.tuning.plan import Plan

    if space is None or split is None:
        raise SettingsError("tuning the settings of a model needs a space and a split")
    metric_names = full_names([metric, *metrics])
    better_of(metric_names[0])
    plan = Plan(
        model=model,
        space=Space(model, space),
        splits=_splits(split, final),
        metrics=metric_names,
        epochs=epochs_of(epochs),
        sampler=_checked_sampler(sampler),
        total=None if trials is None else check_int("trials", trials, 1),
        prune=sampler != "grid" if prune is None else bool(prune),
        patience=None if patience is None else check_int("patience", patience, 1),
        exclude_seen=bool(exclude_seen),
        seed=check_int("seed", seed, 0),
        final=final,
    )
    return _run(plan, timeout, storage, name, resume, on_progress)


def _require_optuna() -> None:
    """Import Optuna, whose progress bars warn in notebooks without ipywidgets; none is shown."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        require("optuna", extra="tune", what="Searches of settings")


def _selection(
    data: Interactions | Split, others: tuple[object, object], **arguments: Any
) -> ModelSelection:
    """Select a model; ``others`` are arguments that must not be given beside the data."""
    from penchant.tuning.selection.select import arguments_of, select_model

    if others != (None, None):
        raise SettingsError("a selection of models takes no space and no second split")
    with _each_warning_once():
        return select_model(data, arguments_of(**arguments))


def _splits(split: Split | Sequence[Split], final: Split | None) -> tuple[Split, ...]:
    """Return the splits that trials are measured on, disjoint from the final test part."""
    from penchant.tuning.plan import check_unseen

    splits = tuple(map(check_split, split if isinstance(split, list | tuple) else [split]))
    if not splits:
        raise SettingsError("split must be a split, or a list of one or more splits")
    if final is not None:
        check_unseen(check_split(final), splits)
    return splits


def _checked_sampler(sampler: str) -> Kind:
    from penchant.tuning.sampler import Kind

    check_choice("sampler", sampler, get_args(Kind))
    return sampler  # type: ignore[return-value]


def _need_class(model: object) -> None:
    if isinstance(model, type) and issubclass(model, Model):
        return
    if isinstance(model, Model):
        name = type(model).__name__
        raise SettingsError(f"tune takes the class of a model: penchant.{name}, got {name}(…)")
    shown = repr(model) if isinstance(model, str) else f"a {type(model).__name__}"
    raise SettingsError(
        'tune takes interactions or a split first, as in penchant.tune(split, models="auto", '
        'budget="5 min"), or the class of a model, such as penchant.ALS, with a space and a split; '
        f"got {shown}"
    )


def _total(plan: Plan, timeout: float | None) -> int | None:
    """Return the number of trials; None: unlimited."""
    if plan.sampler == "grid":
        n = len(plan.space.grid(plan.seed))
        return n if plan.total is None else min(n, plan.total)
    if plan.total is None and timeout is None:
        raise SettingsError(
            f'sampler="{plan.sampler}" has no end of its own: give trials or timeout'
        )
    return plan.total


def _run(
    plan: Plan,
    timeout: float | None,
    storage: str | Path | None,
    name: str,
    resume: bool,
    on_progress: OnProgress | None,
) -> TuningResult:
    from penchant.tuning.sampler import NumberedSampler
    from penchant.tuning.trial_store import TrialStore, quiet
    from penchant.tuning.worker import Worker

    limit = None if timeout is None else check_float("timeout", timeout, above=0)
    plan = dataclasses.replace(plan, total=_total(plan, limit))
    sampler = NumberedSampler(plan.space, plan.sampler, plan.seed)
    with (
        quiet(),
        _each_warning_once(),
        TrialStore(
            storage,
            name,
            direction="maximize" if plan.better == "higher" else "minimize",
            sampler=sampler,
            identity=plan.identity(),
            resume=resume,
        ) as store,
    ):
        worker = Worker(plan, store, limit, on_progress)
        stopped = worker.run()
        result = worker.result()
        others_are_running = stopped is None and result.about["unfinished"]
        evaluations = None
        if stopped != "interrupted" and not others_are_running:
            try:
                evaluations = evaluate_final(plan, result, store)
            except KeyboardInterrupt:
                stopped = "interrupted"
        about = {**result.about, "stopped": stopped}
        return dataclasses.replace(result, final=evaluations, about=about)


@contextlib.contextmanager
def _each_warning_once() -> Iterator[None]:
    """Log each warning once, though models repeat it at every fit."""
    logged: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        new = record.levelno < logging.WARNING or message not in logged
        logged.add(message)
        return new

    log = logging.getLogger("penchant")
    log.addFilter(is_new)
    try:
        yield
    finally:
        log.removeFilter(is_new)
