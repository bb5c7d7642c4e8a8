from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import InvalidInput, TooLarge
from index.text import clean, reader, romanised, with_stems


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


@given(st.text(), st.integers(1, 8))
def test_stems_keep_the_text_and_each_begins_a_longer_word_of_it(text: str, length: int) -> None:
    read = with_stems(text, length)
    assert read.startswith(text)
    stems = read[len(text) :].split()
    assert all(stem[:-1] in text.lower() and len(stem) == length + 1 and stem.endswith("\u02b9") for stem in stems)


def test_forms_and_scripts_of_one_word_share_a_stem() -> None:
    read = reader(romanise=True, stem=5)
    texts = ["organisation", "Organizaciones", "организации", "οργανισμός"]
    assert all("organ\u02b9" in read(text) for text in texts)
    assert read("moon") == "moon" and reader(romanise=False)("луна") == "луна"
