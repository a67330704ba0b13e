"""The map of items, and the page about the models."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from penchant.serving.catalog.item_map import layout
from penchant.serving.pages.templating import page
from penchant.serving.service import Service
from penchant.serving.state import state_of

if TYPE_CHECKING:
    from penchant.report.chart import Chart

router = APIRouter(include_in_schema=False)

_MAX_POINTS = 30_000
_LISTED = 24
_GRID = 10_000
_ROLES = {"likes": "Likes", "hybrid": "Likes and item features", "visual": "Pictures"}

_maps: WeakKeyDictionary[Service, bytes] = WeakKeyDictionary()
_lock = threading.Lock()


@router.get("/map")
def map_page(request: Request) -> HTMLResponse:
    """The map; for those without a script a list of what is popular."""
    service = state_of(request).reloader.service
    _vectors(service)
    return page(request, "map.html", popular=service.popular(_LISTED))


@router.get("/map/items")
def map_items(request: Request) -> Response:
    """Where the items lie: columns of ids, names, places and how many like them, as JSON."""
    return Response(map_of(state_of(request).reloader.service), media_type="application/json")


def map_of(service: Service) -> bytes:
    """The map of a service, drawn when it is first asked for; that takes about a second."""
    with _lock:  # whoever comes second waits for the first's work
        if service not in _maps:
            _maps[service] = _drawn(service)
        return _maps[service]


def _drawn(service: Service) -> bytes:
    """The map of a service; where there are very many items, of those that most people like."""
    vectors = _vectors(service)
    counts = service.counts
    chosen = np.argsort(-counts, kind="stable")[:_MAX_POINTS]
    chosen = chosen[[item not in service.views.hidden for item in service.likes.items[chosen]]]
    places = np.round(layout(vectors[chosen]) * _GRID).astype(np.int64)
    ids = service.likes.items[chosen].tolist()
    told = {
        "id": [str(one) for one in ids],
        "name": [service.views.view(one).name for one in ids],
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "likes": counts[chosen].tolist(),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _vectors(service: Service) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] | None = getattr(service.likes, "item_factors", None)
    if found is None:
        raise HTTPException(404, "this model has no vectors to draw a map of")
    return found


# --- models -----------------------------------------------------------------------------


@router.get("/models")
def models(request: Request) -> HTMLResponse:
    """What the models are: their figures, how training went, what they learned from."""
    told = state_of(request).reloader.service.summary()
    shown = [
        {
            **one,
            "title": _ROLES[one["role"]],
            "figures": figures(one["metrics"]),
            "charts": training_charts(one["training"]),
            "size": f"{one['bytes'] / 2**20:.1f} MiB" if one["bytes"] else "",
            "created": format_date(one["created"]),
        }
        for one in told
    ]
    return page(request, "models.html", models=shown)


def format_date(told: str) -> str:
    """A date and time as people read it; what is none stays as it is."""
    try:
        when = datetime.fromisoformat(told).astimezone(UTC)
    except ValueError:
        return told
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def figures(metrics: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value and interval of each figure that was kept with a model."""
    found = metrics.get("metrics", metrics)
    return [
        (str(name), f"{_mean(value):.4g}", _interval(value))
        for name, value in (found.items() if isinstance(found, Mapping) else ())
        if math.isfinite(_mean(value))
    ]


def _mean(value: Any) -> float:
    number = value.get("mean") if isinstance(value, Mapping) else value
    return float(number) if isinstance(number, int | float) else math.nan


def _interval(value: Any) -> str:
    bounds = value.get("interval") if isinstance(value, Mapping) else None
    return f"{bounds[0]:.4g} – {bounds[1]:.4g}" if bounds else ""


def training_charts(training: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """What went down and up from epoch to epoch."""
    from penchant.report.chart import Chart, Series  # what makes reports takes long to import

    told = sorted({name for one in training for name in one} - {"number", "seconds"})
    drawn = ((name, _points(training, name)) for name in told)
    return [
        Chart(f"{name} by epoch", "epoch", name, [Series(name, *points)])
        for name, points in drawn
        if points[0]
    ]


def _points(
    training: Sequence[Mapping[str, Any]], name: str
) -> tuple[Sequence[float], Sequence[float]]:
    known = [
        (float(one.get("number", at)), float(one[name]))
        for at, one in enumerate(training, start=1)
        if isinstance(one.get(name), int | float)
    ]
    return tuple(zip(*known, strict=True)) if known else ((), ())  # type: ignore[return-value]
