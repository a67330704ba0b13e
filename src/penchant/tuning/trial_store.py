"""Persistent storage of the trials of a tuning run: an Optuna study in a SQLite file.

A trial keeps its number however often it is started. A trial that a killed process left running is
recognized by its lock, which the operating system released, and is started again by the next
process.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import optuna
from optuna.trial import FrozenTrial, TrialState

from penchant.errors import DataError, SettingsError
from penchant.tuning.locks import TrialLocks
from penchant.tuning.storage_path import PREFIX, storage_path

_BUSY = 60  # seconds to wait while another process writes
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class TrialStore:
    """The stored trials of one tuning run.

    Parameters
    ----------
    storage
        A SQLite file, as a path or as ``sqlite:///FILE``; None: in memory only.
    name
        The name of the tuning run in the file.
    direction
        ``"maximize"`` or ``"minimize"``.
    sampler
        Chooses the settings of new trials.
    identity
        JSON-compatible data that identifies the tuning run.
    resume
        False: delete the stored trials first.

    Raises
    ------
    SettingsError
        If the storage holds a different tuning run of that name, or is no SQLite file.
    DataError
        If the file can't be used.
    """

    def __init__(
        self,
        storage: str | Path | None,
        name: str,
        *,
        direction: Literal["minimize", "maximize"],
        sampler: optuna.samplers.BaseSampler,
        identity: dict[str, Any],
        resume: bool,
    ) -> None:
        self.path = storage_path(storage)
        self._locks = TrialLocks(None if self.path is None else Path(f"{self.path}.lock"))
        try:
            with _readable(self.path), self._locks.exclusive():
                self._backend = _opened(self.path)
                self._storage = optuna.storages.get_storage(self._backend)
                if not resume:
                    self._delete(name)
                self.study = optuna.create_study(
                    storage=self._storage,
                    study_name=name,
                    direction=direction,
                    sampler=sampler,
                    load_if_exists=True,
                )
                self._check_identity(identity)
        except BaseException:
            self._locks.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._locks.close()
        self._storage.remove_session()
        if isinstance(self._backend, optuna.storages.RDBStorage):
            self._backend.engine.dispose()

    # --- writing -------------------------------------------------------------------

    def claim(
        self, space: dict[str, optuna.distributions.BaseDistribution], total: int | None
    ) -> FrozenTrial | None:
        """Return the next trial, locked for this process; None if all ``total`` are taken."""
        with self._locks.exclusive():
            waiting = self._requeue_abandoned()
            started = len(self.study.get_trials(deepcopy=False))
            if not waiting and total is not None and started >= total:
                return None
            trial = self.study.ask(fixed_distributions=space)
            self._locks.acquire(trial._trial_id)
            return self._storage.get_trial(trial._trial_id)

    def _requeue_abandoned(self) -> int:
        """Requeue trials of ended processes; return the number of waiting trials."""
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        for trial in running:
            if not self._locks.acquire(trial._trial_id):
                continue
            if not self._storage.get_trial(trial._trial_id).state.is_finished():
                self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
            self._locks.release(trial._trial_id)
        return len(self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def record(self, trial: FrozenTrial, folds: Any, epoch: int, value: float | None) -> None:
        """Store the measurements so far; ``value`` is the mean over splits, if complete."""
        self._storage.set_trial_user_attr(trial._trial_id, "folds", folds)
        if value is not None:
            self._storage.set_trial_intermediate_value(trial._trial_id, epoch, value)

    def finish(
        self, trial: FrozenTrial, state: TrialState, value: float | None = None, message: str = ""
    ) -> None:
        """Set the final state of a trial."""
        if message:
            self._storage.set_trial_user_attr(trial._trial_id, "message", message)
        values = None if value is None else [value]
        self._storage.set_trial_state_values(trial._trial_id, state, values)

    def copy_duplicate(self, trial: FrozenTrial) -> bool:
        """Finish a trial with the result of an earlier one with equal settings, if any."""
        same = next((other for other in self.ended() if other.params == trial.params), None)
        if same is None:
            return False
        if "folds" in same.user_attrs:
            self._storage.set_trial_user_attr(trial._trial_id, "folds", same.user_attrs["folds"])
        for epoch, value in same.intermediate_values.items():
            self._storage.set_trial_intermediate_value(trial._trial_id, epoch, value)
        self.finish(trial, same.state, same.value, same.user_attrs.get("message", ""))
        return True

    @contextlib.contextmanager
    def released_unless_ended(self, trial: FrozenTrial) -> Iterator[None]:
        """Requeue a trial if the block is interrupted, and release its lock."""
        try:
            yield
        except BaseException:
            self._storage.remove_session()  # a transaction may be open
            if not self._storage.get_trial(trial._trial_id).state.is_finished():
                self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
            raise
        finally:
            with self._locks.exclusive():
                self._locks.release(trial._trial_id)

    # --- reading -------------------------------------------------------------------

    def ended(self) -> list[FrozenTrial]:
        """Return the finished trials, by number."""
        return self.study.get_trials(deepcopy=False, states=_ENDED)

    def get_attribute(self, key: str) -> Any:
        """Return a value that is stored beside the trials, or None."""
        return self.study.user_attrs.get(key)

    def set_attribute(self, key: str, value: Any) -> None:
        """Store a JSON-compatible value beside the trials."""
        self.study.set_user_attr(key, value)

    # --- opening -------------------------------------------------------------------

    def _delete(self, name: str) -> None:
        if name not in optuna.get_all_study_names(self._storage):
            return
        study = optuna.load_study(study_name=name, storage=self._storage)
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if not all(self._locks.acquire(trial._trial_id) for trial in running):
            raise SettingsError(f"another process is tuning {name!r} in {self.path}: stop it first")
        optuna.delete_study(study_name=name, storage=self._storage)

    def _check_identity(self, identity: dict[str, Any]) -> None:
        identity = json.loads(json.dumps(identity))
        stored = self.get_attribute("identity")
        if stored is None:
            self.set_attribute("identity", identity)
        elif stored != identity:
            differences = "; ".join(_differences(stored, identity))
            raise SettingsError(
                f"{self.path} holds a different tuning run named {self.study.study_name!r}, which "
                f"can't be resumed ({differences}): use another storage or name, or replace it "
                "(resume=False, on the command line --fresh)"
            )


def _opened(path: Path | None) -> optuna.storages.BaseStorage:
    if path is None:
        return optuna.storages.InMemoryStorage()
    arguments = {"timeout": _BUSY, "factory": _Connection}
    return optuna.storages.RDBStorage(f"{PREFIX}{path}", engine_kwargs={"connect_args": arguments})


class _Connection(sqlite3.Connection):
    """Uses a write-ahead log: committed data survive a killed process without waiting for disk."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.execute("PRAGMA journal_mode=WAL").close()
        self.execute("PRAGMA synchronous=NORMAL").close()


@contextlib.contextmanager
def _readable(path: Path | None) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"can't store trials in {path}: {reason}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the log of Optuna, which goes to stderr by default."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _differences(stored: dict[str, Any], requested: dict[str, Any]) -> Sequence[str]:
    """Return descriptions of the fields that differ."""
    differences = []
    for name in dict.fromkeys([*stored, *requested]):
        there, here = stored.get(name), requested.get(name)
        if there != here and name == "data":
            differences.append("it has other data or splits")
        elif there != here:
            differences.append(f"{name} is {json.dumps(there)} there and {json.dumps(here)} here")
    return differences
