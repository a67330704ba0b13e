"""The service in use, and how another takes its place without anybody noticing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from penchant.errors import ArtifactError, PenchantError, StoreError
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.metrics import Metrics
from penchant.serving.service import Service
from penchant.serving.store.base import Store

log = logging.getLogger("penchant")

_TRIED = 3  # people and items that a new service is asked about


class ModelReloader:
    """Holds the service in use: whoever answers takes it once and keeps it until done.

    Parameters
    ----------
    service
        The service to begin with.
    files
        Its model files, to look at for changes; None: they stay as they are.
    store
        Where another model of likes may be made the active one; None: nowhere.
    metrics
        Where reloads are counted; None: nowhere.

    Attributes
    ----------
    service
        The service in use.
    turn
        Entered while another model is opened: who shares the machine takes turns by it.
    """

    def __init__(
        self,
        service: Service,
        files: Artifacts | None = None,
        store: Store | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.service = service
        self._files, self._store, self.metrics = files, store, metrics
        self.turn: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._busy = threading.Lock()
        self._begun = 0  # reloads, this far
        self._last: tuple[int, PenchantError | None] = 0, None  # which ended last, and its failure
        self._seen = _signature(files)

    @classmethod
    def open(cls, files: Artifacts, store: Store, *, verify: bool = True) -> ModelReloader:
        """Open model files and check that they answer.

        Raises
        ------
        ArtifactError
            If one can't be used.
        """
        service = _checked(files, store, verify=verify)
        return cls(service.with_overrides(store.overrides()), files, store)

    def attach(self, store: Store) -> None:
        """Go on with a connection of this process's own, where another one was forked from.

        What changed since the files were opened is put to use; what fails its check is logged.
        """
        self._store = store
        with contextlib.suppress(PenchantError):
            self.look()

    def reload(self) -> None:
        """Open the files anew, and put them to use if they answer as they should.

        All that answers need is made before, so that nobody waits for it. One reload at a time:
        those who ask for it during one share the next.

        Raises
        ------
        ArtifactError
            If they don't; the service in use stays.
        """
        if self._files is None or self._store is None:
            raise ArtifactError("this service was not made of files: there is nothing to reload")
        asked = self._begun
        with self._busy:
            ended, failure = self._last
            if ended <= asked:  # else one began after this was asked for
                self._begun += 1
                failure = self._open_anew(self._files, self._store)
                self._last = self._begun, failure
        if failure is not None:
            raise failure

    def _open_anew(self, files: Artifacts, store: Store) -> PenchantError | None:
        """Put what is wanted now to use; why it can't be, where it can't."""
        with self.turn():
            files = self._wanted(files, store)
            self._seen = _signature(files)  # what fails is not tried again until it changes
            try:
                made = _checked(files, store)
            except PenchantError as error:
                self._count("reload_failures")
                log.error("the new model is not put to use, the old one stays: %s", error)
                return error
            _prepare(made, self.service)
        self.service = made.with_overrides(store.overrides())
        self._files = files
        self._count("reloads")
        log.info("put %s to use", files.likes)
        return None

    def look(self) -> None:
        """Reload if a file changed or another one was made active; take over new overrides."""
        if self._files is None or self._store is None:
            return
        if _signature(self._wanted(self._files, self._store)) != self._seen:
            self.reload()
            return
        overrides = self._store.overrides()
        if overrides != self.service.views.overrides:
            self.service = self.service.with_overrides(overrides)

    async def watch(self, seconds: float) -> None:
        """Look again and again; what fails is logged."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(self.look)
            except PenchantError as error:
                log.debug("looked in vain: %s", error)
            except Exception:
                log.exception("looking for new models failed")

    def _wanted(self, files: Artifacts, store: Store) -> Artifacts:
        active = store.active()
        return files if active is None else files._replace(likes=Path(active.path))

    def _count(self, counter: str) -> None:
        if self.metrics is not None:
            self.metrics.add(counter)


def activate(store: Store, likes: Path) -> None:
    """Make a model file the active one of a store, if it is not; what it learned is remembered."""
    path = str(likes.resolve())
    active = store.active()
    if active is None or active.path != path:
        store.activate(path, learned=learned_by(store, likes))


def learned_by(store: Store, likes: Path) -> int:
    """The number of the last event that a model file has learned from, as far as is known.

    What was told of a file that was written anew since does not count.
    """
    path = str(likes.resolve())
    told = next((one for one in store.activations(100) if one.path == path), None)
    return told.learned if told is not None and told.at >= _written(likes) else 0


def _written(path: Path) -> float:
    """When a file was written, in seconds since 1970; never where it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return math.inf


def _checked(files: Artifacts, store: Store, *, verify: bool = True) -> Service:
    """A service of files that answers a few questions with finite numbers."""
    learned = learned_by(store, files.likes)
    service = Service.open(files, learned=learned, verify=verify)
    try:
        self_check(service)
    except (PenchantError, StoreError):
        raise
    except Exception as error:
        raise ArtifactError(f"{files.likes} fails its check: {error!r}") from error
    return service


def _prepare(service: Service, before: Service) -> None:
    """Make what a service that takes the place of another finds its answers by."""
    try:
        service.prepare()
        service.index_names(before)
    except Exception:
        log.exception("what answers are found by can't be made beforehand")


def self_check(service: Service) -> None:
    """Ask a service what it will be asked.

    Raises
    ------
    ArtifactError
        If an answer is not finite, or somebody gets none.
    """
    users = service.likes.users[:_TRIED].tolist()
    answers = [service.recommend(user, k=10, exclude_seen=False) for user in users]
    if not all(answers):  # scores that are NaN are no answers
        raise ArtifactError("it recommends nothing to somebody whom it knows: fit it anew")
    answers.append(service.popular(10))
    tried = [one.item.id for one in answers[-1][:_TRIED]]
    answers += [service.similar(item, role, k=10) for role in service.models for item in tried]
    answers.append(service.recommend(history=tried[:1], k=10))
    if not all(math.isfinite(score) for found in answers for _, score in found):
        raise ArtifactError("it gives scores that are no finite numbers: fit the model anew")


def _signature(files: Artifacts | None) -> list[tuple[str, int, int, int]]:
    """What changes when a file does."""
    found = []
    for path in files or ():
        if path is not None:
            try:
                stat = path.stat()
            except OSError:
                found.append((str(path.resolve()), 0, 0, 0))
            else:
                found.append((str(path.resolve()), stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return found
