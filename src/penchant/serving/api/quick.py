"""Routes that read the parameters of an address all at once.

FastAPI looks at each parameter by itself, at every request: half of the time that an answer took.
What the document tells, and what is refused, stays the same.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, get_origin, get_type_hints
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError, create_model
from starlette.responses import Response

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class QuickRoute(APIRoute):
    """A route whose coroutine takes the request, and besides it parameters of the query alone.

    Those that take anything else (parts of the path, a body, headers) are FastAPI's as ever.
    """

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        dependant = self.dependant
        others = (
            dependant.path_params,
            dependant.header_params,
            dependant.cookie_params,
            dependant.body_params,
            dependant.dependencies,
        )
        if any(others) or dependant.request_param_name != "request":
            return super().get_route_handler()
        return _quick(self.endpoint)


def _quick(endpoint: Callable[..., Awaitable[Response]]) -> Handler:
    """A handler that validates the parameters of an endpoint in one go."""
    hints = get_type_hints(endpoint, include_extras=True)
    wanted = {
        name: (hints[name], ... if one.default is one.empty else one.default)
        for name, one in inspect.signature(endpoint).parameters.items()
        if name != "request"
    }
    reader = create_model("Query", **wanted)  # type: ignore[call-overload]
    several = frozenset(name for name in wanted if _is_list(hints[name]))

    async def answer(request: Request) -> Response:
        try:
            asked = reader.model_validate(_read(request.scope["query_string"], several))
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            raise RequestValidationError(
                [{**one, "loc": ("query", *one["loc"])} for one in found]
            ) from None
        return await endpoint(request, **vars(asked))

    return answer


def _read(query: bytes, several: frozenset[str]) -> dict[str, str | list[str]]:
    """The parameters of a query; of one that comes more than once the last, but for lists."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in several:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _is_list(hint: Any) -> bool:
    """Whether a hint such as ``Annotated[list[str] | None, …]`` is that of a list."""
    inner = getattr(hint, "__origin__", hint)
    return any(get_origin(one) is list for one in (inner, *getattr(inner, "__args__", ())))
