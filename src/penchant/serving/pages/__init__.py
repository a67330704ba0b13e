"""The pages that a browser shows.

Items and people are in :mod:`~penchant.serving.pages.browse`, the likes of a visitor in
:mod:`~penchant.serving.pages.shelf`, the map and the models in
:mod:`~penchant.serving.pages.charts`, and pictures, style sheets and scripts in
:mod:`~penchant.serving.pages.files`. Pages work without scripts; with them, parts of a page change
in place.
"""

from __future__ import annotations

from penchant.serving.pages import browse, charts, files, shelf
from penchant.serving.pages.failures import install as install
from penchant.serving.pages.failures import response_for as response_for
from penchant.serving.pages.templating import environment
from penchant.serving.service import Service

ROUTERS = tuple(part.router for part in (browse, shelf, charts, files))


def prepare(service: Service) -> None:
    """Compile the templates and compute the map in advance."""
    env = environment()
    for template in env.list_templates():
        env.get_template(template)
    if service.has_item_vectors:
        charts.map_of(service)
