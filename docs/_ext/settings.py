"""The directive ``{settings}``: a section per model with the table of its settings.

The tables are made from the declarations of the settings, so that a new model or setting appears
in the manual without an edit of it.
"""

from __future__ import annotations

from docutils import nodes
from generated import GeneratedSections
from sphinx.application import Sphinx

from penchant._settings.tables import markdown_table
from penchant.models import class_of, kinds


class Settings(GeneratedSections):
    """Insert a section with a table of settings for every model that penchant has."""

    def run(self) -> list[nodes.Node]:
        """Return one section per model, in the order of their kinds."""
        return [self.section(f"settings-{kind}", *_title_and_text(kind)) for kind in kinds()]


def _title_and_text(kind: str) -> tuple[list[nodes.Node], str]:
    cls = class_of(kind)
    text = f"`--model {kind}` on the command line.\n\n{markdown_table(cls)}"
    return [nodes.Text(cls.__name__)], text


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive; called by Sphinx."""
    app.add_directive("settings", Settings)
    return {"parallel_read_safe": True}
