"""Arguments are compared with annotations where an error of Python leaves a public function."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from penchant._boundary import checked, fits
from penchant.errors import SettingsError


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (np.array(["a"]), str | os.PathLike[str], False),
        (np.array(["a"]), Sequence[str], True),
        (np.array(["a"]), Iterable[str], True),
        (np.array(["a"]), Mapping[str, str], False),
        (Path("a"), str | os.PathLike[str], True),
        (["a"], Sequence[str], True),
        ("a", Sequence[str], False),
        ({"a": 1}, Mapping[str, int], True),
        ({"a": "b"}, Mapping[str, int], False),
        ((1, "a"), tuple[int, str], True),
        ((1,), tuple[int, str], False),
        (2**70, int, False),
        (True, int, False),
        (float("nan"), float, False),
    ],
)
def test_values_and_annotations(value: object, hint: object, expected: bool) -> None:
    assert fits(value, hint) is expected


def test_an_error_with_arguments_that_fit_goes_on() -> None:
    @checked
    def half(number: int) -> float:
        return [1.0, 2.0][number] / 2

    assert half(1) == 1.0
    with pytest.raises(IndexError):
        half(2)
    with pytest.raises(SettingsError, match=r"half: number must be int, got str 'a' \(TypeError"):
        half("a")  # type: ignore[arg-type]
