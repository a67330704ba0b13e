"""The declaration of a model's setting, and what is derived from its type and constraints."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from typing import Annotated, Any, Literal

from penchant._settings import checks, times
from penchant.errors import SettingsError

Kind = Literal["int", "float", "bool", "choice", "pair", "duration", "time", "text", "object"]
"""How a setting is checked and parsed: ``pair`` is one float or two, ``duration`` and ``time`` are
numbers or texts (:mod:`penchant._settings.times`), ``object`` is anything."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The constraints and the documentation of a setting, in ``Annotated[type, Setting(...)]``.

    Parameters
    ----------
    help
        One or two short sentences: what the setting is. Shown by the command line too.
    details
        More about it, for the manual only.
    source
        The paper that it is from.
    unit
        What the number counts or measures.
    min, max
        The bounds of a number, included.
    above, below
        The bounds of a number, excluded.
    reason
        Why the bounds are as they are, for the error message.
    tune
        A range or values that are worth trying, as the space of :func:`penchant.tune` has them.
    advanced
        Whether the command line lists it only when its model is named.
    """

    help: str
    details: str = ""
    source: str = ""
    unit: str = ""
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None
    reason: str = ""
    tune: tuple[Any, ...] | list[Any] | None = None
    advanced: bool = False


Threads = Annotated[
    int | None,
    Setting(
        min=1,
        help="Number of threads. Default: all cores this process may use.",
        details="The environment variable ``PENCHANT_THREADS`` sets another default.",
    ),
]
"""The setting that all models with native kernels have: ``threads: Threads = None``."""

HalfLife = Annotated[
    float | str | None,
    Setting(
        help="Age at which an interaction counts half. Default: all ages count alike.",
        details="An interaction weighs ½ to the power of its age over the half-life. Its age is "
        "the time from it, or from the newest of several that were merged, to the newest one of "
        "the training data. A number is in the unit of the timestamps (seconds where the log had "
        'dates); a text such as ``"12h"``, ``"30d"`` or ``"8w"`` is converted to seconds.',
    ),
]
"""The setting of models that weigh interactions by age: ``half_life: HalfLife = None``."""


@dataclass(frozen=True)
class Declaration:
    """A setting of a class: its name, type and default beside its :class:`Setting`."""

    name: str
    type: Any
    default: Any
    """``dataclasses.MISSING`` where a factory makes it."""

    setting: Setting

    @property
    def optional(self) -> bool:
        """Whether None is a value."""
        return type(None) in _members(self.type)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a ``Literal``; empty for other types."""
        return tuple(
            value
            for member in _members(self.type)
            if typing.get_origin(member) is Literal
            for value in typing.get_args(member)
        )

    @property
    def kind(self) -> Kind:
        """How values are checked and parsed."""
        members = [member for member in _members(self.type) if member is not type(None)]
        if self.choices:
            return "choice"
        if members == [float, tuple[float, float]]:
            return "pair"
        if members in ([float, str], [int, str]):
            return "duration" if float in members else "time"
        simple: dict[Any, Kind] = {int: "int", float: "float", bool: "bool", str: "text"}
        return simple.get(members[0], "object") if len(members) == 1 else "object"

    @property
    def values(self) -> str:
        """The type and range in words, such as ``"int, 1 or more"``."""
        words = {
            "choice": ", ".join(f'"{choice}"' for choice in self.choices),
            "pair": f"float{self._bounds()}, or a pair of them",
            "duration": 'float above 0, or a text such as "30d"',
            "time": 'int, or a text such as "2024-01-31" or "90d"',
            "text": "text",
            "object": "see the description",
        }.get(self.kind, self.kind + self._bounds())
        return words + (" or None" if self.optional and self.kind != "object" else "")

    def _bounds(self) -> str:
        setting = self.setting
        low = high = ""
        if setting.min is not None:
            low = f"{setting.min:,} or more"
        elif setting.above is not None:
            low = f"above {setting.above:,}"
        if setting.max is not None:
            high = f"{setting.max:,} or less"
        elif setting.below is not None:
            high = f"below {setting.below:,}"
        return "".join(f", {words}" for words in (low, high) if words)

    def check(self, value: object) -> None:
        """Check a value against the type and the constraints.

        Raises
        ------
        SettingsError
            If it does not fit them.
        """
        if value is None and self.optional:
            return
        setting, kind = self.setting, self.kind
        if kind == "int":
            checks.check_int(self.name, value, _whole(setting.min), _whole(setting.max))
        elif kind == "float":
            self._check_float(value)
        elif kind == "bool":
            checks.check_bool(self.name, value)
        elif kind == "choice":
            checks.check_choice(self.name, value, self.choices)
        elif kind == "pair":
            self._check_pair(value)
        elif kind == "duration":
            times.check_duration(self.name, value)
        elif kind == "time":
            times.check_time(self.name, value, 0)
        elif kind == "text":
            checks.check_text(self.name, value)

    def _check_pair(self, value: object) -> None:
        numbers = value if isinstance(value, tuple | list) else (value, value)
        if len(numbers) != 2:
            raise SettingsError(
                f"{self.name} must be a number, or a pair for users and items; got {value!r}"
            )
        for number in numbers:
            self._check_float(number)

    def _check_float(self, value: object) -> None:
        setting = self.setting
        bounds = {"above": setting.above, "below": setting.below}
        try:
            checks.check_float(self.name, value, setting.min, setting.max, **bounds)
        except SettingsError as error:
            if not setting.reason:
                raise
            raise SettingsError(f"{error}: {setting.reason}") from None


def take_declarations(cls: type) -> dict[str, Declaration]:
    """Return the settings that a class body declares, by name, in order.

    The annotations of the class become the plain types, so that signatures show these.
    """
    annotations: dict[str, Any] = dict(inspect.get_annotations(cls))
    scope = vars(sys.modules[cls.__module__])
    named = {name: text for name, text in annotations.items() if _declares(text, scope)}
    if not named:
        return {}
    holder = types.SimpleNamespace(__annotations__=named)
    hints = typing.get_type_hints(holder, globalns=scope, localns=vars(cls), include_extras=True)
    declarations = {}
    for name, hint in hints.items():
        inner = hint.type if isinstance(hint, InitVar) else hint
        plain: Any
        plain, *extras = typing.get_args(inner)
        setting = next(extra for extra in extras if isinstance(extra, Setting))
        default = cls.__dict__.get(name, dataclasses.MISSING)
        if isinstance(default, dataclasses.Field):
            default = default.default
        declarations[name] = Declaration(name, plain, default, setting)
        annotations[name] = InitVar[plain] if isinstance(hint, InitVar) else plain
    cls.__annotations__ = annotations
    return declarations


def _declares(annotation: object, scope: Mapping[str, Any]) -> bool:
    """Return whether an annotation, or the module's name that it is, holds a Setting.

    Others are not evaluated, since their names may be imported for type checkers only.
    """
    text = annotation if isinstance(annotation, str) else repr(annotation)
    return "Setting(" in text or "Setting(" in repr(scope.get(text))


def documented(doc: str | None, declarations: Mapping[str, Declaration]) -> str | None:
    """Return a class docstring with a section ``Parameters`` made from the declarations.

    It is placed before the first section that the docstring has.
    """
    if doc is None or not declarations:
        return doc
    lines = doc.splitlines()
    section = ["Parameters", "----------"]
    for declaration in declarations.values():
        section += [declaration.name, *(f"    {line}" for line in description(declaration))]
    at = next(
        (
            number - 1
            for number in range(1, len(lines))
            if lines[number].strip() and not lines[number].strip().strip("-")
        ),
        len(lines),
    )
    indented = [f"    {line}" if line else "" for line in section]
    return "\n".join([*lines[:at], *indented, "", *lines[at:]])


def description(declaration: Declaration) -> Sequence[str]:
    """Return the sentences about a setting: help, details, source, and its range."""
    import textwrap

    setting = declaration.setting
    words = [setting.help, setting.details]
    if setting.unit:
        words.append(f"Unit: {setting.unit}.")
    if declaration.kind != "object":
        words.append(f"Values: {declaration.values}.")
    if setting.source:
        words.append(f"Source: {setting.source}.")
    return textwrap.wrap(
        " ".join(word for word in words if word),
        width=92,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _members(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union; of another type, the type itself."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)
