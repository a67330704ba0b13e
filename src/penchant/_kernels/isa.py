"""Facade of ``isa.hpp``: the instruction set that the kernels use."""

from __future__ import annotations

from penchant import _native
from penchant.errors import SettingsError


def current_isa() -> str:
    """Return the instruction set in use: ``"baseline"``, ``"avx2"`` or ``"avx512"``.

    Raises
    ------
    SettingsError
        If the environment variable ``PENCHANT_ISA`` names one that is not available here.
    """
    try:
        return _native.current_isa()
    except ValueError as error:
        raise SettingsError(f"the environment variable PENCHANT_ISA: {error}") from error


current_isa()  # a wrong PENCHANT_ISA is an error at import, not in the middle of a fit


def available_isas() -> list[str]:
    """Return the instruction sets of this build that the processor has, the widest last."""
    return _native.available_isas()


def set_isa(name: str) -> None:
    """Use an instruction set from now on (for tests).

    Raises
    ------
    SettingsError
        If it is not available here.
    """
    try:
        _native.set_isa(name)
    except ValueError as error:
        raise SettingsError(str(error)) from error
