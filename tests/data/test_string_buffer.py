from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.data.string_buffer import Texts
from penchant.errors import DataError

WORDS = ["", "plain", "Sigur Rós", "東京", "a\0b", "🎧\n"]


@given(st.lists(st.text()))
def test_texts_survive(words: list[str]) -> None:
    texts = Texts.of(words)
    assert len(texts) == len(words)
    assert list(texts) == words == texts.decode()
    assert [texts[i] for i in range(len(words))] == words


def test_it_is_a_sequence() -> None:
    texts = Texts.of(WORDS)
    assert texts[-1] == "🎧\n"
    assert texts[1:4] == ["plain", "Sigur Rós", "東京"]
    assert texts[np.int32(2)] == "Sigur Rós"
    assert "東京" in texts
    assert texts == WORDS
    assert texts == Texts.of(WORDS)
    assert texts != [*WORDS, "more"]
    with pytest.raises(IndexError):
        texts[6]


def test_packing_twice_costs_nothing() -> None:
    texts = Texts.of(WORDS)
    assert Texts.of(texts) is texts


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(DataError, match=r"'bad\\ud800'.*surrogate"):
        Texts.of(["good", "bad\ud800"])


@pytest.mark.parametrize("offsets", [[], [0], [0, 2], [1, 3], [0, 4], [0, 2, 1, 3], [0, -1, 3]])
def test_offsets_must_fit(offsets: list[int]) -> None:
    with pytest.raises(DataError):
        Texts(np.frombuffer(b"abc", np.uint8), np.array(offsets, dtype=np.int64))


def test_bytes_that_are_not_utf_8() -> None:
    texts = Texts(np.frombuffer(b"a\xff", np.uint8), np.array([0, 1, 2]))
    assert texts[1] == "�"
    assert list(texts) == ["a", "�"]
    with pytest.raises(DataError, match="not UTF-8"):
        texts.decode()
