"""What a search has done so far, kept where it survives: an Optuna study.

A trial keeps its number however often it is begun. What a process that was killed left half done
is found by its lock, which died with the process, and is begun again by whoever comes next.
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
from penchant.tuning.locks import Locks

_PREFIX = "sqlite:///"
_BUSY = 60  # seconds to wait for another process's write
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class Ledger:
    """The trials of one search.

    Parameters
    ----------
    storage
        A SQLite file, as a path or as ``sqlite:///FILE``; None: in memory only.
    name
        Which search of those in the file.
    direction
        ``"maximize"`` or ``"minimize"``.
    sampler
        Who says what a new trial tries.
    identity
        What makes it this search and no other, as JSON can hold it.
    resume
        False: forget what is there.

    Raises
    ------
    SettingsError
        If the storage holds another search of that name, or is none.
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
        self.path = _path(storage)
        self._locks = Locks(None if self.path is None else Path(f"{self.path}.lock"))
        try:
            with _readable(self.path), self._locks.alone():
                self._backend = _opened(self.path)
                self._storage = optuna.storages.get_storage(self._backend)
                if not resume:
                    self._forget(name)
                self.study = optuna.create_study(
                    storage=self._storage,
                    study_name=name,
                    direction=direction,
                    sampler=sampler,
                    load_if_exists=True,
                )
                self._recognize(identity)
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

    # --- doing ---------------------------------------------------------------------

    def claim(
        self, space: dict[str, optuna.distributions.BaseDistribution], total: int | None
    ) -> FrozenTrial | None:
        """The next trial to do, ours alone from now on; None if all ``total`` are taken."""
        with self._locks.alone():
            waiting = self._take_back()
            begun = len(self.study.get_trials(deepcopy=False))
            if not waiting and total is not None and begun >= total:
                return None
            trial = self.study.ask(fixed_distributions=space)
            self._locks.take(trial._trial_id)
            return self._storage.get_trial(trial._trial_id)

    def _take_back(self) -> int:
        """Put trials of dead processes back in line; how many stand there."""
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        for trial in running:
            if not self._locks.take(trial._trial_id):
                continue
            if not self._storage.get_trial(trial._trial_id).state.is_finished():  # by now
                self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
            self._locks.drop(trial._trial_id)
        return len(self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def note(self, trial: FrozenTrial, folds: Any, epoch: int, value: float | None) -> None:
        """Keep what was measured so far; ``value`` is that of the mean over splits, if known."""
        self._storage.set_trial_user_attr(trial._trial_id, "folds", folds)
        if value is not None:
            self._storage.set_trial_intermediate_value(trial._trial_id, epoch, value)

    def finish(
        self, trial: FrozenTrial, state: TrialState, value: float | None = None, message: str = ""
    ) -> None:
        """End a trial for good."""
        if message:
            self._storage.set_trial_user_attr(trial._trial_id, "message", message)
        values = None if value is None else [value]
        self._storage.set_trial_state_values(trial._trial_id, state, values)

    def repeat(self, trial: FrozenTrial) -> bool:
        """End a trial like one that tried the same before, if there is one."""
        same = next((one for one in self.ended() if one.params == trial.params), None)
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
        """Put a trial back in line if what is done with it is broken off."""
        try:
            yield
        except BaseException:
            self._storage.remove_session()  # it may be in the midst of something
            if not self._storage.get_trial(trial._trial_id).state.is_finished():
                self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
            raise
        finally:
            self._locks.drop(trial._trial_id)

    # --- looking -------------------------------------------------------------------

    def ended(self) -> list[FrozenTrial]:
        """The trials that ended, by number."""
        return self.study.get_trials(deepcopy=False, states=_ENDED)

    def recall(self, key: str) -> Any:
        """Something that was kept beside the trials, or None."""
        return self.study.user_attrs.get(key)

    def remember(self, key: str, value: Any) -> None:
        """Keep something beside the trials."""
        self.study.set_user_attr(key, value)

    # --- beginning -----------------------------------------------------------------

    def _forget(self, name: str) -> None:
        if name not in optuna.get_all_study_names(self._storage):
            return
        study = optuna.load_study(study_name=name, storage=self._storage)
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if not all(self._locks.take(trial._trial_id) for trial in running):
            raise SettingsError(f"another process works on {name!r} in {self.path}: stop it first")
        optuna.delete_study(study_name=name, storage=self._storage)

    def _recognize(self, identity: dict[str, Any]) -> None:
        identity = json.loads(json.dumps(identity))
        kept = self.recall("identity")
        if kept is None:
            self.remember("identity", identity)
        elif kept != identity:
            told = "; ".join(_difference(kept, identity))
            raise SettingsError(
                f"{self.path} holds another search called {self.study.study_name!r}, so this one "
                f"can't go on from it ({told}): take another storage or name, or begin afresh "
                "(resume=False, on the command line --fresh), which forgets that one"
            )


def _path(storage: str | Path | None) -> Path | None:
    if storage is None:
        return None
    text = str(storage)
    if "://" in text and not text.startswith(_PREFIX):
        raise SettingsError(
            f"the storage must be a SQLite file, {_PREFIX}FILE or a path, got {text!r}"
        )
    path = Path(text.removeprefix(_PREFIX))
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"is in no folder: there is no {path.parent}"
        raise SettingsError(f"can't keep a search in {str(path)!r}: it {what}")
    return path


def _opened(path: Path | None) -> optuna.storages.BaseStorage:
    if path is None:
        return optuna.storages.InMemoryStorage()
    arguments = {"timeout": _BUSY, "factory": _Connection}
    return optuna.storages.RDBStorage(f"{_PREFIX}{path}", engine_kwargs={"connect_args": arguments})


class _Connection(sqlite3.Connection):
    """Writes ahead: what is written outlives the process without waiting for the disk."""

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
        raise DataError(f"{path} can't be used to keep a search in: {reason}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Optuna logs to stderr by itself; what matters of it we tell ourselves."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _difference(kept: dict[str, Any], asked: dict[str, Any]) -> Sequence[str]:
    """What is not the same, in words."""
    told = []
    for name in dict.fromkeys([*kept, *asked]):
        there, here = kept.get(name), asked.get(name)
        if there != here and name == "data":
            told.append("its data or splits are others")
        elif there != here:
            told.append(f"{name} is {json.dumps(there)} there and {json.dumps(here)} here")
    return told
