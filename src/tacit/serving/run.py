"""A server from its settings: one process or several, all over the same files and store."""

from __future__ import annotations

import dataclasses
import gc
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tacit.errors import SettingsError, require
from tacit.serving.holder import ServiceHolder, activate
from tacit.serving.settings import Settings
from tacit.serving.store import Store

if TYPE_CHECKING:
    from fastapi import FastAPI

_ENVIRONMENT = "TACIT_SERVE"  # where a worker finds its settings
_TURN = 0.001  # seconds that a thread at work keeps requests waiting; Python's own: 5 ms
_HOW = {
    "http": "tacit.serving.prompt:Prompt",
    "access_log": False,  # counters tell as much, and who likes what is nobody's business
    "log_level": "warning",
    "server_header": False,
    "timeout_graceful_shutdown": 10,
}


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
    uvicorn = require("uvicorn", extra="serve", what="Servers")
    host, port = settings.host.strip("[]"), _free_port(settings)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    how = {**_HOW, "host": host, "port": port}
    with Store.open(settings.db) as store:
        activate(store, Path(settings.likes))
        holder = ServiceHolder.open(settings.files, store)
        on_ready(address)
        if settings.workers == 1:
            uvicorn.run(_made(holder, store, settings), **how)
            return
    with tempfile.TemporaryDirectory(prefix="tacit-") as folder:
        told = dataclasses.replace(settings, shared=str(Path(folder) / "shared"))
        os.environ[_ENVIRONMENT] = told.to_json()
        try:
            uvicorn.run(
                "tacit.serving.run:application", factory=True, workers=settings.workers, **how
            )
        finally:
            del os.environ[_ENVIRONMENT]


def application() -> FastAPI:
    """The application of a worker process, whose settings are in the environment."""
    settings = Settings.from_json(os.environ[_ENVIRONMENT])
    store = Store.open(settings.db)
    # the files were verified before the workers began
    return _made(ServiceHolder.open(settings.files, store, verify=False), store, settings)


def _made(holder: ServiceHolder, store: Store, settings: Settings) -> FastAPI:
    """The application, in a process that is made ready for it."""
    from tacit.serving.app import create_app  # it takes long: not where only workers need it

    gc.freeze()  # what is imported stays: no use in looking through it again and again
    sys.setswitchinterval(_TURN)
    return create_app(holder, store, settings)


def _free_port(settings: Settings) -> int:
    """The port to listen on; any that is free where 0 is asked for."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((settings.host.strip("[]"), settings.port))
        except OSError as error:
            raise SettingsError(
                f"can't listen on {settings.host} port {settings.port}: "
                f"{error.strerror or error}; name another --port, or 0 for any"
            ) from None
        return int(tried.getsockname()[1])
