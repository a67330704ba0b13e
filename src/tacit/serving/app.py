"""The web application: the API under /api/v1, the pages, and what guards them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from tacit import __version__
from tacit.serving.holder import ServiceHolder
from tacit.serving.settings import Settings

if TYPE_CHECKING:
    from tacit.serving.store import Store


def create_app(holder: ServiceHolder, store: Store, settings: Settings) -> FastAPI:
    """The application over a service and a store.

    Pages and API find them as ``request.app.state.holder``, ``.store`` and ``.settings``.
    """
    app = FastAPI(title="tacit", version=__version__, docs_url=None, redoc_url=None)
    app.state.holder, app.state.store, app.state.settings = holder, store, settings
    try:
        from tacit.serving import pages
    except ImportError:
        return app
    app.include_router(pages.router(holder, store, settings))
    return app
