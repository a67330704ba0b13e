"""The endpoints of the API under /api/v1."""

from __future__ import annotations

from penchant.serving.api import admin, events, items, people, server
from penchant.serving.api.common import PREFIX as PREFIX

ROUTERS = tuple(part.router for part in (people, items, events, server, admin))
