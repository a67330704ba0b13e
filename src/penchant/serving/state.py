"""The objects that all parts of a running application share."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from penchant.serving.catalog.pictures import Pictures
from penchant.serving.people import People
from penchant.serving.process.metrics import Metrics
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.base import Store


@dataclass(frozen=True)
class State:
    """The state of an application."""

    reloader: ModelReloader
    store: Store
    settings: ServeSettings
    people: People
    metrics: Metrics
    pictures: Pictures | None


def state_of(request: Request) -> State:
    """Return the state of the application that handles a request."""
    state: State = request.app.state.penchant
    return state
