"""The web application: the API under /api/v1, the pages, and what guards them."""

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
from penchant.serving import api, pages, problems, schemas
from penchant.serving.catalog.pictures import Pictures
from penchant.serving.people import People
from penchant.serving.process.ipc import Shared
from penchant.serving.process.metrics import Metrics
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import Settings
from penchant.serving.security import Guard
from penchant.serving.service import Service
from penchant.serving.state import State, state_of
from penchant.serving.store.base import Store

log = logging.getLogger("penchant")

_LEISURE = 1.0  # seconds between looks whether there is something to make beforehand
_ABOUT = """\
What to offer to whom, what is like what, and why; and where to tell what people like.

* **Ids** are texts or whole numbers, as the model holds them; in addresses they are written out.
* **Lists** come by pages: `k` answers after the first `offset`; together up to 1,000.
* **Failures** have one shape: `{"error": {"kind", "message", "details"}}`.
* **Limits**: bodies of 1 MiB, lists of 1,000 ids, batches of 1,000 events; where others reach the
  server also a number of requests a second for each client (429 says when to try again).
* **Writing** needs `Authorization: Bearer TOKEN` where the server has a token.
"""


def create_app(holder: ModelReloader, store: Store, settings: Settings) -> FastAPI:
    """The application over a service and a store.

    Pages and API find what they need by :func:`penchant.serving.state.state_of`.
    """
    app = FastAPI(
        title="penchant",
        version=__version__,
        description=_ABOUT,
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    shared = Shared(None if settings.shared is None else Path(settings.shared))
    metrics = holder.metrics = Metrics(_add_routes(app), shared)
    holder.turn = shared.turn
    folder = settings.picture_cache
    pictures = None if folder is None else Pictures(Path(folder))
    app.state.penchant = State(holder, store, settings, People(store, shared), metrics, pictures)
    problems.install(app)
    pages.install(app)
    app.add_middleware(Guard, settings=settings, metrics=metrics, answer_to=pages.answer_to)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _add_routes(app: FastAPI) -> dict[Callable[..., Any], str]:
    """API and pages; which function answers which address."""
    app.add_api_route("/metrics", _metrics, include_in_schema=False)
    paths: dict[Callable[..., Any], str] = {_metrics: "/metrics"}
    for router in (*api.ROUTERS, *pages.ROUTERS):
        app.router.routes.extend(router.routes)  # include_router would make each once more
        paths |= {one.endpoint: one.path for one in router.routes if isinstance(one, Route)}
    return paths


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Look after models and files while the application runs."""
    state: State = app.state.penchant
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(_keep_warm(state))]
    if state.settings.watch:
        tasks.append(asyncio.create_task(state.holder.watch(state.settings.watch)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if state.pictures is not None:
            state.pictures.close()


async def _keep_warm(state: State) -> None:
    """Make what takes a moment of every service that is put to use, before somebody asks for it.

    Not at once: who waits for the server to start comes first. Where it takes the place of
    another, what answers need is there already, and only the pages' is left.
    """
    warmed = None
    while True:
        await asyncio.sleep(_LEISURE)
        service = state.holder.service
        if service is not warmed:
            await asyncio.to_thread(_warm, service)
            warmed = service


def _warm(service: Service) -> None:
    try:
        service.prepare()
        service.index_names()
        pages.prepare(service)
    except Exception:
        log.exception("what pages need can't be made beforehand")


async def _metrics(request: Request) -> Response:
    """Counters and times, as Prometheus reads them."""
    state = state_of(request)
    likes = state.holder.service.likes
    gauges = {
        "model_users": ("People whom the model of likes knows.", float(len(likes.users))),
        "model_items": ("Items that the model of likes knows.", float(len(likes.items))),
    }
    text = state.metrics.text(gauges)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def _document(app: FastAPI) -> dict[str, object]:
    """The OpenAPI document, with how a token is borne."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = made.setdefault("components", {})
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        components["schemas"] |= schemas.definitions(schemas.Problem)
        app.openapi_schema = made
    return app.openapi_schema
