"""Classes with declared settings: reading, changing and validating these."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from penchant._boundary import checked_methods, misfit_of, nearest
from penchant._settings.declarations import Declaration, documented, take_declarations
from penchant.errors import SettingsError


class Configurable:
    """Base of dataclasses whose fields are settings, ``Annotated[type, Setting(...)]``.

    The settings are validated when an object is made. Assigning to one afterwards is an error,
    since what was fitted depends on it; :meth:`set_params` is the exception, and discards what
    was fitted.
    """

    declarations: ClassVar[Mapping[str, Declaration]] = {}
    """Name → declaration, inherited settings first."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        inherited = {
            name: declaration
            for base in reversed(cls.__mro__[1:])
            for name, declaration in base.__dict__.get("declarations", {}).items()
        }
        cls.declarations = {**inherited, **take_declarations(cls)}
        cls.__doc__ = documented(cls.__doc__, cls.declarations)
        checked_methods(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse arguments that are no settings; copies are made without any.

        Raises
        ------
        ArgumentError
            If the class has no such setting.
        """
        if args or not kwargs.keys() <= set(cls.settings_names()):
            try:
                inspect.signature(cls).bind(*args, **kwargs)
            except TypeError as misfit:
                raise misfit_of(cls.__name__, cls, kwargs, str(misfit)) from None
        return super().__new__(cls)

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.settings_names() and name in self.__dict__:
            raise AttributeError(
                f"settings don't change after a model is made: make a new one, "
                f"{type(self).__name__}({name}={value!r}, …), or call set_params"
            )
        super().__setattr__(name, value)

    @classmethod
    def settings_names(cls) -> tuple[str, ...]:
        """Return the names of the settings."""
        return tuple(field.name for field in dataclasses.fields(cls))  # type: ignore[arg-type]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings, by name."""
        return {name: getattr(self, name) for name in self.settings_names()}

    @property
    def changed_settings(self) -> dict[str, Any]:
        """The settings that differ from their defaults, by name."""
        default = type(self)().settings
        return {name: value for name, value in self.settings.items() if value != default[name]}

    def with_settings(self, **changes: Any) -> Self:
        """Return a new model that is not fitted, with some settings changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments that make this model again, as scikit-learn's estimators do.

        Parameters
        ----------
        deep
            Include the settings of models that are a setting, as ``als__factors``.
        """
        params = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        if deep:
            for value in list(params.values()):
                for part, model in value.items() if isinstance(value, Mapping) else ():
                    if isinstance(model, Configurable):
                        params[part] = model
                        nested = model.get_params().items()
                        params |= {f"{part}__{name}": item for name, item in nested}
        return params

    def set_params(self, **params: Any) -> Self:
        """Change settings in place, as scikit-learn's estimators do.

        The new settings are validated first. The model is not fitted afterwards: what was learned
        belongs to the settings that it was learned with.

        Parameters
        ----------
        **params
            Names and values as :meth:`get_params` returns them; ``als__factors`` is the setting
            ``factors`` of the part ``als``.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is out of its range; the model is then unchanged.
        """
        if not params:
            return self
        own = self.get_params(deep=False)
        for name, value in params.items():
            part, _, rest = name.partition("__")
            if name in own:
                own[name] = value
                continue
            holder = next(
                (key for key, parts in own.items() if isinstance(parts, Mapping) and part in parts),
                None,
            )
            model = own[holder][part] if holder else None
            if holder is None or not isinstance(model, Configurable):
                raise unknown_setting(type(self).__name__, name, tuple(own))
            new = model.with_settings().set_params(**{rest: value}) if rest else value
            own[holder] = {**own[holder], part: new}
        changed = type(self)(**own)
        vars(self).clear()
        vars(self).update(vars(changed))
        return self


def validate(configurable: Configurable) -> None:
    """Check every setting against its declaration.

    Raises
    ------
    SettingsError
        If a value is of the wrong type or out of its range.
    """
    for name, declaration in configurable.declarations.items():
        if name in vars(configurable):
            declaration.check(vars(configurable)[name])


def unknown_setting(owner: str, name: str, names: tuple[str, ...]) -> SettingsError:
    """Return the error about a setting that does not exist, with the nearest name."""
    meant = nearest(str(name), names)
    hint = f" (did you mean {meant!r}?)" if meant else ""
    return SettingsError(
        f"{owner} has no setting {name!r}{hint}; the settings are: {', '.join(names)}"
    )
