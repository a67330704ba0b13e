"""The item map, and the page about the models."""

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

from penchant.models.capabilities import HasItemVectors
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
    """The map; without scripts a list of popular items."""
    service = state_of(request).reloader.service
    _vectors(service)
    return page(request, "map.html", popular=service.popular(_LISTED))


@router.get("/map/items")
def map_items(request: Request) -> Response:
    """The points of the map as JSON columns: ids, names, coordinates and numbers of likes."""
    return Response(map_of(state_of(request).reloader.service), media_type="application/json")


def map_of(service: Service) -> bytes:
    """Return the map of a service; the first call computes it, which takes about a second."""
    with _lock:  # computed once, also for simultaneous requests
        if service not in _maps:
            _maps[service] = _compute_map(service)
        return _maps[service]


def _compute_map(service: Service) -> bytes:
    """Compute the map of the items that most people like, up to ``_MAX_POINTS``."""
    vectors = _vectors(service)
    counts = service.counts
    chosen = np.argsort(-counts, kind="stable")[:_MAX_POINTS]
    chosen = chosen[[item not in service.views.hidden for item in service.likes.items[chosen]]]
    places = np.round(layout(vectors[chosen]) * _GRID).astype(np.int64)
    ids = service.likes.items[chosen].tolist()
    columns = {
        "id": [str(item) for item in ids],
        "name": [service.views.view(item).name for item in ids],
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "likes": counts[chosen].tolist(),
    }
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _vectors(service: Service) -> npt.NDArray[Any]:
    if not isinstance(service.likes, HasItemVectors):
        raise HTTPException(404, "this model has no vectors to draw a map of")
    vectors: npt.NDArray[Any] = service.likes.item_factors
    return vectors


# --- models -----------------------------------------------------------------------------


@router.get("/models")
def models_page(request: Request) -> HTMLResponse:
    """The models: their metrics, training curves, data and settings."""
    models = [
        {
            **summary,
            "title": _ROLES[summary["role"]],
            "figures": figures(summary["metrics"]),
            "charts": training_charts(summary["training"]),
            "size": f"{summary['bytes'] / 2**20:.1f} MiB" if summary["bytes"] else "",
            "created": format_date(summary["created"]),
        }
        for summary in state_of(request).reloader.service.summary()
    ]
    return page(request, "models.html", models=models)


def format_date(text: str) -> str:
    """Format an ISO date and time for people; other texts stay as they are."""
    try:
        when = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def figures(metrics: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, value and interval of each metric that was stored with a model."""
    values = metrics.get("metrics", metrics)
    return [
        (str(name), f"{_mean(value):.4g}", _interval(value))
        for name, value in (values.items() if isinstance(values, Mapping) else ())
        if math.isfinite(_mean(value))
    ]


def _mean(value: Any) -> float:
    number = value.get("mean") if isinstance(value, Mapping) else value
    return float(number) if isinstance(number, int | float) else math.nan


def _interval(value: Any) -> str:
    bounds = value.get("interval") if isinstance(value, Mapping) else None
    return f"{bounds[0]:.4g} – {bounds[1]:.4g}" if bounds else ""


def training_charts(training: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Return a chart for each value that was recorded by epoch."""
    from penchant.report.chart import Chart, Series  # slow to import

    names = sorted({name for epoch in training for name in epoch} - {"number", "seconds"})
    series = ((name, _points(training, name)) for name in names)
    return [
        Chart(f"{name} by epoch", "epoch", name, [Series(name, *points)])
        for name, points in series
        if points[0]
    ]


def _points(
    training: Sequence[Mapping[str, Any]], name: str
) -> tuple[Sequence[float], Sequence[float]]:
    pairs = [
        (float(epoch.get("number", index)), float(epoch[name]))
        for index, epoch in enumerate(training, start=1)
        if isinstance(epoch.get(name), int | float)
    ]
    return tuple(zip(*pairs, strict=True)) if pairs else ((), ())  # type: ignore[return-value]
