"""A page for each class of the reference.

``api.md`` lists the public names as directives. While it is read, the directive of a class moves to
a page of its own, ``reference/NAME.md``, and a link with the class's first sentence stays. Classes
that a module lists with ``:members:`` move too; errors, which are short, stay where they are.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx

from penchant.models.base import Model

PAGE = "api"
FOLDER = "reference"
_CLASS = re.compile(r"^\.\. autoclass:: (\S+)\n((?:(?:   .*)?\n)*?)(?=\S)", re.MULTILINE)
_MODULE = re.compile(r"^\.\. automodule:: (\S+)\n((?:   :.*\n)*)", re.MULTILINE)
_EXCLUDED = re.compile(r"   :exclude-members: (.*)\n")


def split(text: str) -> tuple[str, dict[str, str]]:
    """Return the text of the page with links for its classes, and name → text of a class's page."""
    pages: dict[str, str] = {}

    def of_class(match: re.Match[str]) -> str:
        pages[match[1]] = _page(match[1], match[2])
        return _link(match[1])

    def of_module(match: re.Match[str]) -> str:
        names = [name for name in _classes(match[1]) if ":members:" in match[2]]
        excluded = "".join(_EXCLUDED.findall(match[2])).split(", ")
        names = [name for name in names if name not in excluded]
        dotted = [f"{match[1]}.{name}" for name in names]
        pages.update({name: _page(name, "   :members:\n") for name in dotted})
        hidden = ", ".join(name for name in [*excluded, *names] if name)
        options = _EXCLUDED.sub("", match[2])
        options += f"   :exclude-members: {hidden}\n" if hidden else ""
        return f".. automodule:: {match[1]}\n{options}\n" + "".join(map(_link, dotted))

    text = _CLASS.sub(of_class, text)
    return _MODULE.sub(of_module, text), pages


def _classes(module: str) -> Iterator[str]:
    """Yield the names of a module's public classes that are no errors."""
    loaded: Any = importlib.import_module(module)
    for name in loaded.__all__:
        value = getattr(loaded, name)
        if inspect.isclass(value) and not issubclass(value, BaseException):
            yield name


def resolve(name: str) -> Any:
    """Return the class, function or module of a dotted name."""
    parent, _, last = name.rpartition(".")
    value = resolve(parent) if parent else None
    found = getattr(value, last, None)
    return found if found is not None else importlib.import_module(name)


def _page(name: str, options: str) -> str:
    value = resolve(name)
    if inspect.isclass(value) and issubclass(value, Model) and value is not Model:
        options = "   :members:\n   :inherited-members:\n"  # a model's page has all of it
    return f"# {name}\n\n```{{eval-rst}}\n.. autoclass:: {name}\n{options.rstrip()}\n```\n"


def _link(name: str) -> str:
    value = resolve(name)
    assert not isinstance(value, ModuleType), name
    first = (inspect.getdoc(value) or "").partition("\n\n")[0]
    summary = " ".join(first.split()).replace("|", r"\|")
    return f"\n* :class:`{name}`: {summary}\n\n"


def write(app: Sphinx, _config: Any) -> None:
    """Write the pages of the classes where Sphinx finds them; remove those of former classes."""
    folder = Path(app.srcdir, FOLDER)
    folder.mkdir(exist_ok=True)
    _, pages = split(Path(app.srcdir, f"{PAGE}.md").read_text(encoding="utf-8"))
    for path in folder.glob("*.md"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def read(_app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the classes of the reference by links, and list their pages."""
    if page == PAGE:
        text, pages = split(source[0])
        listed = "\n".join(f"{FOLDER}/{name}" for name in sorted(pages, key=str.lower))
        source[0] = f"{text}\n\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{listed}\n```\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the steps; called by Sphinx."""
    app.connect("config-inited", write)
    app.connect("source-read", read)
    return {"parallel_read_safe": True}
