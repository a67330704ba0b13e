"""The directive ``{cli-reference}``: a section per command with all its options.

It reads the commands that ``penchant`` runs, so that a new command or option appears in the manual
without an edit of it.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from typing import Any

import typer
from docutils import nodes
from generated import GeneratedSections, limits, table
from rich.text import Text
from sphinx.application import Sphinx

from penchant.cli.app import application
from penchant.cli.model_options import PREFIX, declarations, help_text
from penchant.models import kinds

_OPTION, _MEANING = "Option", "Meaning"
_SETTINGS_NOTE = (
    "All settings of models are options too: {ref}`options-for-the-settings-of-models`."
)


class CommandReference(GeneratedSections):
    """Insert a section for every command, and one for the settings of models."""

    def run(self) -> list[nodes.Node]:
        """Return the sections, in the order of ``penchant --help``."""
        root: Any = typer.main.get_command(application())
        sections: list[nodes.Node] = [
            self.section(f"command-{name.replace(' ', '-')}", _code(f"penchant {name}"), text)
            for name, text in _commands(root)
        ]
        title = [nodes.Text("Options for the settings of models")]
        return [*sections, self.section("options-for-the-settings-of-models", title, _settings())]


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names of the commands of a group, with the texts of their sections."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        yield before + name, _text(command, before + name)
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")


def _text(command: Any, name: str) -> str:
    context = typer.Context(command)
    params = command.get_params(context)
    arguments = [param for param in params if param.param_type_name == "argument"]
    options = [param for param in params if param.param_type_name == "option"]
    own = [option for option in options if not _is_setting(option) and option.name != "help"]
    usage = " ".join(["penchant", name, *command.collect_usage_pieces(context)])
    parts = [_plain(command.help), f"```text\n{usage}\n```"]
    if arguments:
        rows = [(f"`{argument.metavar}`", _meaning(argument)) for argument in arguments]
        parts.append(table(("Argument", _MEANING), rows))
    if own:
        rows = [(f"{_flags(option)} {_value(option)}", _meaning(option)) for option in own]
        parts.append(table((_OPTION, _MEANING), rows))
    if len(own) + 1 < len(options):
        parts.append(_SETTINGS_NOTE)
    if command.epilog:
        title, _, examples = Text.from_markup(command.epilog).plain.partition("\n\n")
        parts.append(f"{title}:\n\n```text\n{examples}\n```")
    return "\n\n".join(parts)


def _settings() -> str:
    """Return the table of the options for settings, with the models that have them."""
    rows = []
    for name, by_kind in sorted(declarations().items()):
        first = next(iter(by_kind.values()))
        links = ", ".join(f"{{ref}}`{kind} <settings-{kind}>`" for kind in by_kind)
        rows.append((f"`--{name.replace('_', '-')}`", _plain(help_text(first)), links))
    before = (
        "`penchant fit`, `evaluate`, `learning-curve` and `tune` take these for the models that "
        "have them; defaults are those of the first model named. {doc}`models` has the full "
        "descriptions."
    )
    return f"{before}\n\n{table((_OPTION, _MEANING, 'Models'), rows)}"


def _is_setting(option: Any) -> bool:
    return bool(option.name.startswith(PREFIX))


def _flags(option: Any) -> str:
    return ", ".join(f"`{flag}`" for flag in [*option.opts, *option.secondary_opts])


def _value(param: Any) -> str:
    if _is_flag(param):
        return ""
    annotation = param.type_descriptor.annotation
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(annotation))
    return str(param.metavar or param.name.upper())


def _meaning(param: Any) -> str:
    text = [_plain(param.help).replace("{kinds}", ", ".join(kinds()))]
    text += limits(param.min, param.max)
    if param.envvar:
        text.append(f"Environment variable: `{param.envvar}`.")
    if param.required:
        text.append("Required.")
    elif param.show_default and param.default not in (None, False, (), []):
        text.append(f"Default: `{param.opts[0] if _is_flag(param) else param.default}`.")
    return " ".join(text)


def _is_flag(param: Any) -> bool:
    return bool(getattr(param, "is_flag", False))


def _plain(markup: str | None) -> str:
    """Return help text as Markdown: what the terminal colors, and options, as code."""
    text = Text.from_markup(markup or "")
    plain = text.plain
    for span in sorted(text.spans, key=lambda span: span.start, reverse=True):
        plain = f"{plain[: span.start]}`{plain[span.start : span.end]}`{plain[span.end :]}"
    parts = plain.split("`")  # every second one is code
    parts[::2] = [re.sub(r"(?<![\w-])--[a-z][\w-]*", r"`\g<0>`", part) for part in parts[::2]]
    return "`".join(parts)


def _code(text: str) -> list[nodes.Node]:
    return [nodes.literal("", text)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive; called by Sphinx."""
    app.add_directive("cli-reference", CommandReference)
    return {"parallel_read_safe": True}
