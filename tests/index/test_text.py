from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import InvalidInput, TooLarge
from index.text import clean, romanised


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u200e", "\u00a0"])
def test_blank_texts_are_errors(text: str) -> None:
    with pytest.raises(InvalidInput, match="blank"):
        clean(text)


@pytest.mark.parametrize(("text", "told"), [("a\x00b", "NUL"), ("a\ud800b", "surrogate")])
def test_broken_texts_are_errors(text: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        clean(text)


def test_too_long_texts_are_told_with_both_numbers() -> None:
    with pytest.raises(TooLarge, match=r"11 characters; at most 10"):
        clean("x" * 11, max_characters=10)


@given(st.text())
def test_romanised_keeps_the_text_and_adds_only_ascii(text: str) -> None:
    read = romanised(text)
    assert read.startswith(text)
    assert read[len(text) :].isascii()


@pytest.mark.parametrize(
    ("text", "added"), [("Αθήνα in 2004", "Athina"), ("größte Stadt", "grosste"), ("日本", "RiBen"), ("ﬂach", "flach")]
)
def test_only_foreign_words_are_read_in_latin(text: str, added: str) -> None:
    assert romanised(text) == f"{text} {added}"
