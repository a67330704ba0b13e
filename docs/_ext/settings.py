"""The directive ``{settings}``: a section per model with the table of its settings.

The tables are made from the declarations of the settings, so that a new model or setting appears
in the manual without an edit of it.
"""

from __future__ import annotations

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from penchant._settings.tables import markdown_table
from penchant.models import class_of, kinds


class Settings(SphinxDirective):
    """Insert a section with a table of settings for every model that penchant has."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return one section per model, in the order of their kinds."""
        return [self.section(kind) for kind in kinds()]

    def section(self, kind: str) -> nodes.section:
        """Return the section of one model."""
        cls = class_of(kind)
        section = nodes.section(ids=[f"settings-{kind}"], names=[f"settings-{kind}"])
        section += nodes.title("", cls.__name__)
        text = f"`--model {kind}` on the command line.\n\n{markdown_table(cls)}"
        self.state.nested_parse(StringList(text.splitlines(), source=kind), 0, section)
        return section


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive; called by Sphinx."""
    app.add_directive("settings", Settings)
    return {"parallel_read_safe": True}
