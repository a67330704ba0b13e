"""What the parts of a running application share."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from penchant.serving.catalog.pictures import Pictures
from penchant.serving.people import People
from penchant.serving.process.metrics import Metrics
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import Settings
from penchant.serving.store.base import Store


@dataclass(frozen=True)
class State:
    """What every request can get at: see the classes."""

    holder: ModelReloader
    store: Store
    settings: Settings
    people: People
    metrics: Metrics
    pictures: Pictures | None


def state_of(request: Request) -> State:
    """That of the application that a request came to."""
    state: State = request.app.state.penchant
    return state
