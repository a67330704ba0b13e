"""The service in use, and its replacement while requests are being answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from penchant.data.ids import Id
from penchant.errors import ArtifactError, PenchantError, StoreError
from penchant.serving.catalog.views import spelled_as
from penchant.serving.learned import learned_by
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.metrics import Metrics
from penchant.serving.service import Service
from penchant.serving.store.base import Override, Store

log = logging.getLogger("penchant")

_N_CHECKED = 3  # users and items that a new service is tested with


class ModelReloader:
    """Hold the service in use, and replace it when its files or overrides change.

    A request handler reads the current service once and uses it to the end.

    Parameters
    ----------
    service
        The first service.
    files
        Its model files, to watch for changes; None: they are not watched.
    store
        The store, where another model of likes may be activated; None: not watched.
    metrics
        Where reloads are counted; None: nowhere.

    Attributes
    ----------
    service
        The service in use.
    exclusive
        A context manager that is entered while another model is opened; processes on the same
        machine use it to reload one after another.
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
        self.exclusive: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._reload_lock = threading.Lock()
        self._started = 0  # the number of reloads that have begun
        self._last: tuple[int, PenchantError | None] = 0, None  # the last reload and its error
        self._signature = _signature(files)

    @classmethod
    def open(cls, files: Artifacts, store: Store, *, verify: bool = True) -> ModelReloader:
        """Open model files and check that they answer.

        Raises
        ------
        ArtifactError
            If a file can't be used.
        """
        service = _open_checked(files, store, verify=verify)
        return cls(service.with_overrides(_overrides(store, service)), files, store)

    def attach(self, store: Store) -> None:
        """Use a store connection of this process, after a fork.

        Changes since the files were opened take effect; a model that fails its check is logged.
        """
        self._store = store
        with contextlib.suppress(PenchantError):
            self.poll()

    def reload(self) -> None:
        """Open the files again, and put them to use if they pass their check.

        Indexes are built before the switch, so that no request waits for them. Reloads run one at a
        time; calls that arrive during a reload share the next one.

        Raises
        ------
        ArtifactError
            If the check fails; the service in use stays.
        """
        if self._files is None or self._store is None:
            raise ArtifactError(
                "this service was not opened from files: there is nothing to reload"
            )
        started = self._started
        with self._reload_lock:
            finished, failure = self._last
            if finished <= started:  # else a reload began after this call
                self._started += 1
                failure = self._replace_service(self._files, self._store)
                self._last = self._started, failure
        if failure is not None:
            raise failure

    def _replace_service(self, files: Artifacts, store: Store) -> PenchantError | None:
        """Put the active model to use; return the error if it fails its check."""
        with self.exclusive():
            files = self._active_files(files, store)
            self._signature = _signature(files)  # a failed file is retried only after a change
            try:
                service = _open_checked(files, store)
            except PenchantError as error:
                self._count("reload_failures")
                log.error("the new model can't be used, the old one stays: %s", error)
                return error
            _prepare(service, self.service)
        self.service = service.with_overrides(_overrides(store, service))
        self._files = files
        self._count("reloads")
        log.info("put %s to use", files.likes)
        return None

    def poll(self) -> None:
        """Reload if a file changed or another model was activated; apply changed overrides."""
        if self._files is None or self._store is None:
            return
        if _signature(self._active_files(self._files, self._store)) != self._signature:
            self.reload()
            return
        overrides = _overrides(self._store, self.service)
        if overrides != self.service.views.overrides:
            self.service = self.service.with_overrides(overrides)

    async def watch(self, seconds: float) -> None:
        """Poll at an interval; failures are logged."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(self.poll)
            except PenchantError as error:
                log.debug("polling for a new model failed: %s", error)
            except Exception:
                log.exception("polling for a new model failed")

    def _active_files(self, files: Artifacts, store: Store) -> Artifacts:
        active = store.active()
        return files if active is None else files._replace(likes=Path(active.path))

    def _count(self, counter: str) -> None:
        if self.metrics is not None:
            self.metrics.add(counter)


def activate(store: Store, likes: Path) -> None:
    """Make a model file the active one of a store, if it is not."""
    path = str(likes.resolve())
    active = store.active()
    if active is None or active.path != path:
        store.activate(path, learned=learned_by(store, likes).event)


def _overrides(store: Store, service: Service) -> dict[Id, Override]:
    """Return the overrides of a store by the ids of a service's models."""
    return spelled_as([model.items for model in service.models.values()], store.overrides())


def _open_checked(files: Artifacts, store: Store, *, verify: bool = True) -> Service:
    """Open a service from files and run its self-check."""
    learned = learned_by(store, files.likes)
    service = Service.open(files, learned=learned, verify=verify)
    try:
        self_check(service)
    except (PenchantError, StoreError):
        raise
    except Exception as error:
        raise ArtifactError(f"{files.likes} fails its check: {error!r}") from error
    return service


def _prepare(service: Service, previous: Service) -> None:
    """Build the indexes of a service before it replaces another."""
    try:
        service.prepare()
        service.index_names(previous)
    except Exception:
        log.exception("the indexes can't be built in advance")


def self_check(service: Service) -> None:
    """Request a few answers of each kind from a service.

    Raises
    ------
    ArtifactError
        If a score is not finite, or a user gets no recommendations.
    """
    users = service.likes.users[:_N_CHECKED].tolist()
    answers = [service.recommend(user, k=10, exclude_seen=False) for user in users]
    if not all(answers):  # NaN scores are left out of lists
        raise ArtifactError("the model recommends nothing to a user of its data: fit it again")
    answers.append(service.popular(10))
    items = [scored.item.id for scored in answers[-1][:_N_CHECKED]]
    answers += [service.similar(item, role, k=10) for role in service.models for item in items]
    answers.append(service.recommend(history=items[:1], k=10))
    if not all(math.isfinite(score) for answer in answers for _, score in answer):
        raise ArtifactError("the model gives scores that are not finite: fit it again")


def _signature(files: Artifacts | None) -> list[tuple[str, int, int, int]]:
    """Return path, inode, size and modification time of each file: they change when a file does."""
    entries = []
    for path in files or ():
        if path is not None:
            try:
                stat = path.stat()
            except OSError:
                entries.append((str(path.resolve()), 0, 0, 0))
            else:
                entries.append((str(path.resolve()), stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return entries
