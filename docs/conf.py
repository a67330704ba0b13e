"""How the manual is built: `make docs`."""

import inspect
import sys
from pathlib import Path

import penchant

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "penchant"
author = "The penchant developers"
copyright = "2026, the penchant developers"  # noqa: A001 - Sphinx's own name
release = penchant.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "class_pages",  # this and those below are in docs/_ext
    "cli_reference",
    "http_reference",
    "mathml",
    "notebooks",
    "settings",
]
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline", "deflist"]
myst_heading_anchors = 3
nb_merge_streams = True
nb_execution_mode = "off"  # the extension "notebooks" runs them
html_math_renderer = "mathml"
html_theme = "furo"
html_title = "penchant"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
exclude_patterns = ["_build", "_ext", "jupyter_execute"]
copybutton_exclude = ".linenos, .gp, .go"
autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_google_docstring = False


def _escape_bars(_app, _what, _name, _obj, _options, lines):
    """Docstrings write |S| for sizes, which reStructuredText would take for substitutions."""
    for place, line in enumerate(lines):
        parts = line.split("``")  # every second one is code
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        lines[place] = "``".join(parts)


def _settings_of(_app, what, _name, obj, _options, signature, returned):
    """Models check the names of settings in ``__new__``, whose arguments Sphinx would show."""
    if what != "class" or "args" not in (signature or ""):
        return None
    signature = inspect.signature(obj)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(plain)), returned


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", _settings_of)
    app.connect("autodoc-process-docstring", _escape_bars)
