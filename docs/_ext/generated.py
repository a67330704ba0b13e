"""What the directives of generated reference pages share: sections and tables from Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class GeneratedSections(SphinxDirective):
    """A directive that inserts sections made from text."""

    has_content = False

    def section(self, id_: str, title: Sequence[nodes.Node], text: str) -> nodes.section:
        """Return a section with a title and parsed Markdown."""
        section = nodes.section(ids=[id_], names=[id_])
        section += nodes.title("".join(node.astext() for node in title), "", *title)
        self.state.document.note_explicit_target(section)  # so that {ref} finds it
        self.state.nested_parse(StringList(text.splitlines(), source=id_), 0, section)
        return section


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; line ends and bars in cells are made safe."""
    lines = [list(head), ["---"] * len(head)]
    lines += [[_cell(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def limits(least: float | None, most: float | None) -> list[str]:
    """Return the sentence about the limits of a number, if it has any."""
    words = (("at least", least), ("at most", most))
    texts = [f"{word} {limit}" for word, limit in words if limit is not None]
    return [f"Value: {', '.join(texts)}."] if texts else []


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
