"""Everything penchant raises on purpose, in one tree.

    PenchantError
    ├── DataError               input that can't be used as it is
    │   ├── BadLinesError       lines of a file that don't fit its columns
    │   ├── ColumnError         a column that was named and is not there
    │   ├── EncodingError       bytes that are not text in the given encoding
    │   └── EmptyDataError      nothing left to work with
    ├── UnknownIdError          a user or an item that was never seen   (a LookupError)
    ├── SettingsError           an argument out of its range            (a ValueError)
    │   └── ArgumentError       arguments that a function does not have (a TypeError)
    ├── NumericError            a computation without a finite result   (an ArithmeticError)
    ├── OutOfMemoryError        too little memory for what was asked     (a MemoryError)
    ├── SplitError              too little data for the split asked for
    ├── NotFittedError          a model asked before it was fitted
    ├── UnsupportedError        a question this kind of model can't answer
    ├── ArtifactError           a model file that can't be used
    │   ├── CorruptArtifactError    truncated or altered
    │   └── NewerFormatError        written by a later penchant
    ├── DatasetError            a data set on disk that is incomplete, damaged or of another format
    ├── DownloadError           a data set that could not be fetched whole
    ├── StoreError              a server's database that can't be used
    └── MissingExtraError       an optional library that is not installed (an ImportError)

A message says what was found, where, and what to do about it.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType

__all__ = [
    "ArgumentError",
    "ArtifactError",
    "BadLinesError",
    "ColumnError",
    "CorruptArtifactError",
    "DataError",
    "DatasetError",
    "DownloadError",
    "EmptyDataError",
    "EncodingError",
    "MissingExtraError",
    "NewerFormatError",
    "NotFittedError",
    "PenchantError",
    "SettingsError",
    "SplitError",
    "StoreError",
    "UnknownIdError",
    "UnsupportedError",
]


class PenchantError(Exception):
    """The root: ``except penchant.PenchantError`` catches all that penchant raises on purpose."""


class DataError(PenchantError, ValueError):
    """Input that can't be used as it is."""


class BadLinesError(DataError):
    """Lines of a file that don't fit its columns."""


class ColumnError(DataError):
    """A column that was named and is not there."""


class EncodingError(DataError):
    """Bytes that are not text in the given encoding."""


class EmptyDataError(DataError):
    """Nothing left to work with."""


class UnknownIdError(PenchantError, LookupError):
    """A user or an item that was never seen."""


class SettingsError(PenchantError, ValueError):
    """An argument out of its range."""


class ArgumentError(SettingsError, TypeError):
    """Arguments that a function does not have, or lacks."""


class NumericError(PenchantError, ArithmeticError):
    """A computation whose result is not finite, or lost in the rounding."""


class OutOfMemoryError(PenchantError, MemoryError):
    """Too little memory for what was asked."""


class SplitError(PenchantError, ValueError):
    """Too little data for the split that was asked for."""


class NotFittedError(PenchantError):
    """A model was asked before it was fitted."""


class UnsupportedError(PenchantError):
    """A question this kind of model can't answer."""


class ArtifactError(PenchantError):
    """A model file that can't be used."""


class CorruptArtifactError(ArtifactError):
    """A model file that is truncated or altered."""


class NewerFormatError(ArtifactError):
    """A model file written by a later version of penchant."""


class DatasetError(PenchantError):
    """A data set on disk can't be read: incomplete, damaged, or of another format."""


class DownloadError(PenchantError, OSError):
    """A data set that could not be fetched whole."""


class StoreError(PenchantError):
    """A server's database that can't be used: gone, locked, full, damaged, of a later penchant."""


class MissingExtraError(PenchantError, ImportError):
    """An optional library that is not installed."""


@contextlib.contextmanager
def reworded(kind: type[PenchantError], phrases: Mapping[str, str]) -> Iterator[None]:
    """Replace phrases in the messages of errors of a kind: names of the caller's own arguments."""
    try:
        yield
    except kind as error:
        text = str(error)
        for phrase, own in phrases.items():
            text = text.replace(phrase, own)
        raise kind(text) from None


def require(module: str, *, extra: str | None, what: str) -> ModuleType:
    """Import an optional library, or say how to install it.

    Parameters
    ----------
    module
        The module to import, such as ``"matplotlib"``.
    extra
        The extra of penchant that brings it, or None where the library is installed by itself.
    what
        What needs it, to begin the message with: ``"Plots"``.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        line = f"pip install 'penchant[{extra}]'" if extra else f"pip install {top}"
        raise MissingExtraError(f"{what} need {top}, which is not installed: {line}") from error


def reason_of(error: Exception) -> str:
    """Return the first line of an error's message, or its type if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
