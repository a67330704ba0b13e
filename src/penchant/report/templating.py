"""Rendering of report templates as pages without scripts, in one file each."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.rendering.markup import Markup
from penchant.rendering.stylesheets import stylesheet
from penchant.rendering.templates import create_environment

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent


@functools.cache
def environment() -> Environment:
    """Return the environment of report templates."""
    return create_environment(_HERE / "templates")


def page(template: str, *, pictures_from_web: bool = False, **content: Any) -> str:
    """Render a complete page with its styles.

    Parameters
    ----------
    template
        The template, which extends ``page.html``.
    pictures_from_web
        Whether the page may load pictures from the web; nothing else is ever loaded.
    content
        The variables of the template, ``title`` and ``lead`` among them.
    """
    css = stylesheet("tokens", "base", "components", own=_HERE / "report.css")
    return (
        environment()
        .get_template(template)
        .render(
            stylesheet=Markup(css),
            pictures_from_web=pictures_from_web,
            **content,
        )
    )
