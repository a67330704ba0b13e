"""The API under /api/v1."""

from __future__ import annotations

from tacit.serving.api import admin, events, items, people, server
from tacit.serving.api.common import PREFIX as PREFIX

ROUTERS = tuple(part.router for part in (people, items, events, server, admin))
