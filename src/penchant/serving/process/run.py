"""Start a server from its settings, as one process or several over the same files and store."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import importlib
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from penchant._scratch import scratch_folder
from penchant.errors import SettingsError, require
from penchant.serving.process.reload import ModelReloader, activate
from penchant.serving.process.settings import ServeSettings
from penchant.serving.process.workers import CAN_FORK, Workers, stop_signals_handled
from penchant.serving.store.base import Store
from penchant.serving.store.opening import open_store, remove_log

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["serve"]

_SETTINGS_VARIABLE = "PENCHANT_SERVE"  # the settings of a worker that was spawned, as JSON
_SWITCH_INTERVAL = 0.001  # seconds until a busy thread yields to requests; Python's default: 5 ms
_UVICORN_OPTIONS: dict[str, Any] = {
    "http": "penchant.serving.process.connections:LimitedProtocol",
    "backlog": 512,
    "ws": "none",  # not used: saves its import
    "access_log": False,  # counters suffice, and addresses contain user ids
    "log_level": "warning",
    "server_header": False,
    "timeout_graceful_shutdown": 10,
}
_PRELOADED = ("penchant.serving.app", "penchant.serving.process.connections", "uvicorn.lifespan.on")


def serve(settings: ServeSettings, on_ready: Callable[[str], None]) -> int:
    """Serve until stopped; requests are finished and the store is closed before this returns.

    Parameters
    ----------
    settings
        The settings of the server.
    on_ready
        Called with the server's URL once the models have passed their check.

    Returns
    -------
    int
        The number of the signal that stopped the server.

    Raises
    ------
    ArtifactError
        If a model file can't be used.
    StoreError
        If the store can't be used.
    SettingsError
        If the server can't listen on the address.
    """
    require("uvicorn", extra="serve", what="Servers")
    with _bind(settings) as listener, _gc_disabled():
        with open_store(settings.db) as store:
            activate(store, Path(settings.likes))
            reloader = ModelReloader.open(settings.files, store)
            on_ready(_url(settings, listener))
            if settings.workers == 1:
                return _run_server(reloader, store, settings, listener)
        with scratch_folder() as folder:
            settings = dataclasses.replace(settings, shared_file=str(folder / "shared"))
            try:
                return (_fork if CAN_FORK else _spawn)(reloader, settings, listener)
            finally:
                remove_log(settings.db)


# --- processes --------------------------------------------------------------------------


def _run_server(
    reloader: ModelReloader, store: Store, settings: ServeSettings, listener: socket.socket
) -> int:
    """Answer requests in this process until a signal to stop; return its number."""
    import uvicorn

    class Server(uvicorn.Server):
        """Let this function return after a signal; uvicorn would raise the signal again."""

        stopped_by = 0

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            with stop_signals_handled(self.handle_exit):
                yield

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Ctrl-C signals all processes, and the parent its workers: a second signal in a worker
            # would skip the end of the application. The parent kills workers that take too long.
            if self.should_exit and multiprocessing.parent_process() is not None:
                return
            self.stopped_by = sig
            super().handle_exit(sig, frame)

    server = Server(uvicorn.Config(_create_app(reloader, store, settings), **_UVICORN_OPTIONS))
    server.run([listener])
    return server.stopped_by


def _fork(reloader: ModelReloader, settings: ServeSettings, listener: socket.socket) -> int:
    """Run processes that inherit everything from this one except the store; see :func:`serve`."""
    import uvicorn

    for name in _PRELOADED:
        importlib.import_module(name)
    uvicorn.Config("", **_UVICORN_OPTIONS).get_loop_factory()  # imports the event loop

    def work() -> None:
        with open_store(settings.db) as store:
            reloader.attach(store)
            _run_server(reloader, store, settings, listener)

    gc.freeze()  # the collector writes to objects: memory would no longer be shared
    return Workers(work, settings.workers).run()


def _spawn(_: ModelReloader, settings: ServeSettings, listener: socket.socket) -> int:
    """Run processes that import and open everything themselves; see :func:`serve`."""
    import uvicorn

    host, port = listener.getsockname()[:2]
    listener.close()
    os.environ[_SETTINGS_VARIABLE] = settings.to_json()
    try:
        application = f"{__name__}:{_application.__name__}"
        options = {**_UVICORN_OPTIONS, "host": host, "port": port, "workers": settings.workers}
        uvicorn.run(application, factory=True, **options)
    finally:
        del os.environ[_SETTINGS_VARIABLE]
    return int(signal.SIGTERM)  # uvicorn doesn't tell which signal it was


def _application() -> FastAPI:
    """Return the application of a spawned process; its settings are in the environment."""
    settings = ServeSettings.from_json(os.environ[_SETTINGS_VARIABLE])
    store = open_store(settings.db)
    # the files were verified before the workers began
    app = _create_app(ModelReloader.open(settings.files, store, verify=False), store, settings)
    run_tasks = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        try:
            async with run_tasks(app) as state:
                yield state
        finally:  # uvicorn ends the process itself
            await asyncio.to_thread(store.close)

    app.router.lifespan_context = lifespan
    return app


def _create_app(reloader: ModelReloader, store: Store, settings: ServeSettings) -> FastAPI:
    """Create the application, and tune this process for serving it."""
    # slow to import: not needed in the parent
    from penchant.serving.app import create_app
    from penchant.serving.process import connections

    app = create_app(reloader, store, settings)
    connections.configure(settings)
    gc.freeze()  # what exists now stays: no need to examine it in every collection
    gc.enable()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    return app


@contextlib.contextmanager
def _gc_disabled() -> Iterator[None]:
    """Disable garbage collection during imports and loading, which create little garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# --- addresses --------------------------------------------------------------------------


def _bind(settings: ServeSettings) -> socket.socket:
    """Return a socket bound to the address of the settings."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"can't listen on {settings.host} port {settings.port}: "
            f"{error.strerror or error}; choose another --port, or 0 for any free one"
        ) from None
    return listener


def _url(settings: ServeSettings, listener: socket.socket) -> str:
    host = settings.host.strip("[]")
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
