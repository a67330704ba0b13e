"""Arguments are compared with annotations where an error of Python leaves a public function."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import penchant
from penchant._boundary import checked, fits
from penchant.errors import ArgumentError, SettingsError


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


def takes(users: list[str], k: int = 10, *, exclude_seen: bool = True) -> int:
    """Stand for a public function."""
    return len(users[:k])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"N": 5}, r"takes has no argument N= \(did you mean k=\?\); its arguments are: users, k,"),
        ({"K": 5}, r"did you mean k=\?"),
        ({"filter_seen": True}, r"did you mean exclude_seen=\?"),
        ({"exclude_sen": True}, r"did you mean exclude_seen=\?"),
        ({"zzz": True}, r"has no argument zzz=; its arguments"),
    ],
)
def test_arguments_of_other_libraries_and_misspelled_ones(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message) as raised:
        checked(takes)(["ann"], **arguments)  # type: ignore[arg-type]
    assert isinstance(raised.value, TypeError)
    assert isinstance(raised.value, SettingsError)


def test_missing_and_surplus_arguments() -> None:
    with pytest.raises(ArgumentError, match="takes: missing a required argument: 'users'"):
        checked(takes)()  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match="too many positional arguments"):
        checked(takes)(["ann"], 1, True)  # type: ignore[misc]


def test_a_type_error_inside_of_a_function_is_not_about_its_arguments() -> None:
    @checked
    def calls(function: Callable[[], int]) -> int:
        return function()

    with pytest.raises(TypeError, match="own") as raised:
        calls(lambda: (_ for _ in ()).throw(TypeError("own")))
    assert not isinstance(raised.value, ArgumentError)


@pytest.mark.parametrize(
    ("name", "meant"), [("factor", "factors"), ("n_factors", "factors"), ("n_jobs", "threads")]
)
def test_settings_of_other_names(name: str, meant: str) -> None:
    with pytest.raises(ArgumentError, match=rf"ALS has no argument {name}= \(did you mean {meant}"):
        penchant.ALS(**{name: 3})
    with pytest.raises(ArgumentError, match="too many positional"):
        penchant.ALS(3)  # type: ignore[misc]
    with pytest.raises(SettingsError, match=f"did you mean '{meant}'"):
        penchant.ALS().set_params(**{name: 3})


def test_public_methods_name_what_was_meant() -> None:
    model = penchant.Popularity()
    with pytest.raises(ArgumentError, match=r"^Blend.recommend has no argument N="):
        penchant.Blend().recommend("ann", N=5)  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match=r"recommend has no argument N= \(did you mean k="):
        model.recommend("ann", N=5)  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match="did you mean exclude_seen="):
        model.recommend_all(5, filter_seen=True)
