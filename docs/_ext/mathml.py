"""Formulas as MathML, which browsers draw by themselves: no script, nothing from the network."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


def to_mathml(latex: str, *, display: str = "inline") -> str:
    """Return a formula as MathML.

    Raises
    ------
    ExtensionError
        If it has a command that the converter does not know.
    """
    mathml: str = convert(latex, display=display)
    if unknown := re.search(r">(\\\w+)<", mathml):
        raise ExtensionError(f"the command {unknown[1]} can't be converted, in: {latex}")
    return mathml


def inline(translator: Any, node: nodes.math) -> None:
    """Write a formula in a line."""
    translator.body.append(to_mathml(node.astext()))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula of its own."""
    mathml = to_mathml(node.astext(), display="block")
    translator.body.append(f'<div class="formula">{mathml}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer; called by Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}
