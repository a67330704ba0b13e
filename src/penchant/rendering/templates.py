"""Jinja2 environments: of notebook output, and the base of those of reports and the server.

Values are escaped and freed of control characters, such as those that change the text direction.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant.rendering.markup import address
from penchant.rendering.placeholders import placeholder_of
from penchant.rendering.plain import plain
from penchant.rendering.thumbnails import source_of

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).with_name("templates")


def create_environment(*folders: Path) -> Environment:
    """Return an environment with the shared templates, after those of some folders."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # slow to import

    env = Environment(
        loader=FileSystemLoader([*folders, _FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_sanitize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals |= {"address": address, "placeholder_of": placeholder_of, "source_of": source_of}
    return env


def _sanitize(value: Any) -> Any:
    """Escape control characters of a text; the environment escapes its HTML."""
    return plain(value) if type(value) is str else value


@functools.cache
def macros(template: str = "items.html") -> Any:
    """Return the macros of a shared template; each returns markup."""
    return create_environment().get_template(template).module
