"""The service in use, and how another takes its place without anybody noticing."""

from __future__ import annotations

from tacit.serving.service import Service


class ServiceHolder:
    """Holds the service in use: whoever answers takes it once and keeps it until done."""

    def __init__(self, service: Service) -> None:
        self.service = service
