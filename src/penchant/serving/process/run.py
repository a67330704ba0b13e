"""A server from its settings: one process or several, all over the same files and store."""

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
from penchant.serving.process.settings import Settings
from penchant.serving.process.workers import CAN_FORK, Workers
from penchant.serving.store.base import Store

if TYPE_CHECKING:
    from fastapi import FastAPI

_ENVIRONMENT = "PENCHANT_SERVE"  # where a worker that was not forked finds its settings
_TURN = 0.001  # seconds that a thread at work keeps requests waiting; Python's own: 5 ms
_HOW: dict[str, Any] = {
    "http": "penchant.serving.process.protocol:Prompt",
    "ws": "none",  # nobody speaks it here: it need not be imported
    "access_log": False,  # counters tell as much, and who likes what is nobody's business
    "log_level": "warning",
    "server_header": False,
    "timeout_graceful_shutdown": 10,
}
_NEEDED = ("penchant.serving.app", "penchant.serving.process.protocol", "uvicorn.lifespan.on")


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until stopped.

    Parameters
    ----------
    settings
        How.
    on_ready
        Called with the server's address once the models have passed their check.

    Raises
    ------
    ArtifactError
        If a model file can't be used.
    StoreError
        If the store can't be used.
    SettingsError
        If the address can't be listened on.
    """
    require("uvicorn", extra="serve", what="Servers")
    with _bound(settings) as listening, _uncollected():
        with Store.open(settings.db) as store:
            activate(store, Path(settings.likes))
            holder = ModelReloader.open(settings.files, store)
            on_ready(_address(settings, listening))
            if settings.workers == 1:
                _answer(holder, store, settings, listening)
                return
        with tempfile.TemporaryDirectory(prefix="penchant-") as folder:
            told = dataclasses.replace(settings, shared=str(Path(folder) / "shared"))
            (_fork if CAN_FORK else _spawn)(holder, told, listening)


# --- processes --------------------------------------------------------------------------


def _answer(
    holder: ModelReloader, store: Store, settings: Settings, listening: socket.socket
) -> None:
    """Answer what comes in, in this process."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(_made(holder, store, settings), **_HOW))
    with contextlib.suppress(KeyboardInterrupt):
        server.run([listening])


def _fork(holder: ModelReloader, settings: Settings, listening: socket.socket) -> None:
    """Several processes that have everything from this one, but for the store."""
    import uvicorn

    for name in _NEEDED:
        importlib.import_module(name)
    uvicorn.Config("", **_HOW).get_loop_factory()  # it imports the loop

    def work() -> None:
        with Store.open(settings.db) as store:
            holder.attach(store)
            _answer(holder, store, settings, listening)

    gc.freeze()  # what nobody looks through stays shared
    Workers(work, settings.workers).run()


def _spawn(_: ModelReloader, settings: Settings, listening: socket.socket) -> None:
    """Several processes that import and open everything anew."""
    import uvicorn

    host, port = listening.getsockname()[:2]
    listening.close()
    os.environ[_ENVIRONMENT] = settings.to_json()
    try:
        application = f"{__name__}:{_application.__name__}"
        how = {**_HOW, "host": host, "port": port, "workers": settings.workers}
        uvicorn.run(application, factory=True, **how)
    finally:
        del os.environ[_ENVIRONMENT]


def _application() -> FastAPI:
    """The application of a process that finds its settings in the environment."""
    settings = Settings.from_json(os.environ[_ENVIRONMENT])
    store = Store.open(settings.db)
    # the files were verified before the workers began
    return _made(ModelReloader.open(settings.files, store, verify=False), store, settings)


def _made(holder: ModelReloader, store: Store, settings: Settings) -> FastAPI:
    """The application, in a process that is made ready for it."""
    from penchant.serving.app import create_app  # it takes long: not where only workers need it

    made = create_app(holder, store, settings)
    gc.freeze()  # what is there now stays: no use in looking through it again and again
    gc.enable()
    sys.setswitchinterval(_TURN)
    return made


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage where almost nothing is: while all is imported and opened."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# --- addresses --------------------------------------------------------------------------


def _bound(settings: Settings) -> socket.socket:
    """The socket to listen on; at any free port where 0 is asked for."""
    made = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        made.close()
        raise SettingsError(
            f"can't listen on {settings.host} port {settings.port}: "
            f"{error.strerror or error}; name another --port, or 0 for any"
        ) from None
    return made


def _address(settings: Settings, listening: socket.socket) -> str:
    host = settings.host.strip("[]")
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
