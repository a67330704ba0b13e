"""The arguments that all readers share, validated once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from penchant._settings.checks import check_float
from penchant.data.expansion import FACTOR
from penchant.errors import SettingsError

MEMORY_LIMIT = "512MB"
FORMATS = ("text", "parquet", "jsonl")
Decimal = Literal[".", ","]
"""The mark between the whole part of a number and its decimals."""


@dataclass(frozen=True)
class ReaderOptions:
    """How a source is written and read; see ``read_interactions`` for each field.

    Raises
    ------
    SettingsError
        If an option is out of its range.
    """

    sep: str | None = None
    quote: str | None = "auto"
    encoding: str | None = None
    header: bool | None = None
    format: str | None = None
    query: str | None = None
    on_bad_lines: str = "error"
    memory_limit: str = MEMORY_LIMIT
    time_format: str | None = None
    max_expansion: float = FACTOR
    decimal: Decimal = "."

    def __post_init__(self) -> None:
        if self.on_bad_lines not in ("error", "skip"):
            raise SettingsError(
                f'on_bad_lines must be "error" or "skip", got {self.on_bad_lines!r}'
            )
        if self.format is not None and self.format not in FORMATS:
            raise SettingsError(f"format must be one of {', '.join(FORMATS)}, got {self.format!r}")
        check_float("max_expansion", self.max_expansion, 1.0)
        if self.decimal not in get_args(Decimal):
            raise SettingsError(f'decimal must be "." or ",", got {self.decimal!r}')
        if self.time_format is not None and "%" not in self.time_format:
            raise SettingsError(
                f"time_format must be a format of strptime, such as '%d/%m/%Y', got "
                f"{self.time_format!r}"
            )
        if self.sep is not None and not (0 < len(self.sep.encode()) <= 4):
            raise SettingsError(f"sep must be 1 to 4 bytes long, got {self.sep!r}")
        if self.sep is not None and set(self.sep) & set("\r\n\0"):
            raise SettingsError(f"sep can't hold a line end, got {self.sep!r}")
        if self.quote not in (None, "auto") and len(self.quote) != 1:
            raise SettingsError(f'quote must be one character, None or "auto", got {self.quote!r}')
        if self.quote is not None and self.quote == self.sep:
            raise SettingsError(f"sep and quote are both {self.sep!r}")

    @property
    def skip_bad_lines(self) -> bool:
        """Whether bad lines are left out and counted instead of raising an error."""
        return self.on_bad_lines == "skip"

    @property
    def has_quote(self) -> bool:
        """Whether the caller named a quote character."""
        return self.quote not in (None, "auto")
