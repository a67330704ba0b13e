"""Searching for settings: many learning curves, kept so that nothing finished is done twice."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from penchant._settings.checks import choice, number, whole
from penchant.errors import SettingsError, require
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.final import figures
from penchant.tuning.measure import full_names, need_split
from penchant.tuning.results import TuningResult, better_of
from penchant.tuning.space import Space
from penchant.tuning.training import epochs_of

if TYPE_CHECKING:
    from penchant.tuning.plan import Plan
    from penchant.tuning.worker import OnProgress


def tune(
    model: type[Model],
    space: Mapping[str, Any],
    split: Split | Sequence[Split],
    metric: str = "ndcg@10",
    *,
    sampler: str = "grid",
    trials: int | None = None,
    timeout: float | None = None,
    storage: str | Path | None = "sqlite:///tuning.db",
    name: str = "search",
    resume: bool = True,
    epochs: Iterable[int] | int = range(2, 40, 2),
    metrics: Sequence[str] = (),
    prune: bool | None = None,
    patience: int | None = None,
    final: Split | None = None,
    exclude_seen: bool = True,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> TuningResult:
    """Look for the settings that do best on what was held out.

    Every trial is a learning curve, so the number of epochs is chosen as well. Each epoch that
    was measured is kept in ``storage`` at once: stopped at any moment, even with ``kill -9``, the
    same call goes on where it was, does nothing finished twice, and ends with the table it would
    have had undisturbed. Several processes of one machine may work on one storage. A combination
    of settings that fails is recorded with its message, and the search goes on.

    Parameters
    ----------
    model
        The class, such as ``penchant.ALS``; any model of penchant.
    space
        Setting → a list of values; a :class:`penchant.Range` or a tuple (low, high) or (low, high,
        ``"log"``); or one value for all trials.
    split
        What to train and measure on; several for cross-validation: figures are then the means
        over them, epoch by epoch.
    metric
        What is compared, as for :func:`penchant.evaluate`.
    sampler
        ``"grid"``: every combination, in an order that ``seed`` shuffles; ``"random"``; or
        ``"tpe"``, which learns from what is finished (ten trials are drawn at random first).
    trials
        How many, those of earlier calls included. None: on a grid all; else as many as
        ``timeout`` leaves time for.
    timeout
        Seconds after which this call begins no trial any more.
    storage
        A SQLite file, as a path or ``sqlite:///FILE`` (beside it a file ``.lock`` is kept); None:
        in memory only.
    name
        Which search of those in the storage.
    resume
        False: forget what is there under that name, and begin afresh.
    epochs
        When to measure; the last one ends a trial. A number: every epoch up to it.
    metrics
        What to measure besides.
    prune
        Whether to give up a trial whose best figure so far is below the median of the complete
        trials at the same epoch (once there are 5, and after the first quarter of the epochs).
        None: not on a grid, whose every point is wanted whole, else yes.
    patience
        End a trial when so many measurements in a row were no better than its best.
    final
        A split that the search never sees; every ``split`` must be of ``final.train``. The model
        with the best settings, and the one with its defaults, are fitted on ``final.train`` and
        measured on ``final.test`` in the end, by the process that ends last.
    exclude_seen
        As for :func:`penchant.evaluate`.
    seed
        The same one gives the same trials.
    on_progress
        Called after each measured epoch and each trial.

    Returns
    -------
    TuningResult
        Also after Ctrl-C, or when the time is up: of what is finished then
        (``result.about["stopped"]`` tells).

    Raises
    ------
    SettingsError
        If an argument is out of its range, the final test part is not unseen, or the storage
        holds a search of that name on other data or with other arguments.
    DataError
        If the storage can't be used.
    MissingExtraError
        If Optuna is not installed.
    """
    require("optuna", extra="tune", what="Searches")
    from penchant.tuning.plan import Plan, check_unseen
    from penchant.tuning.sampler import Kind

    _need_class(model)
    choice("sampler", sampler, get_args(Kind))
    splits = tuple(map(need_split, split if isinstance(split, list | tuple) else [split]))
    if not splits:
        raise SettingsError("a search needs a split, or several")
    if final is not None:
        check_unseen(need_split(final), splits)
    wanted = full_names([metric, *metrics])
    better_of(wanted[0])
    plan = Plan(
        model=model,
        space=Space(model, space),
        splits=splits,
        metrics=wanted,
        epochs=epochs_of(epochs),
        sampler=sampler,  # type: ignore[arg-type]
        total=None if trials is None else whole("trials", trials, 1),
        prune=sampler != "grid" if prune is None else bool(prune),
        patience=None if patience is None else whole("patience", patience, 1),
        exclude_seen=bool(exclude_seen),
        seed=whole("seed", seed, 0),
        final=final,
    )
    limit = None if timeout is None else number("timeout", timeout, 0, above=True)
    plan = dataclasses.replace(plan, total=_total(plan, limit))
    return _search(plan, limit, storage, name, resume, on_progress)


def _need_class(model: object) -> None:
    if not isinstance(model, type) or not issubclass(model, Model):
        raise SettingsError(f"a class of model is needed, such as penchant.ALS, got {model!r}")


def _total(plan: Plan, timeout: float | None) -> int | None:
    """How many trials there are to be."""
    if plan.sampler == "grid":
        n = len(plan.space.grid(plan.seed))
        return n if plan.total is None else min(n, plan.total)
    if plan.total is None and timeout is None:
        raise SettingsError(f'sampler="{plan.sampler}" goes on for ever: give trials or timeout')
    return plan.total


def _search(
    plan: Plan,
    timeout: float | None,
    storage: str | Path | None,
    name: str,
    resume: bool,
    on_progress: OnProgress | None,
) -> TuningResult:
    from penchant.tuning.sampler import NumberedSampler
    from penchant.tuning.trial_store import Ledger, quiet
    from penchant.tuning.worker import Worker

    sampler = NumberedSampler(plan.space, plan.sampler, plan.seed)
    with (
        quiet(),
        _each_warning_once(),
        Ledger(
            storage,
            name,
            direction="maximize" if plan.better == "higher" else "minimize",
            sampler=sampler,
            identity=plan.identity(),
            resume=resume,
        ) as ledger,
    ):
        worker = Worker(plan, ledger, timeout, on_progress)
        stopped = worker.run()
        result = worker.result()
        others_go_on = stopped is None and result.about["unfinished"]
        found = None
        if stopped != "interrupted" and not others_go_on:
            try:
                found = figures(plan, result, ledger)
            except KeyboardInterrupt:
                stopped = "interrupted"
        about = {**result.about, "stopped": stopped}
        return dataclasses.replace(result, final=found, about=about)


@contextlib.contextmanager
def _each_warning_once() -> Iterator[None]:
    """What a model warns of at every fit is said once for a search."""
    told: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        new = record.levelno < logging.WARNING or message not in told
        told.add(message)
        return new

    log = logging.getLogger("penchant")
    log.addFilter(is_new)
    try:
        yield
    finally:
        log.removeFilter(is_new)
