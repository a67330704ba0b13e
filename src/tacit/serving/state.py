"""What the parts of a running application share."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from tacit.serving.holder import ServiceHolder
from tacit.serving.metrics import Metrics
from tacit.serving.people import People
from tacit.serving.pictures import Pictures
from tacit.serving.settings import Settings
from tacit.serving.store import Store


@dataclass(frozen=True)
class State:
    """What every request can get at: see the classes."""

    holder: ServiceHolder
    store: Store
    settings: Settings
    people: People
    metrics: Metrics
    pictures: Pictures | None


def state_of(request: Request) -> State:
    """That of the application that a request came to."""
    state: State = request.app.state.tacit
    return state
