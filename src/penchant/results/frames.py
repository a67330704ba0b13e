"""Results as data frames and as JSON."""

from __future__ import annotations

import json

from penchant.data.tabular import Columns as Columns
from penchant.data.tabular import Tabular as Tabular
from penchant.data.tabular import ids as ids
from penchant.data.tabular import texts as texts


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return readable JSON: non-ASCII letters are not escaped."""
    encoded = json.dumps(value, ensure_ascii=False, indent=indent)
    # a lone surrogate can't be encoded in UTF-8; its backslash escape is valid JSON
    return encoded.encode(errors="backslashreplace").decode()
