"""Start a server from its settings, as one process or several over the same files and store."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.errors import SettingsError, require
from penchant.serving.process.reload import ModelReloader, activate
from penchant.serving.process.settings import ServeSettings
from penchant.serving.process.workers import CAN_FORK, Workers
from penchant.serving.store.base import Store
from penchant.serving.store.opening import open_store

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["serve"]

_SETTINGS_VARIABLE = "PENCHANT_SERVE"  # the settings of a worker that was spawned, as JSON
_SWITCH_INTERVAL = 0.001  # seconds until a busy thread yields to requests; Python's default: 5 ms
_UVICORN_OPTIONS: dict[str, Any] = {
    "http": "penchant.serving.process.protocol:NoDelayProtocol",
    "ws": "none",  # not used: saves its import
    "access_log": False,  # counters suffice, and addresses contain user ids
    "log_level": "warning",
    "server_header": False,
    "timeout_graceful_shutdown": 10,
}
_PRELOADED = ("penchant.serving.app", "penchant.serving.process.protocol", "uvicorn.lifespan.on")


def serve(settings: ServeSettings, on_ready: Callable[[str], None]) -> None:
    """Serve until stopped.

    Parameters
    ----------
    settings
        The settings of the server.
    on_ready
        Called with the server's URL once the models have passed their check.

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
                _run_server(reloader, store, settings, listener)
                return
        with tempfile.TemporaryDirectory(prefix="penchant-") as folder:
            settings = dataclasses.replace(settings, shared_file=str(Path(folder) / "shared"))
            (_fork if CAN_FORK else _spawn)(reloader, settings, listener)


# --- processes --------------------------------------------------------------------------


def _run_server(
    reloader: ModelReloader, store: Store, settings: ServeSettings, listener: socket.socket
) -> None:
    """Answer requests in this process."""
    import uvicorn

    config = uvicorn.Config(_create_app(reloader, store, settings), **_UVICORN_OPTIONS)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run([listener])


def _fork(reloader: ModelReloader, settings: ServeSettings, listener: socket.socket) -> None:
    """Run processes that inherit everything from this one except the store."""
    import uvicorn

    for name in _PRELOADED:
        importlib.import_module(name)
    uvicorn.Config("", **_UVICORN_OPTIONS).get_loop_factory()  # imports the event loop

    def work() -> None:
        with open_store(settings.db) as store:
            reloader.attach(store)
            _run_server(reloader, store, settings, listener)

    gc.freeze()  # the collector writes to objects: memory would no longer be shared
    Workers(work, settings.workers).run()


def _spawn(_: ModelReloader, settings: ServeSettings, listener: socket.socket) -> None:
    """Run processes that import and open everything themselves."""
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


def _application() -> FastAPI:
    """Return the application of a spawned process; its settings are in the environment."""
    settings = ServeSettings.from_json(os.environ[_SETTINGS_VARIABLE])
    store = open_store(settings.db)
    # the files were verified before the workers began
    return _create_app(ModelReloader.open(settings.files, store, verify=False), store, settings)


def _create_app(reloader: ModelReloader, store: Store, settings: ServeSettings) -> FastAPI:
    """Create the application, and tune this process for serving it."""
    from penchant.serving.app import create_app  # slow to import: not needed in the parent

    app = create_app(reloader, store, settings)
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
