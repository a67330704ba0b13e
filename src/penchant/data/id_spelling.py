"""The usual spellings of an id: 17850, "17850" and 17850.0 mean the same user.

Ids keep the kind that their source gives them, integers or texts. A lookup may write an id
in any of its usual spellings; :class:`penchant.data.ids.IdMap` finds it if only one id fits.
"""

from __future__ import annotations

import decimal
import re
import uuid
from typing import Any

import numpy as np

SMALLEST, LARGEST = -(2**63), 2**63 - 1
_EXACT = 2**53  # from there on, neighboring integers are the same float
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0*)?", re.ASCII)


def as_integer(value: Any) -> int | None:
    """Return the integer that a value spells, or None.

    An integer of any library, a float or Decimal that is whole, and the text of one of these
    without leading zeros are integers; True and False are not, and floats from 2⁵³ on are not,
    since they merge their neighbors.
    """
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | np.integer):
        number = int(value)
    elif isinstance(value, float | np.floating):
        if not abs(float(value)) < _EXACT or value != int(value):  # NaN compares false
            return None
        number = int(value)
    elif isinstance(value, decimal.Decimal):
        if not value.is_finite() or value != value.to_integral_value():
            return None
        number = int(value)
    elif isinstance(value, str) and len(value) < 40 and (match := _WHOLE.fullmatch(value)):
        number = int(match[1])
    else:
        return None
    return number if SMALLEST <= number <= LARGEST else None


def canonical(value: str | int) -> str | int:
    """Return the integer that a text spells exactly: 5 for "5"; other ids stay what they are.

    "05" and "5.0" are texts of their own, since one source may hold them beside "5".
    """
    if isinstance(value, int):
        return value
    number = as_integer(value)
    return number if number is not None and str(number) == value else value


def as_texts(value: Any) -> tuple[str, ...]:
    """Return the texts that a value may be written as, the most usual first.

    A whole number may be written with and without ``.0``, as programs that store integers with
    gaps as floats do.
    """
    if isinstance(value, bool | np.bool_):
        return ()
    if isinstance(value, uuid.UUID):
        return (str(value),)
    number = as_integer(value)
    if number is not None:
        return (str(number), f"{number}.0")
    if isinstance(value, str):
        return (str(value),)
    if isinstance(value, int | np.integer):
        return (str(int(value)),)
    if isinstance(value, float | np.floating) and np.isfinite(value):
        return (repr(float(value)),)
    return ()
