"""Routes that validate all query parameters at once, and are found by a look-up.

FastAPI reads each parameter by itself, at every request, which took half of the time of a response.
The OpenAPI document and the validation errors are the same.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError, create_model
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class QuickRoute(APIRoute):
    """A route whose endpoint takes the request and otherwise query parameters only.

    The parameters are separate arguments, or the fields of a pydantic model. Endpoints that take
    anything else (path parameters, a body, headers) are handled by FastAPI as usual.
    """

    def get_route_handler(self) -> Handler:
        """Return the function that answers a request."""
        return self.quick_handler() or super().get_route_handler()

    def quick_handler(self) -> Handler | None:
        """Return the function that validates all parameters at once; None: FastAPI handles them."""
        dependant = self.dependant
        others = (
            dependant.path_params,
            dependant.header_params,
            dependant.cookie_params,
            dependant.body_params,
            dependant.dependencies,
        )
        if any(others) or dependant.request_param_name != "request":
            return None
        return _handler(self.endpoint)


class QuickRoutes:
    """ASGI middleware that answers the GET requests of quick routes; the application the others.

    A request's path is looked up, where FastAPI compares it with one pattern after the other, and
    passes the request through layers for dependencies and exception handlers, which these routes
    don't need: exceptions go on to the middleware around this one.

    Parameters
    ----------
    app
        The wrapped application.
    routes
        All routes of the application.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._handlers: dict[str, tuple[Callable[..., Any], Handler]] = {}
        for route in routes:
            if isinstance(route, QuickRoute) and "GET" in (route.methods or ()):
                handler = None if route.param_convertors else route.quick_handler()
                if handler is not None:
                    self._handlers.setdefault(route.path, (route.endpoint, handler))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_get = scope["type"] == "http" and scope["method"] == "GET"
        quick = self._handlers.get(scope["path"]) if is_get else None
        if quick is None:
            await self._app(scope, receive, send)
            return
        scope["endpoint"], handler = quick
        response = await handler(Request(scope, receive, send))
        await response(scope, receive, send)


def _handler(endpoint: Callable[..., Awaitable[Response]]) -> Handler:
    """Return a handler that validates the parameters of an endpoint with one pydantic model."""
    hints = get_type_hints(endpoint, include_extras=True)
    parameters = {
        name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in inspect.signature(endpoint).parameters.items()
        if name != "request"
    }
    model = _record(parameters)
    schema = model or create_model("Query", **parameters)  # type: ignore[call-overload]
    fields = get_type_hints(schema, include_extras=True)
    lists = frozenset(name for name in schema.model_fields if _is_list(fields[name]))

    async def handle(request: Request) -> Response:
        try:
            query = schema.model_validate(_parse(request.scope["query_string"], lists))
        except ValidationError as error:
            errors = error.errors(include_url=False, include_context=False)
            raise RequestValidationError(
                [{**entry, "loc": ("query", *entry["loc"])} for entry in errors]
            ) from None
        if model is not None:
            return await endpoint(request, query)
        return await endpoint(request, **vars(query))

    return handle


def _record(parameters: Mapping[str, tuple[Any, Any]]) -> type[BaseModel] | None:
    """Return the model that holds the query parameters, if an endpoint has a single one."""
    if len(parameters) != 1:
        return None
    [(hint, _)] = parameters.values()
    inner = get_args(hint)[0] if get_args(hint) else hint
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _parse(query: bytes, lists: frozenset[str]) -> dict[str, str | list[str]]:
    """Parse a query string; of a parameter that is repeated the last value, for lists all."""
    values: dict[str, Any] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in lists:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def _is_list(hint: Any) -> bool:
    """Return whether a hint such as ``Annotated[list[str] | None, …]`` is that of a list."""
    inner = getattr(hint, "__origin__", hint)
    return any(get_origin(part) is list for part in (inner, *getattr(inner, "__args__", ())))
