"""The settings of a model: the fields of its dataclass, fixed once the model is made."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Self


class Configurable:
    """An object whose settings are the fields of its dataclass."""

    kind: ClassVar[str]
    """The name of this kind of model in model files."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.settings_names() and name in self.__dict__:
            raise AttributeError(
                f"settings don't change once a model is made: make a new one, "
                f"{type(self).__name__}({name}={value!r}, …)"
            )
        super().__setattr__(name, value)

    @classmethod
    def settings_names(cls) -> tuple[str, ...]:
        """The names of the settings."""
        return tuple(field.name for field in dataclasses.fields(cls))  # type: ignore[arg-type]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings, by name."""
        return {name: getattr(self, name) for name in self.settings_names()}

    def with_settings(self, **changes: Any) -> Self:
        """Return a new model that is not fitted, with some settings changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def described(self) -> dict[str, Any]:
        """Return the kind and the settings, as JSON can hold them."""
        return {"kind": self.kind, "settings": self.settings}
