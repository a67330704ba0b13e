"""The pages: what people see of a service in a browser.

:mod:`~penchant.serving.pages.browse` shows items and people, :mod:`~penchant.serving.pages.shelf` keeps
what a visitor likes, :mod:`~penchant.serving.pages.charts` draws the map and tells of the models,
:mod:`~penchant.serving.pages.files` hands out pictures, styles and scripts. They work without
scripts; with them, parts of a page change in place.
"""

from __future__ import annotations

from penchant.serving.pages import browse, charts, files, shelf
from penchant.serving.pages.failures import install as install
from penchant.serving.pages.failures import response_for as response_for
from penchant.serving.pages.templating import environment
from penchant.serving.service import Service

ROUTERS = tuple(part.router for part in (browse, shelf, charts, files))


def prepare(service: Service) -> None:
    """Make what takes long before somebody waits for it: the map, and templates in Python."""
    made = environment()
    for template in made.list_templates():
        made.get_template(template)
    if hasattr(service.likes, "item_factors"):
        charts.map_of(service)
