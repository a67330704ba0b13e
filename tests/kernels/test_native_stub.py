"""The stub of the native extension is the one generated from it."""

from __future__ import annotations

from tools import native_stub


def test_the_stub_is_generated_from_the_extension() -> None:
    difference = native_stub.difference()
    assert not difference, f"run `make stubs`:\n{difference}"
