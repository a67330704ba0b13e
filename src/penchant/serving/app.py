"""The web application: the API under /api/v1, the pages, and the middleware in front of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from penchant import __version__
from penchant.errors import StoreError
from penchant.serving import api, pages, problems, records
from penchant.serving.api.quick import QuickRoutes
from penchant.serving.catalog.pictures import Pictures
from penchant.serving.people import People
from penchant.serving.process.ipc import SharedState
from penchant.serving.process.metrics import Metrics
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.security import Guard
from penchant.serving.service import Service
from penchant.serving.state import State, state_of
from penchant.serving.store.base import Store

__all__ = ["create_app"]

log = logging.getLogger("penchant")

_REFRESH_INTERVAL = 1.0  # seconds between looks at the store for changes by others
_PRECOMPUTE_INTERVAL = 1.0  # seconds between checks for a new service
_DESCRIPTION = """\
Recommendations, similar items and explanations; and events, by which people's likes are stored.

* **Ids** are texts or integers, as in the model's data; in addresses they are written as text.
* **Lists** come in pages: `k` items after the first `offset`; together up to 1,000.
* **Errors** have one shape: `{"error": {"kind", "message", "details"}}`.
* **Limits**: bodies of 1 MiB, lists of 1,000 ids, batches of 1,000 events; on a server that other
  machines can reach also a rate of requests for each client (429 states when to retry).
* **Writing** needs `Authorization: Bearer TOKEN` if the server has a token; on a server that other
  machines can reach, so does reading what is known of a person.
"""


def create_app(reloader: ModelReloader, store: Store, settings: ServeSettings) -> FastAPI:
    """Return the application over a service and a store.

    Endpoints access them through :func:`penchant.serving.state.state_of`.
    """
    app = FastAPI(
        title="penchant",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,  # these pages load scripts from other sites
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    shared = SharedState(None if settings.shared_file is None else Path(settings.shared_file))
    metrics = reloader.metrics = Metrics(_add_routes(app), shared)
    reloader.exclusive = shared.exclusive
    folder = settings.picture_cache
    pictures = None if folder is None else Pictures(Path(folder))
    app.state.penchant = State(reloader, store, settings, People(store, shared), metrics, pictures)
    problems.install(app)
    pages.install(app)
    app.add_middleware(QuickRoutes, routes=app.routes)
    # added last, so that it comes first
    app.add_middleware(Guard, settings=settings, metrics=metrics, response_for=pages.response_for)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _add_routes(app: FastAPI) -> dict[Callable[..., Any], str]:
    """Add the routes of API and pages; return the path of each endpoint function."""
    app.add_api_route("/metrics", _metrics, include_in_schema=False)
    paths: dict[Callable[..., Any], str] = {_metrics: "/metrics"}
    for router in (*api.ROUTERS, *pages.ROUTERS):
        app.router.routes.extend(router.routes)  # include_router would create each a second time
        paths |= {route.endpoint: route.path for route in router.routes if isinstance(route, Route)}
    return paths


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the background tasks while the application runs."""
    state: State = app.state.penchant
    with contextlib.suppress(StoreError):  # then /ready says so
        await asyncio.to_thread(state.people.refresh, state.reloader.service)
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(_precompute(state)),
        asyncio.create_task(_refresh_people(state)),
    ]
    if state.settings.watch:
        tasks.append(asyncio.create_task(state.reloader.watch(state.settings.watch)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if state.pictures is not None:
            state.pictures.close()


async def _precompute(state: State) -> None:
    """Build the indexes and the map of every new service before a request needs them.

    This begins after a delay, so that the first requests after the start come first. A service
    that replaced another has its indexes already, and only the map is missing.
    """
    prepared = None
    while True:
        await asyncio.sleep(_PRECOMPUTE_INTERVAL)
        service = state.reloader.service
        if service is not prepared:
            await asyncio.to_thread(_prepare, service)
            prepared = service


async def _refresh_people(state: State) -> None:
    """Look up changes of the store by other servers and commands, in a thread."""
    while True:
        await asyncio.sleep(_REFRESH_INTERVAL)
        try:
            await asyncio.to_thread(state.people.refresh, state.reloader.service)
        except StoreError as error:  # most answers need no store; /ready reports it
            log.debug("the store can't be looked at for changes: %s", error)


def _prepare(service: Service) -> None:
    try:
        service.prepare()
        service.index_names()
        pages.prepare(service)
    except Exception:
        log.exception("the indexes and the map can't be built in advance")


async def _metrics(request: Request) -> Response:
    """Return counters and durations in the Prometheus text format."""
    state = state_of(request)
    likes = state.reloader.service.likes
    gauges = {
        "model_users": ("Users of the model of likes.", float(len(likes.users))),
        "model_items": ("Items of the model of likes.", float(len(likes.items))),
    }
    text = state.metrics.text(gauges)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def _openapi(app: FastAPI) -> dict[str, object]:
    """Return the OpenAPI document, with the bearer token and the records of responses."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = document.setdefault("components", {})
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        components["schemas"] |= records.definitions()
        app.openapi_schema = document
    return app.openapi_schema
